// SPDX-License-Identifier: GPL-2.0
/*
 * A DMA engine that a kernel thread simulates: a channel on each CPU moves data into the AUX area,
 * which is two buffers. One transaction fills one of them, while the reader reads the other one. A
 * full buffer wakes the reader, by the watermark (by default half of the area). The data are u64
 * words, each of which is its own position in the stream.
 *
 * The thread and dma_start() and dma_stop() change a channel on its CPU with interrupts off.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/perf_event.h>

#include <perfbuf/producer.h>

#define BURST	    128 /* words that are moved at once */

#define TRANSFER(F) F(HEX, u64, position) F(INT, u64, bytes)
PERFBUF_EVENT(transfer, TRANSFER)

struct channel {
	struct perfbuf_stream *stream; /* NULL: it stands still */
	struct perfbuf_aux_handle handle;
	u64 moved; /* bytes of the transaction that is open */
	struct task_struct *engine;
};

static DEFINE_PER_CPU(struct channel, channels);

/* Ends the transaction, of a full buffer or of a part of one. Interrupts are off. */
static void complete_transfer(struct channel *of, u64 flags)
{
	const struct perfbuf_aux_pages *area = perfbuf_aux_get(&of->handle);

	if (!area)
		return;
	perfbuf_emit(transfer, .position = of->handle.head, .bytes = of->moved);
	perfbuf_aux_flag(&of->handle, flags);
	if (area->overwrite) /* for a snapshot, the head is ours to move */
		of->handle.head += of->moved;
	perfbuf_aux_end(&of->handle, of->moved);
}

static void burst(struct channel *of)
{
	const struct perfbuf_aux_pages *area = perfbuf_aux_get(&of->handle);
	u64 buffer, to_its_end, most, end, word;

	if (!area && of->stream) {
		of->moved = 0;
		area = perfbuf_aux_begin(&of->handle, of->stream);
	}
	if (!area) /* stopped, nothing is mapped, or the reader has freed no buffer */
		return;
	buffer = (u64)area->nr_pages * PAGE_SIZE / 2;
	to_its_end = buffer - (of->handle.head & (buffer - 1));
	most = min(to_its_end, of->handle.size & ~7ULL);
	end = min(most, of->moved + BURST * sizeof(u64));
	for (; of->moved < end; of->moved += sizeof(u64)) {
		word = of->handle.head + of->moved;
		perfbuf_aux_copy(&of->handle, of->moved, &word, sizeof(word));
	}
	if (of->moved == most)
		complete_transfer(of, most < to_its_end ? PERF_AUX_FLAG_TRUNCATED : 0);
}

static int run_engine(void *channel)
{
	while (!kthread_should_stop()) {
		local_irq_disable();
		burst(channel);
		local_irq_enable();
		usleep_range(20, 100);
	}
	return 0;
}

static int dma_open(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	struct perfbuf_stream_info info;
	struct channel *of;

	perfbuf_stream_about(stream, &info);
	of = per_cpu_ptr(&channels, info.cpu);
	if (of->engine) /* a channel has one reader */
		return -EBUSY;
	of->engine = kthread_create_on_cpu(run_engine, of, info.cpu, "dma/%u");
	if (IS_ERR(of->engine))
		return PTR_ERR(xchg(&of->engine, NULL));
	perfbuf_stream_set_data(stream, of);
	wake_up_process(of->engine);
	return 0;
}

static void dma_close(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	struct channel *of = perfbuf_stream_data(stream);

	kthread_stop(of->engine);
	of->engine = NULL;
}

static void dma_start(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	struct channel *of = perfbuf_stream_data(stream);

	of->stream = stream;
}

static void dma_stop(struct perfbuf_source *source, struct perfbuf_stream *stream)
{
	struct channel *of = perfbuf_stream_data(stream);

	complete_transfer(of, 0);
	of->stream = NULL;
}

static const struct perfbuf_aux dma_aux = {
	.event = &transfer_event,
	.open = dma_open,
	.close = dma_close,
	.start = dma_start,
	.stop = dma_stop,
};

static struct perfbuf_event *const events[] = {&transfer_event};
static struct perfbuf_source dma = {
	.name = "dma",
	.description = "what a DMA engine moves, which a thread stands for",
	.events = events,
	.event_count = 1,
	.aux = &dma_aux,
};

static int __init dma_init(void)
{
	return perfbuf_source_register(&dma);
}

static void __exit dma_exit(void)
{
	perfbuf_source_unregister(&dma);
}

module_init(dma_init);
module_exit(dma_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a DMA engine that is a source for perfbuf");
