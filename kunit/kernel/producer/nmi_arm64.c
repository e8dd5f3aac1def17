// SPDX-License-Identifier: GPL-2.0
/* Debian's kernels have no pseudo-NMI: none is sent, and nothing is emitted in one. */
#include <linux/reboot.h>

#include "nmi.h"

void test_nmi_send(unsigned int cpu)
{
}

void test_nmi_wait(void)
{
}

int test_nmi_init(void (*handler)(void))
{
	return 0;
}

void test_nmi_exit(void)
{
}

void test_triple_fault(void)
{
	emergency_restart();
}
