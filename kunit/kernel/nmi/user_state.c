// SPDX-License-Identifier: GPL-2.0
/*
 * The user side that an NMI finds. A program runs that has known registers and a
 * known stack (user.c); NMIs come to it in user space, in its system calls, in
 * interrupts, and wherever they happen to be on the way between. Each must find just
 * those registers or, while they are being saved or restored, none.
 */
#include "nmi.h"
#include "user.h"

#include "regs.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <asm/perf_regs.h>
#include <asm/ptrace.h>

/* The places that an NMI must have come to, each so often. */
enum place { IN_USER, IN_SYSCALL, IN_IRQ, ON_THE_WAY, PLACES };
#define ENOUGH	1000
#define SECONDS 120

static struct task_struct *program; /* that is watched; not dereferenced */
static enum place place;	    /* that the next NMI is sent to by the program's own CPU */
static unsigned long found[PLACES], none[PLACES], unread;
static const char *wrong;
static bool stop;
static DECLARE_COMPLETION(ended);

static u64 reg(const struct pb_user_state *state, int id)
{
	u64 value;

	pb_regs_values(state->regs, 1ULL << id, &value);
	return value;
}

/* The program does not run now: its memory says what its registers must. */
static const char *check(const struct pb_user_state *state)
{
	bool is_64 = state->abi == PERF_SAMPLE_REGS_ABI_64;
	u64 ip = reg(state, PERF_REG_X86_IP);
	u64 start = reg(state, is_64 ? PERF_REG_X86_R12 : PERF_REG_X86_SI);
	u64 end = reg(state, is_64 ? PERF_REG_X86_R13 : PERF_REG_X86_DI);
	u64 round = reg(state, is_64 ? PERF_REG_X86_R15 : PERF_REG_X86_BP);
	u64 word;
	unsigned int i;

	if (reg(state, PERF_REG_X86_SP) != state->sp)
		return "two stack pointers";
	if (ip < start || ip > end)
		return "an instruction outside the loop";
	if (is_64 &&
	    (reg(state, PERF_REG_X86_BX) != USER_RBX || reg(state, PERF_REG_X86_BP) != USER_RBP))
		return "not the program's RBX and RBP";
	if (state->stack_space < USER_STACK_BYTES + sizeof(word))
		return "no space on the stack";
	/* The page is there; what may be absent, for a moment of a task switch, is the memory. */
	for (i = 0; i <= USER_STACK_BYTES; i += sizeof(word)) {
		if (pb_copy_from_user_nofault(&word, state->sp + i, sizeof(word))) {
			unread++;
			return NULL;
		}
		if (i < USER_STACK_BYTES && word != USER_STACK_WORD(state->sp + i))
			return "not the program's stack";
	}
	if (ip < start + USER_UPDATE_BYTES)
		return NULL;
	if (word != round || (is_64 && word != reg(state, PERF_REG_X86_R8)))
		return "registers of another round";
	return NULL;
}

static u64 wanted_abi;

void nmi_check_user_state(struct pt_regs *regs)
{
	struct pb_user_state state;
	enum place here = user_mode(regs) ? IN_USER : place;

	if (current != READ_ONCE(program) || wrong)
		return;
	pb_user_state_get(regs, &state);
	if (state.abi == PERF_SAMPLE_REGS_ABI_NONE) {
		none[here]++;
		if (here != ON_THE_WAY)
			wrong = "none where there are some";
		return;
	}
	found[here]++;
	wrong = state.abi == wanted_abi ? check(&state) : "the other ABI";
}

/*
 * An NMI right here, on the CPU of the program. Not by int $2, which blocks no further NMI: one
 * that came at the first instructions of the handler would take its stack.
 */
static void nmi_at(enum place here)
{
	unsigned long handled, flags;
	int patience;

	local_irq_save(flags);
	handled = READ_ONCE(nmis_handled);
	WRITE_ONCE(place, here);
	nmi_send();
	for (patience = 1000; patience && handled == READ_ONCE(nmis_handled); patience--)
		cpu_relax();
	WRITE_ONCE(place, ON_THE_WAY);
	local_irq_restore(flags);
}

static void nmi_in_irq(void *unused)
{
	if (current == READ_ONCE(program))
		nmi_at(IN_IRQ);
}

/* The program's write(): the first one registers the program, the last one fails. */
static int on_write(const char *value, const struct kernel_param *param)
{
	if (READ_ONCE(stop)) {
		WRITE_ONCE(program, NULL);
		complete(&ended);
		return -ECANCELED;
	}
	WRITE_ONCE(program, current);
	nmi_at(IN_SYSCALL);
	return 0;
}

static const struct kernel_param_ops state_ops = {.set = on_write};
module_param_cb(user_state, &state_ops, NULL, 0200);
MODULE_PARM_DESC(user_state, "written by the program that is watched");

static call_single_data_t call;

static bool enough(void)
{
	int i;

	for (i = 0; i < PLACES; i++)
		if (READ_ONCE(found[i]) < ENOUGH)
			return false;
	return true;
}

int nmi_user_state(int bits)
{
	static char cpu[12];
	static char file[] = "/sys/module/perfbuf_nmi/parameters/user_state";
	char *argv[] = {"/root/perfbuf_nmi_user", cpu, file, bits == 32 ? "32" : "64", NULL};
	char *envp[] = {NULL};
	unsigned long deadline = jiffies + SECONDS * HZ;
	int ret;

	snprintf(cpu, sizeof(cpu), "%d", writer_cpu);
	memset(found, 0, sizeof(found));
	memset(none, 0, sizeof(none));
	unread = 0;
	wrong = NULL;
	stop = false;
	place = ON_THE_WAY;
	wanted_abi = bits == 32 ? PERF_SAMPLE_REGS_ABI_32 : PERF_SAMPLE_REGS_ABI_64;
	reinit_completion(&ended);
	INIT_CSD(&call, nmi_in_irq, NULL);

	ret = call_usermodehelper(argv[0], argv, envp, UMH_WAIT_EXEC);
	if (ret) {
		pr_err("    # %s does not start: %d\n", argv[0], ret);
		return ret;
	}
	while (!enough() && !READ_ONCE(wrong) && time_before(jiffies, deadline)) {
		unsigned long handled = READ_ONCE(nmis_handled);

		nmi_send();
		smp_call_function_single_async(writer_cpu, &call);
		/* One on its way is enough. */
		for (ret = 0; ret < 1000 && handled == READ_ONCE(nmis_handled); ret++)
			cpu_relax();
		cond_resched();
	}
	WRITE_ONCE(stop, true);
	ret = wait_for_completion_timeout(&ended, SECONDS * HZ) ? 0 : -ETIMEDOUT;
	pr_info("    # %d bits: found in user space %lu, in system calls %lu, in interrupts %lu, "
		"on the way %lu; none on the way %lu; stack unread %lu\n",
		bits, found[IN_USER], found[IN_SYSCALL], found[IN_IRQ], found[ON_THE_WAY],
		none[ON_THE_WAY], unread);
	if (ret)
		pr_err("    # the program does not end\n");
	else if (wrong)
		pr_err("    # %s\n", wrong);
	else if (!enough() || unread > found[ON_THE_WAY] / 2)
		pr_err("    # too few\n");
	else
		return 0;
	return ret ? ret : -EIO;
}

static int in_kernel_thread(void *unused)
{
	WRITE_ONCE(program, current);
	nmi_at(ON_THE_WAY);
	WRITE_ONCE(program, NULL);
	complete(&ended);
	return 0;
}

int nmi_no_user_state(void)
{
	struct task_struct *thread;

	memset(none, 0, sizeof(none));
	wrong = NULL;
	reinit_completion(&ended);
	thread = kthread_create_on_cpu(in_kernel_thread, NULL, writer_cpu, "perfbuf_regs/%u");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wake_up_process(thread);
	wait_for_completion(&ended);
	return none[ON_THE_WAY] == 1 && !wrong ? 0 : -EIO;
}
