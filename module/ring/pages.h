/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that the ring calls in the memory and interrupt code below it: a C ABI of
 * plain types. module/glue/{pages,wake}.c implement it in the kernel,
 * kunit/host/ on the host.
 */
#ifndef PERFBUF_RING_PAGES_H
#define PERFBUF_RING_PAGES_H

#ifdef __cplusplus
#define PB_NOEXCEPT noexcept
extern "C" {
#else
#define PB_NOEXCEPT
#endif

/*
 * 2^@order pages, zeroed, physically contiguous, on @node (-1: any). NULL if there are none;
 * never wakes the OOM killer. Process context, may sleep.
 */
void *pb_pages_alloc(int node, unsigned int order) PB_NOEXCEPT;
/* Process or softirq. */
void pb_pages_free(void *address, unsigned int order) PB_NOEXCEPT;

/*
 * @bytes (whole pages) of virtually contiguous, zeroed memory that may be mapped to user space;
 * with @mirrored the same pages stand twice in a row, so an access may run over the end.
 * NULL if there is none. Process context, may sleep.
 */
void *pb_vmalloc_alloc(unsigned long bytes, int node, int mirrored) PB_NOEXCEPT;
void pb_vmalloc_free(void *address, unsigned long bytes, int mirrored) PB_NOEXCEPT;

/* The page frame that backs a kernel address of the functions above. Process context. */
unsigned long pb_page_frame(const void *address) PB_NOEXCEPT;

/*
 * irq_work. @work is PB_SIZEOF_IRQ_WORK bytes; @run is called in hard irq soon after a raise.
 * Raising: any context, NMI included. Syncing: process context, sleeps.
 */
void pb_irq_work_init(void *work, void (*run)(void *work)) PB_NOEXCEPT;
void pb_irq_work_raise(void *work) PB_NOEXCEPT;
void pb_irq_work_sync(void *work) PB_NOEXCEPT;

/*
 * A timer that calls @run once in hard irq. Starting: irq or softirq context, on the CPU where it
 * is to run; starting again moves it. Destroying: process context; on return it neither runs nor
 * waits. NULL if there is no memory.
 */
void *pb_alarm_create(void (*run)(void *argument), void *argument) PB_NOEXCEPT;
void pb_alarm_start(void *alarm, unsigned long long ns) PB_NOEXCEPT;
void pb_alarm_destroy(void *alarm) PB_NOEXCEPT;

/*
 * Orders the stores that @cpu has made (-1: each CPU): if the caller has seen one of them, it sees
 * after the call those that @cpu made before it. 0: done, and the caller's own accesses are ordered
 * as by smp_mb(), also if @cpu is offline; -EOPNOTSUPP: @cpu is -1, and stores of this architecture
 * come in any order. Process context, interrupts on; with -1 any context.
 */
int pb_order_stores(int cpu) PB_NOEXCEPT;

/* A clock for durations, ns. Any context, NMI included. */
unsigned long long pb_duration_clock_ns(void) PB_NOEXCEPT;

/*
 * Copy from the current task's user memory without taking a fault. Returns the bytes that
 * could NOT be copied. Any context, NMI included.
 */
unsigned long pb_copy_from_user_nofault(void *to, unsigned long user_address,
					unsigned long bytes) PB_NOEXCEPT;

/* The charge for a ring's pages and the account that pays; the device's glue fills it in and
 * credits it. */
struct pb_charge {
	void *user;
	void *mm;
	unsigned long user_pages;
	unsigned long mm_pages;
	/* Of the device: whose account, and what it was charged. */
	void *account;
	unsigned long pages;
	int is_ring;
};

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_RING_PAGES_H */
