// SPDX-License-Identifier: GPL-2.0
/*
 * A source that fills AUX areas on command, for kunit/guest/producer/aux_test.cpp. Its area has the
 * PERFBUF_AUX_* of the command "register <flags>", written to the parameter command. What perfbuf
 * calls is counted in the parameter calls. Streams are those of CPU 0, or with PERFBUF_AUX_TASKS
 * one of a task: it is filled as the task leaves its CPU, and tried from CPU 0 as well, which must
 * be refused.
 */
#include "aux_fill.h"
#include "aux_packets.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include <perfbuf/producer.h>

#define FILL(F) F(INT, u64, number)
PERFBUF_EVENT(fill, FILL)
PERFBUF_EVENT(other, FILL)

enum { OPENS, CLOSES, SETUPS, FREES, STARTS, STOPS, CALLS };
static unsigned int calls[CALLS];
module_param_array(calls, uint, NULL, 0444);

static int open_answer, setup_answer;
module_param(open_answer, int, 0644);
module_param(setup_answer, int, 0644);

static int largest_order;
module_param(largest_order, int, 0444);

/* Filled by the thread and the irq_work of CPU 0; changed there with interrupts off. */
#define STREAMS 8
static struct perfbuf_stream *streams[STREAMS];

/* ---------------------------------------------------------------- writing */

struct writers {
	u64 numbers[TEST_WRITERS];
	struct perfbuf_aux_handle of_task;
};

static void write_packet(struct perfbuf_stream *stream, enum test_writer writer)
{
	struct writers *of = perfbuf_stream_data(stream);
	u64 packet[TEST_PACKET_WORDS_MAX];
	u64 number = of->numbers[writer];
	unsigned int words = 2 + number % (TEST_PACKET_WORDS_MAX - 1);
	unsigned int i;

	packet[0] = test_packet_head(writer, words, number);
	for (i = 1; i < words; i++)
		packet[i] = test_packet_word(packet[0], i);
	/* Only what got in has a number, so that readers know of each that is missing. */
	if (!perfbuf_aux_write(stream, packet, words * sizeof(u64)))
		of->numbers[writer]++;
}

static void write_packets(enum test_writer writer)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++) {
		struct perfbuf_stream *stream = READ_ONCE(streams[i]);

		if (stream)
			write_packet(stream, writer);
	}
}

static void on_irq(struct irq_work *work)
{
	write_packets(TEST_IRQ);
}

static struct irq_work irq = IRQ_WORK_INIT_HARD(on_irq);
static bool shared, of_tasks;

static void fill_streams(void)
{
	unsigned int i;

	if (shared) {
		preempt_disable();
		irq_work_queue(&irq);
		for (i = 0; i < 8; i++)
			write_packets(TEST_THREAD);
		preempt_enable();
		return;
	}
	local_irq_disable();
	for (i = 0; i < STREAMS; i++)
		if (streams[i])
			test_fill(streams[i]);
	local_irq_enable();
}

static struct task_struct *thread;

static int run_thread(void *unused)
{
	while (!kthread_should_stop()) {
		fill_streams();
		usleep_range(20, 100);
	}
	return 0;
}

/* ---------------------------------------------------------------- what perfbuf calls */

static int test_open(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	struct writers *made;

	if (open_answer)
		return open_answer;
	made = kzalloc(sizeof(*made), GFP_KERNEL);
	if (!made)
		return -ENOMEM;
	perfbuf_stream_set_data(stream, made);
	if (of_tasks)
		WRITE_ONCE(streams[0], stream);
	calls[OPENS]++;
	return 0;
}

static void test_close(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	if (of_tasks)
		WRITE_ONCE(streams[0], NULL);
	kfree(perfbuf_stream_data(stream));
	perfbuf_stream_set_data(stream, NULL);
	calls[CLOSES]++;
}

static int test_setup(struct perfbuf_source *source, const struct perfbuf_aux_pages *pages,
		      void **kept)
{
	struct test_area *made;
	unsigned int i;

	if (setup_answer > 0) /* says that it is well, and gives nothing */
		return 0;
	if (setup_answer)
		return setup_answer;
	made = kzalloc(sizeof(*made), GFP_KERNEL);
	if (!made)
		return -ENOMEM;
	made->overwrite = pages->overwrite;
	for (i = 0; i < pages->nr_pages; i++)
		made->orders_seen = max_t(int, made->orders_seen, pages->orders[i]);
	largest_order = made->orders_seen;
	*kept = made;
	calls[SETUPS]++;
	return 0;
}

static void test_free(struct perfbuf_source *source, void *kept)
{
	kfree(kept);
	calls[FREES]++;
}

/* The data that was begun when the task was switched in: some words, each its position. */
static void fill_of_task(struct perfbuf_aux_handle *handle)
{
	u64 written, word;

	for (written = 0; written < 512 && written + sizeof(word) <= handle->size;
	     written += sizeof(word)) {
		word = handle->head + written;
		perfbuf_aux_copy(handle, written, &word, sizeof(word));
	}
	perfbuf_aux_end(handle, written);
}

static void test_start(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	struct perfbuf_stream_info info;
	unsigned int i;

	calls[STARTS]++;
	perfbuf_stream_about(stream, &info);
	WARN_ON(info.cpu != (of_tasks ? -1 : smp_processor_id()) || !irqs_disabled());
	/* config1: the reader requests PERF_RECORD_ITRACE_START. */
	if (info.config1)
		perfbuf_aux_itrace_start(stream);
	if (of_tasks) {
		struct writers *of = perfbuf_stream_data(stream);

		perfbuf_aux_begin(&of->of_task, stream);
		return;
	}
	for (i = 0; i < STREAMS; i++)
		WARN_ON(streams[i] == stream);
	for (i = 0; i < STREAMS && streams[i]; i++)
		;
	if (i < STREAMS)
		WRITE_ONCE(streams[i], stream);
}

static void test_stop(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	unsigned int i;

	calls[STOPS]++;
	if (of_tasks) {
		struct writers *of = perfbuf_stream_data(stream);

		if (perfbuf_aux_get(&of->of_task))
			fill_of_task(&of->of_task);
		return;
	}
	for (i = 0; i < STREAMS; i++)
		if (streams[i] == stream)
			WRITE_ONCE(streams[i], NULL);
}

static u64 test_hold(struct perfbuf_source *source, struct perfbuf_stream *stream, u64 published)
{
	return published; /* transactions are as short as the interrupts are off */
}

static struct perfbuf_aux aux = {
	.event = &fill_event,
	.open = test_open,
	.close = test_close,
	.setup = test_setup,
	.free = test_free,
	.start = test_start,
	.stop = test_stop,
	.hold = test_hold,
};

static struct perfbuf_event *const events[] = {&fill_event, &other_event};
static struct perfbuf_source testaux = {
	.name = "testaux",
	.description = "AUX for the tests",
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.aux = &aux,
};

/* ---------------------------------------------------------------- commands */

/* On CPU 1, a stream of CPU 0. */
static long write_elsewhere(void *unused)
{
	struct perfbuf_aux_handle handle;
	u64 word = 0;
	long ret;

	preempt_disable();
	ret = streams[0] ? perfbuf_aux_write(streams[0], &word, sizeof(word)) : -ENOENT;
	if (streams[0] && perfbuf_aux_begin(&handle, streams[0]))
		ret = -EEXIST;
	preempt_enable();
	return ret;
}

/* Declarations that cannot be. */
static int bad(long which)
{
	static struct perfbuf_event stranger;
	static struct perfbuf_source wrong;
	static struct perfbuf_aux of;
	int ret;

	of = aux;
	switch (which) {
	case 0:
		of.start = NULL;
		break;
	case 1:
		of.stop = NULL;
		break;
	case 2:
		of.open = NULL;
		break;
	case 3:
		of.free = NULL;
		break;
	case 4:
		of.setup = NULL;
		break;
	case 5:
		of.flags = 1U << 31;
		break;
	case 6:
		of.event = NULL;
		break;
	case 7:
		of.event = &stranger;
		break;
	case 8:
		of.max_order = 20;
		break;
	default:
		return -ENOENT;
	}
	perfbuf_source_unregister(&testaux);
	wrong = testaux;
	wrong.name = "wrong";
	wrong.aux = &of;
	ret = perfbuf_source_register(&wrong);
	perfbuf_source_unregister(&wrong);
	return ret ? ret : -ENOTRECOVERABLE;
}

static int do_command(const char *text, const struct kernel_param *parameter)
{
	char verb[16];
	long number = 0;

	if (sscanf(text, "%15s %ld", verb, &number) < 1)
		return -EINVAL;
	if (!strcmp(verb, "register")) {
		aux.flags = number;
		aux.max_order = 3;
		shared = number & PERFBUF_AUX_SHARED;
		of_tasks = number & PERFBUF_AUX_TASKS;
		return perfbuf_source_register(&testaux);
	}
	if (!strcmp(verb, "unregister")) {
		perfbuf_source_unregister(&testaux);
		return 0;
	}
	if (!strcmp(verb, "elsewhere"))
		return work_on_cpu(1, write_elsewhere, NULL);
	if (!strcmp(verb, "bad"))
		return bad(number);
	return -EINVAL;
}

static const struct kernel_param_ops command_ops = {.set = do_command};
module_param_cb(command, &command_ops, NULL, 0200);

static int __init test_init(void)
{
	thread = kthread_create_on_cpu(run_thread, NULL, 0, "perfbuf_aux/%u");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wake_up_process(thread);
	return 0;
}

static void __exit test_exit(void)
{
	perfbuf_source_unregister(&testaux);
	kthread_stop(thread);
	irq_work_sync(&irq);
}

module_init(test_init);
module_exit(test_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AUX areas for the tests of perfbuf");
