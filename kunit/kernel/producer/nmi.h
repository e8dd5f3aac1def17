/* SPDX-License-Identifier: GPL-2.0 */
/* NMIs that a test sends, and a reset of the machine, by architecture: nmi_$(SRCARCH).c. */
#ifndef PERFBUF_TEST_NMI_H
#define PERFBUF_TEST_NMI_H

/* Process context. @handler is called for each NMI that test_nmi_send() sends. 0 or a negative
 * errno. */
int test_nmi_init(void (*handler)(void));
/* Process context. None is sent any more. */
void test_nmi_exit(void);
/* Sends one to @cpu, if none is on its way there; none where the architecture has none. Preemption
 * off. */
void test_nmi_send(unsigned int cpu);
/* Process context. On return those that were sent have come. */
void test_nmi_wait(void);

/* The machine resets, and the kernel does not notice where the architecture can do so. Any
 * context. */
void test_triple_fault(void);

#endif
