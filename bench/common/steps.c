// SPDX-License-Identifier: GPL-2.0
/*
 * The instructions of a call on x86, one by one: with EFLAGS.TF set the CPU stops after each, and a
 * die notifier notes where it is.
 */
#include "steps.h"

#include <linux/errno.h>

#ifdef CONFIG_X86
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/debugreg.h>
#include <asm/processor-flags.h>

#define STEPS_MAX    4096
#define BYTES_OF_ONE 15

static unsigned long steps[STEPS_MAX];
static unsigned int step_count;
static bool stepping;
static int stepping_cpu;
static unsigned int step_of_nmi;

static int on_step(struct notifier_block *self, unsigned long action, void *data)
{
	struct die_args *args = data;
	unsigned long *dr6;

	if (action != DIE_DEBUG || !READ_ONCE(stepping) || smp_processor_id() != stepping_cpu)
		return NOTIFY_DONE;
	dr6 = (unsigned long *)ERR_PTR(args->err);
	if (!(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	*dr6 &= ~DR_STEP;
	if (step_count < STEPS_MAX)
		steps[step_count] = args->regs->ip;
	step_count++;
	if (step_count == step_of_nmi)
		asm volatile("int $2" : : : "memory");
	return NOTIFY_STOP;
}

static struct notifier_block step_notifier = {.notifier_call = on_step};

static int describe(unsigned long at, char *to, u32 space)
{
	u8 bytes[BYTES_OF_ONE];
	char text[2 * BYTES_OF_ONE + 1];
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	if (copy_from_kernel_nofault(bytes, (void *)at, sizeof(bytes)))
		return -EFAULT;
	for (i = 0; i < BYTES_OF_ONE; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	/* Without its module. */
	snprintf(name, sizeof(name), "%ps", (void *)at);
	name[strcspn(name, " ")] = '\0';
	return scnprintf(to, space, "%s %lx %s\n", name, at, text);
}

int step_through(void (*call)(void *argument), void *argument, unsigned int nmi_at)
{
	unsigned long flags;
	int ret = register_die_notifier(&step_notifier);

	if (ret)
		return ret;
	local_irq_save(flags);
	stepping_cpu = smp_processor_id();
	step_of_nmi = nmi_at;
	step_count = 0;
	WRITE_ONCE(stepping, true);
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(X86_EFLAGS_TF) : "memory", "cc");
	call(argument);
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~X86_EFLAGS_TF) : "memory", "cc");
	WRITE_ONCE(stepping, false);
	local_irq_restore(flags);
	unregister_die_notifier(&step_notifier);
	return step_count > STEPS_MAX ? -ENOSPC : (int)step_count;
}

int trace_steps(void (*call)(void *argument), void *argument, char *to, u32 space)
{
	int count = step_through(call, argument, 0);
	int i, ret = count;
	u32 done = 0;

	for (i = 0; i < count && ret >= 0; i++) {
		ret = describe(steps[i], to + done, space - done);
		if (ret >= 0)
			done += ret;
	}
	return ret < 0 ? ret : done;
}
#else
/* Single steps in the kernel are the debugger's on other architectures. */
int step_through(void (*call)(void *argument), void *argument, unsigned int nmi_at)
{
	return -EOPNOTSUPP;
}

int trace_steps(void (*call)(void *argument), void *argument, char *to, u32 space)
{
	return -EOPNOTSUPP;
}
#endif
