// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the cost of a record in each of the kernel's rings: writes a batch of records to a peer
 * with interrupts off, and reads a counter before and after, which counts instructions under QEMU's
 * icount (bench/common/counter.h). What was written is read back, here or by the program, which
 * checks it: bench/ring/program.
 */
#include "../common/counter.h"
#include "../common/request.h"
#include "../common/steps.h"
#include "peers.h"

#include "defer.h"

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif

static const struct peer *const peers[] = {
	&memcpy_peer,
	&memcpy_call_peer,
	&perf_peer,
	&bpf_reserve_peer,
	&bpf_output_peer,
	&bpf_program_peer,
	&ftrace_reserve_peer,
	&ftrace_write_peer,
	&relay_reserve_peer,
	&relay_write_peer,
	&ours_reserve_peer,
	&ours_copy_peer,
	&ours_inline_peer,
	&ours_reserve_stamped_peer,
	&ours_copy_stamped_peer,
	&ours_inline_stamped_peer,
	&ours_in_turn_peer,
	&ours_burst_peer,
	&tracepoint_peer,
	&typed_peer,
	&typed_burst_peer,
	&memcpy_here_peer,
	&perf_here_peer,
	&ours_reserve_here_peer,
	&ours_copy_here_peer,
};

static const struct peer *current_peer;
static const struct peer *registered;
static u32 record_bytes;
static bool in_an_nmi;

/* The payload that each CPU writes; here, the first's. */
static u64 payloads[RING_BENCH_RINGS_MOST][4096 / sizeof(u64)];
static u64 *const payload = payloads[0];

/* The request to the handler of the NMI, and its answer. */
static struct {
	bool wanted;
	u32 records, written;
	u64 ticks;
} nmi;

int ring_bench_register(const struct peer *peer)
{
	int ret = -EBUSY;

	mutex_lock(&bench_mutex);
	if (!registered) {
		registered = peer;
		ret = 0;
	}
	mutex_unlock(&bench_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(ring_bench_register);

static void close_peer(void)
{
	if (current_peer)
		current_peer->close();
	current_peer = NULL;
}

void ring_bench_unregister(const struct peer *peer)
{
	mutex_lock(&bench_mutex);
	if (current_peer == peer)
		close_peer();
	registered = NULL;
	mutex_unlock(&bench_mutex);
}
EXPORT_SYMBOL_GPL(ring_bench_unregister);

static const struct peer *find_peer(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(peers); i++)
		if (!strcmp(peers[i]->name, name))
			return peers[i];
	return registered && !strcmp(registered->name, name) ? registered : NULL;
}

static long open_peer(void *argument)
{
	struct ring_bench_open *wanted = argument;
	const struct peer *peer;
	unsigned int i, cpu;
	int ret;

	close_peer();
	wanted->peer[sizeof(wanted->peer) - 1] = '\0';
	wanted->data = wanted->data ?: RING_BENCH_DATA;
	wanted->rings = wanted->rings ?: 1;
	peer = find_peer(wanted->peer);
	if (!peer)
		return -ENODEV;
	if (wanted->bytes > sizeof(payloads[0]) || wanted->bytes % sizeof(u64) || !wanted->bytes ||
	    wanted->data > RING_BENCH_DATA_MOST || wanted->data % PAGE_SIZE ||
	    wanted->rings > RING_BENCH_RINGS_MOST)
		return -EINVAL;

	ret = peer->open(wanted);
	if (ret) {
		peer->close();
		return ret;
	}
	current_peer = peer;
	record_bytes = wanted->bytes;
	in_an_nmi = wanted->mode & RING_BENCH_NMI;
	wanted->in_user = !current_peer->read;
	for (cpu = 0; cpu < ARRAY_SIZE(payloads); cpu++)
		for (i = 1; i < ARRAY_SIZE(payloads[cpu]); i++)
			payloads[cpu][i] = RING_BENCH_WORD((u64)i);
	return 0;
}

static __always_inline u64 counted_write(u64 *from, u32 records, u32 *written)
{
	const u64 before = counter();

	*written = current_peer->write(from, record_bytes, records);
	return counter() - before;
}

#ifdef CONFIG_X86
static int on_nmi(unsigned int command, struct pt_regs *regs)
{
	if (!nmi.wanted)
		return NMI_DONE;
	nmi.wanted = false;
	nmi.ticks = counted_write(payload, nmi.records, &nmi.written);
	return in_nmi() ? NMI_HANDLED : NMI_DONE;
}

/* The handler counts: how an NMI comes and goes is not the ring's. */
static u64 write_in_nmi(u32 records, u32 *written)
{
	nmi.records = records;
	WRITE_ONCE(nmi.wanted, true);
	asm volatile("int $2" : : : "memory");
	*written = nmi.written;
	return nmi.ticks;
}

static int register_on_nmi(void)
{
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "ring_bench");
}

static void unregister_on_nmi(void)
{
	unregister_nmi_handler(NMI_LOCAL, "ring_bench");
}
#else
/* No NMI that a module could send itself: nothing is written, which the program takes for a
 * failure. */
static u64 write_in_nmi(u32 records, u32 *written)
{
	*written = 0;
	return 0;
}

static int register_on_nmi(void)
{
	return 0;
}

static void unregister_on_nmi(void)
{
}
#endif

static u64 timed_write(u32 records, u32 *written)
{
	unsigned long flags;
	u64 ticks;

	local_irq_save(flags);
	ticks = in_an_nmi ? write_in_nmi(records, written)
			  : counted_write(payload, records, written);
	local_irq_restore(flags);
	return ticks;
}

/* A batch that several CPUs write at once. */
static struct {
	u32 cpus, records;
	atomic_t arrived;
	atomic64_t written, ticks;
} at_once;

/* On each of them, interrupts off. */
static void write_part(void *unused)
{
	u64 *const from = payloads[smp_processor_id()];
	u64 nothing;
	u32 none, written;

	atomic_inc(&at_once.arrived);
	while (atomic_read(&at_once.arrived) < at_once.cpus)
		cpu_relax();
	nothing = counted_write(from, 0, &none);
	atomic64_add(counted_write(from, at_once.records, &written) - nothing, &at_once.ticks);
	atomic64_add(written, &at_once.written);
}

static bool is_first_of_all(int cpu, void *unused)
{
	return cpu < at_once.cpus;
}

static long write_at_once(struct ring_bench_write *batch)
{
	u32 cpu;

	if (batch->cpus > RING_BENCH_RINGS_MOST)
		return -EINVAL;
	cpus_read_lock();
	for (cpu = 0; cpu < batch->cpus && cpu_online(cpu); cpu++)
		payloads[cpu][0] = RING_BENCH_FIRST(cpu, batch->first);
	if (cpu == batch->cpus) {
		at_once.cpus = batch->cpus;
		at_once.records = batch->records;
		atomic_set(&at_once.arrived, 0);
		atomic64_set(&at_once.written, 0);
		atomic64_set(&at_once.ticks, 0);
		on_each_cpu_cond(is_first_of_all, write_part, NULL, true);
		batch->written = atomic64_read(&at_once.written);
		batch->ticks = atomic64_read(&at_once.ticks) / batch->cpus;
	}
	cpus_read_unlock();
	return cpu == batch->cpus ? 0 : -ENODEV;
}

static long write_batch(void *argument)
{
	struct ring_bench_write *batch = argument;
	u64 nothing;
	u32 none;

	if (!current_peer)
		return -EBADF;
	if (batch->cpus)
		return write_at_once(batch);
	payload[0] = batch->first;
	nothing = timed_write(0, &none);
	batch->ticks = timed_write(batch->records, &none) - nothing;
	batch->written = none;
	return READ_ONCE(nmi.wanted) ? -EIO : 0;
}

struct reading {
	void *to;
	struct ring_bench_read *into;
};

static long read_here(void *of)
{
	const struct reading *reading = of;

	return current_peer->read(reading->to, reading->into->space, &reading->into->lost);
}

static long read_back(void *argument)
{
	struct ring_bench_read *into = argument;
	struct reading reading = {.into = into};
	long ret;

	if (!current_peer || !current_peer->read || into->space > RING_BENCH_DATA ||
	    into->cpu >= RING_BENCH_RINGS_MOST || !cpu_online(into->cpu))
		return -EINVAL;
	into->lost = 0;
	reading.to = vmalloc(into->space);
	if (!reading.to)
		return -ENOMEM;
	ret = work_on_cpu(into->cpu, read_here, &reading);
	if (ret >= 0) {
		into->bytes = ret;
		ret = copy_to_user(u64_to_user_ptr(into->to), reading.to, ret) ? -EFAULT : 0;
	}
	vfree(reading.to);
	return ret;
}

static void write_one(void *unused)
{
	current_peer->write(payload, record_bytes, 1);
}

/* The first records may have something to do that the others have not. */
static void write_first_records(void *unused)
{
	u32 none;

	timed_write(2, &none);
}

static long trace_record(void *argument)
{
	struct ring_bench_trace *into = argument;
	long ret;

	if (!current_peer || into->space > RING_BENCH_DATA)
		return -EINVAL;
	ret = bench_trace_steps(write_first_records, write_one, NULL, into->to, into->space);
	if (ret < 0)
		return ret;
	into->bytes = ret;
	return 0;
}

static const struct bench_request requests[] = {
	{RING_BENCH_OPEN, open_peer},
	{RING_BENCH_WRITE, write_batch},
	{RING_BENCH_READ, read_back},
	{RING_BENCH_TRACE, trace_record},
};
static_assert(sizeof(struct ring_bench_open) <= BENCH_REQUEST_MAX);

static long bench_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	return bench_execute(requests, ARRAY_SIZE(requests), command, argument);
}

static int bench_release(struct inode *inode, struct file *file)
{
	mutex_lock(&bench_mutex);
	close_peer();
	mutex_unlock(&bench_mutex);
	return 0;
}

static const struct proc_ops bench_ops = {
	.proc_ioctl = bench_ioctl,
	.proc_release = bench_release,
};

static int __init bench_start(void)
{
	int ret = pb_defer_start();

	if (ret)
		return ret;
	ret = typed_start();
	if (ret)
		goto stop_defer;
	ret = register_on_nmi();
	if (ret)
		goto stop_typed;
	if (proc_create("ring_bench", 0600, NULL, &bench_ops))
		return 0;
	ret = -ENOMEM;
	unregister_on_nmi();
stop_typed:
	typed_stop();
stop_defer:
	pb_defer_stop();
	return ret;
}

static void __exit bench_stop(void)
{
	remove_proc_entry("ring_bench", NULL);
	unregister_on_nmi();
	typed_stop();
	pb_defer_stop();
}

module_init(bench_start);
module_exit(bench_stop);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The perfbuf authors");
MODULE_DESCRIPTION("instructions of a record in each of the kernel's rings");
