// SPDX-License-Identifier: GPL-2.0
/*
 * Work for function tracers, with interrupts off, so that it enters the same functions each time:
 * between the entries of functrace_bench_begin() and functrace_bench_end() is all of it, and
 * nothing else. The time stamp counter is read before and after: under QEMU's icount it counts
 * instructions.
 */
#include "../common/find.h"
#include "../common/request.h"
#include "../common/steps.h"
#include "functrace_bench.h"

#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>

#include <asm/msr.h>
#include <asm/nmi.h>
#include <asm/ptrace.h>

/* Each is entered, and is like no other: compilers make one function of two that are the same. */
#define TRACED(name)                                                                               \
	static noinline __noclone void name(void)                                                  \
	{                                                                                          \
		asm volatile("/* " #name " */" : : : "memory");                                    \
	}

TRACED(functrace_bench_begin)
TRACED(functrace_bench_end)
TRACED(functrace_bench_one)
TRACED(functrace_bench_nmi)

#define EIGHT(F, n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
#define ALL(F)                                                                                     \
	EIGHT(F, 0)                                                                                \
	EIGHT(F, 1) EIGHT(F, 2) EIGHT(F, 3) EIGHT(F, 4) EIGHT(F, 5) EIGHT(F, 6) EIGHT(F, 7)
#define FUNCTION(n) TRACED(functrace_bench_##n)
#define CALL(n)	    functrace_bench_##n();
#define COUNT(n)    +1

ALL(FUNCTION)
static_assert(0 ALL(COUNT) == FUNCTRACE_BENCH_FUNCTIONS);

/* Not traced themselves, so that a round is all that there is. */
static notrace void call_one(const struct functrace_bench_run *wanted)
{
	u32 i;

	for (i = 0; i < wanted->rounds; i++)
		functrace_bench_one();
}

static notrace void call_many(const struct functrace_bench_run *wanted)
{
	u32 i;

	for (i = 0; i < wanted->rounds; i++) {
		ALL(CALL)
	}
}

/* The kernel's functions for system calls. */
static const char *const call_names[] = {"__x64_sys_write", "__x64_sys_read", "__x64_sys_newfstat",
					 "__x64_sys_newstat"};
static long (*calls[ARRAY_SIZE(call_names)])(const struct pt_regs *regs);
static bool call_failed;

static int find_calls(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		calls[i] = find_symbol(call_names[i]);
		if (!calls[i])
			return -ENOENT;
	}
	return 0;
}

static notrace void call_system(const struct functrace_bench_run *wanted)
{
	const struct pt_regs arguments[] = {
		{.di = wanted->write_fd, .si = wanted->buffer, .dx = wanted->bytes},
		{.di = wanted->read_fd, .si = wanted->buffer, .dx = wanted->bytes},
		{.di = wanted->read_fd, .si = wanted->stat},
		{.di = wanted->path, .si = wanted->stat},
	};
	const long good[] = {wanted->bytes, wanted->bytes, 0, 0};
	u32 i, j;

	for (i = 0; i < wanted->rounds; i++)
		for (j = 0; j < ARRAY_SIZE(calls); j++)
			if (calls[j](&arguments[j]) != good[j])
				call_failed = true;
}

static void (*const works[])(const struct functrace_bench_run *wanted) = {
	[FUNCTRACE_BENCH_ONE] = call_one,
	[FUNCTRACE_BENCH_MANY] = call_many,
	[FUNCTRACE_BENCH_CALLS] = call_system,
};

static long run(void *argument)
{
	struct functrace_bench_run *wanted = argument;
	unsigned long flags;
	u64 before;

	if (wanted->work >= ARRAY_SIZE(works))
		return -EINVAL;
	call_failed = false;
	/* Nothing in there is to give the CPU away. */
	preempt_disable();
	local_irq_save(flags);
	functrace_bench_begin();
	before = rdtsc();
	works[wanted->work](wanted);
	wanted->ticks = rdtsc() - before;
	functrace_bench_end();
	local_irq_restore(flags);
	preempt_enable();
	return call_failed ? -EIO : 0;
}

static notrace void step_one(void *unused)
{
	functrace_bench_one();
}

/* Not traced itself. */
static notrace void call_before(u32 calls)
{
	while (calls--)
		functrace_bench_one();
}

static notrace void call_before_steps(void *calls)
{
	call_before(*(const u32 *)calls);
}

static long steps(void *argument)
{
	struct functrace_bench_steps *into = argument;
	long ret;

	if (into->space > FUNCTRACE_BENCH_TEXT)
		return -EINVAL;
	ret = bench_trace_steps(call_before_steps, step_one, &into->before, into->to, into->space);
	if (ret < 0)
		return ret;
	into->bytes = ret;
	return 0;
}

static bool nmi_wanted;

static int on_nmi(unsigned int command, struct pt_regs *regs)
{
	if (!READ_ONCE(nmi_wanted))
		return NMI_DONE;
	functrace_bench_nmi();
	return NMI_HANDLED;
}

static long interrupt(void *argument)
{
	struct functrace_bench_nmi *wanted = argument;
	int ret;

	call_before(wanted->before);
	WRITE_ONCE(nmi_wanted, true);
	ret = step_through(step_one, NULL, wanted->at);
	WRITE_ONCE(nmi_wanted, false);
	if (ret < 0)
		return ret;
	wanted->steps = ret;
	return 0;
}

static const struct bench_request requests[] = {
	{FUNCTRACE_BENCH_RUN, run},
	{FUNCTRACE_BENCH_STEPS, steps},
	{FUNCTRACE_BENCH_NMI, interrupt},
};
static_assert(sizeof(struct functrace_bench_run) <= BENCH_REQUEST_MAX);

static long bench_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	return bench_execute(requests, ARRAY_SIZE(requests), command, argument);
}

static const struct proc_ops bench_ops = {
	.proc_ioctl = bench_ioctl,
};

static int __init bench_start(void)
{
	int ret = find_calls();

	if (ret)
		return ret;
	ret = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "functrace_bench");
	if (ret)
		return ret;
	if (proc_create("functrace_bench", 0600, NULL, &bench_ops))
		return 0;
	unregister_nmi_handler(NMI_LOCAL, "functrace_bench");
	return -ENOMEM;
}

static void __exit bench_stop(void)
{
	remove_proc_entry("functrace_bench", NULL);
	unregister_nmi_handler(NMI_LOCAL, "functrace_bench");
}

module_init(bench_start);
module_exit(bench_stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("work for function tracers");
