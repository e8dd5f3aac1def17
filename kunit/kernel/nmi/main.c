// SPDX-License-Identifier: GPL-2.0
/*
 * The tests run when the module is loaded, and loading it fails if one does. What
 * they say is KTAP, in the kernel log.
 */
#include "nmi.h"

#include "defer.h"

#include <asm/apic.h>
#include <asm/nmi.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>

static unsigned long records = 10000000;
module_param(records, ulong, 0444);
MODULE_PARM_DESC(records, "records that the storm attempts at least");

static unsigned int seconds = 900;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "after which a storm that is not done has failed");

bool nmi_armed;
int writer_cpu;
int other_cpu;

const void *nmi_frame_address(unsigned long frame)
{
	return pfn_to_kaddr(frame);
}

void nmi_send(void)
{
#ifdef HAVE_APIC_SEND_IPI_MASK
	__apic_send_IPI_mask(cpumask_of(writer_cpu), NMI_VECTOR);
#else
	apic->send_IPI_mask(cpumask_of(writer_cpu), NMI_VECTOR);
#endif
}

/* Also one that comes late is ours. */
unsigned long nmis_handled;

static int on_nmi(unsigned int command, struct pt_regs *regs)
{
	if (smp_processor_id() != writer_cpu)
		return NMI_DONE;
	if (READ_ONCE(nmi_armed))
		nmi_write(CONTEXT_NMI, WRITE_PLAIN);
	nmi_last_hold();
	nmi_check_user_state(regs);
	WRITE_ONCE(nmis_handled, nmis_handled + 1);
	return NMI_HANDLED;
}

static int storm(void)
{
	return nmi_storm(WRITE_PLAIN, records, seconds);
}

/* A tenth as many packets: what they share with records has been shown. */
static int aux_storm(void)
{
	return nmi_storm(WRITE_AUX_PACKET, records / 10, seconds);
}

static int aux_transactions_storm(void)
{
	return nmi_storm(WRITE_AUX_TRANSACTION, records / 10, seconds);
}

static int state_of_64_bits(void)
{
	return nmi_user_state(64);
}

static int state_of_32_bits(void)
{
	return nmi_user_state(32);
}

static int run_all(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tests[] = {
		{"an_nmi_at_every_instruction_of_a_write", nmi_single_step},
		{"task_softirq_irq_and_nmi_at_once", storm},
		{"aux_packets_from_task_softirq_irq_and_nmi_at_once", aux_storm},
		{"aux_transactions_from_all_of_them_one_at_a_time", aux_transactions_storm},
		{"aux_whose_last_reference_an_nmi_drops", nmi_last_reference},
		{"user_state_of_a_64_bit_program_is_true_or_none", state_of_64_bits},
		{"user_state_of_a_32_bit_program_is_true_or_none", state_of_32_bits},
		{"user_state_of_a_kernel_thread_is_none", nmi_no_user_state},
	};
	int first = 0;
	unsigned int i;

	pr_info("KTAP version 1\n");
	pr_info("1..1\n");
	pr_info("    KTAP version 1\n");
	pr_info("    # Subtest: ring_nmi\n");
	pr_info("    1..%zu\n", ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		int ret = tests[i].run();

		pr_info("    %sok %u %s\n", ret ? "not " : "", i + 1, tests[i].name);
		first = first ? first : ret;
	}
	pr_info("%sok 1 ring_nmi\n", first ? "not " : "");
	return first;
}

static int __init nmi_test_start(void)
{
	int ret;

	other_cpu = cpumask_first(cpu_online_mask);
	writer_cpu = cpumask_next(other_cpu, cpu_online_mask);
	if (writer_cpu >= nr_cpu_ids) {
		pr_err("perfbuf_nmi: this test wants two CPUs\n");
		return -ENODEV;
	}
	ret = pb_defer_start();
	if (ret)
		return ret;
	ret = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "perfbuf_nmi");
	if (!ret) {
		ret = run_all();
		/* One may still be on its way. */
		msleep(50);
		unregister_nmi_handler(NMI_LOCAL, "perfbuf_nmi");
	}
	if (ret)
		pb_defer_stop();
	return ret;
}

static void __exit nmi_test_stop(void)
{
	pb_defer_stop();
}

module_init(nmi_test_start);
module_exit(nmi_test_stop);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The perfbuf authors");
MODULE_DESCRIPTION("perfbuf's ring under real NMIs");
