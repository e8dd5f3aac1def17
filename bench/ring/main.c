// SPDX-License-Identifier: GPL-2.0
/*
 * What one record costs in each of the kernel's rings: writes a batch of records to a peer with
 * interrupts off, and reads the time stamp counter before and after. Under QEMU's icount that
 * counter counts instructions. What was written is read back, here or by the program, which checks
 * it: bench/ring/program.
 */
#include "../common/steps.h"
#include "peers.h"

#include "defer.h"

#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/msr.h>
#include <asm/nmi.h>

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
	&tracepoint_peer,
	&typed_peer,
};

static DEFINE_MUTEX(bench_mutex);
static const struct peer *current_peer;
static const struct peer *registered;
static u32 record_bytes;
static bool in_an_nmi;
static u64 payload[4096 / sizeof(u64)];

/* What the handler of the NMI is told, and says. */
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

static long open_peer(struct ring_bench_open *wanted)
{
	const struct peer *peer;
	unsigned int i;
	int ret;

	close_peer();
	wanted->peer[sizeof(wanted->peer) - 1] = '\0';
	wanted->data = wanted->data ?: RING_BENCH_DATA;
	wanted->rings = wanted->rings ?: 1;
	peer = find_peer(wanted->peer);
	if (!peer)
		return -ENODEV;
	if (wanted->bytes > sizeof(payload) || wanted->bytes % sizeof(u64) || !wanted->bytes ||
	    wanted->data > RING_BENCH_DATA_MOST || wanted->data % PAGE_SIZE ||
	    wanted->rings > RING_BENCH_RINGS_MOST || !is_power_of_2(wanted->rings))
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
	for (i = 1; i < ARRAY_SIZE(payload); i++)
		payload[i] = RING_BENCH_WORD((u64)i);
	return 0;
}

static __always_inline u64 counted_write(u32 records, u32 *written)
{
	const u64 before = rdtsc();

	*written = current_peer->write(payload, record_bytes, records);
	return rdtsc() - before;
}

static int on_nmi(unsigned int command, struct pt_regs *regs)
{
	if (!nmi.wanted)
		return NMI_DONE;
	nmi.wanted = false;
	nmi.ticks = counted_write(nmi.records, &nmi.written);
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

static u64 timed_write(u32 records, u32 *written)
{
	unsigned long flags;
	u64 ticks;

	local_irq_save(flags);
	ticks = in_an_nmi ? write_in_nmi(records, written) : counted_write(records, written);
	local_irq_restore(flags);
	return ticks;
}

static long write_batch(struct ring_bench_write *batch)
{
	u64 nothing;
	u32 none;

	if (!current_peer)
		return -EBADF;
	payload[0] = batch->first;
	nothing = timed_write(0, &none);
	batch->ticks = timed_write(batch->records, &batch->written) - nothing;
	return READ_ONCE(nmi.wanted) ? -EIO : 0;
}

static long read_back(struct ring_bench_read *into)
{
	void *records;
	int ret;

	if (!current_peer || !current_peer->read || into->room > RING_BENCH_DATA)
		return -EINVAL;
	into->lost = 0;
	records = vmalloc(into->room);
	if (!records)
		return -ENOMEM;
	ret = current_peer->read(records, into->room, &into->lost);
	if (ret >= 0) {
		into->bytes = ret;
		ret = copy_to_user(u64_to_user_ptr(into->to), records, ret) ? -EFAULT : 0;
	}
	vfree(records);
	return ret;
}

static void write_one(void *unused)
{
	current_peer->write(payload, record_bytes, 1);
}

/* The first records may have something to do that the others have not. */
static long trace_record(struct ring_bench_trace *into)
{
	char *text;
	u32 none;
	int ret;

	if (!current_peer || into->room > RING_BENCH_DATA)
		return -EINVAL;
	text = vmalloc(into->room);
	if (!text)
		return -ENOMEM;
	timed_write(2, &none);
	ret = trace_steps(write_one, NULL, text, into->room);
	if (ret >= 0) {
		into->bytes = ret;
		ret = copy_to_user(u64_to_user_ptr(into->to), text, ret) ? -EFAULT : 0;
	}
	vfree(text);
	return ret;
}

static long bench_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	union {
		struct ring_bench_open open;
		struct ring_bench_write write;
		struct ring_bench_read read;
		struct ring_bench_trace trace;
	} told;
	void __user *user = (void __user *)argument;
	const size_t bytes = _IOC_SIZE(command);
	long ret = -ENOTTY;

	if (bytes > sizeof(told) || copy_from_user(&told, user, bytes))
		return -EFAULT;
	mutex_lock(&bench_mutex);
	switch (command) {
	case RING_BENCH_OPEN:
		ret = open_peer(&told.open);
		break;
	case RING_BENCH_WRITE:
		ret = write_batch(&told.write);
		break;
	case RING_BENCH_READ:
		ret = read_back(&told.read);
		break;
	case RING_BENCH_TRACE:
		ret = trace_record(&told.trace);
		break;
	}
	mutex_unlock(&bench_mutex);
	if (!ret && copy_to_user(user, &told, bytes))
		ret = -EFAULT;
	return ret;
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
	ret = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "ring_bench");
	if (ret)
		goto stop_typed;
	if (proc_create("ring_bench", 0600, NULL, &bench_ops))
		return 0;
	ret = -ENOMEM;
	unregister_nmi_handler(NMI_LOCAL, "ring_bench");
stop_typed:
	typed_stop();
stop_defer:
	pb_defer_stop();
	return ret;
}

static void __exit bench_stop(void)
{
	remove_proc_entry("ring_bench", NULL);
	unregister_nmi_handler(NMI_LOCAL, "ring_bench");
	typed_stop();
	pb_defer_stop();
}

module_init(bench_start);
module_exit(bench_stop);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The perfbuf authors");
MODULE_DESCRIPTION("instructions of a record in each of the kernel's rings");
