// SPDX-License-Identifier: GPL-2.0
/*
 * The glue that the ring stands on, compiled into the test module with three
 * things in between: allocations are counted and can fail, and a warning that a
 * case expects is counted instead of printed.
 */
#define refcount_warn_saturate pb_test_refcount_saturated

#include "defer.h"
#include "support.h"

#include <cxxrt/platform.h>

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static atomic_t fail_in;
static atomic_long_t live;
static atomic_t warnings;
static bool warnings_expected;

static bool allocation_fails(void)
{
	return atomic_read(&fail_in) && atomic_dec_and_test(&fail_in);
}

static void *counted(void *made)
{
	if (made)
		atomic_long_inc(&live);
	return made;
}

static const void *uncounted(const void *freed)
{
	if (freed)
		atomic_long_dec(&live);
	return freed;
}

static void *real_kvzalloc(size_t bytes, gfp_t gfp)
{
	return kvzalloc(bytes, gfp);
}

static void *real_kzalloc(size_t bytes, gfp_t gfp)
{
	return kzalloc(bytes, gfp);
}

static void *real_kvcalloc(size_t n, size_t bytes, gfp_t gfp)
{
	return kvcalloc(n, bytes, gfp);
}

static struct page *real_alloc_pages_node(int node, gfp_t gfp, unsigned int order)
{
	return alloc_pages_node(node, gfp, order);
}

static void *real_vmap(struct page **pages, unsigned int n, unsigned long flags, pgprot_t prot)
{
	return vmap(pages, n, flags, prot);
}

static void real_free_pages(unsigned long address, unsigned int order)
{
	free_pages(address, order);
}

static void real_free_page_struct(struct page *page)
{
	__free_page(page);
}

/* From here on, what the glue calls. Newer kernels have these as macros of their own. */
#undef kvzalloc
#undef kzalloc
#undef kvcalloc
#undef alloc_pages_node
#undef vmap
#undef __free_page
#define kvzalloc(bytes, gfp)	counted(allocation_fails() ? NULL : real_kvzalloc(bytes, gfp))
#define kzalloc(bytes, gfp)	counted(allocation_fails() ? NULL : real_kzalloc(bytes, gfp))
#define kvcalloc(n, bytes, gfp) counted(allocation_fails() ? NULL : real_kvcalloc(n, bytes, gfp))
#define alloc_pages_node(node, gfp, order)                                                         \
	((struct page *)counted(allocation_fails() ? NULL                                          \
						   : real_alloc_pages_node(node, gfp, order)))
#define vmap(pages, n, flags, prot)                                                                \
	counted(allocation_fails() ? NULL : real_vmap(pages, n, flags, prot))
#define kvfree(memory)		   kvfree(uncounted(memory))
#define kfree(memory)		   kfree(uncounted(memory))
#define vunmap(address)		   vunmap(uncounted(address))
#define free_pages(address, order) (uncounted((void *)(address)), real_free_pages(address, order))
#define __free_page(page)	   (uncounted(page), real_free_page_struct(page))

void real_cxxrt_warn(const char *message);
#define cxxrt_warn real_cxxrt_warn

#include "../../module/glue/alarm.c"
#include "../../module/glue/cxxrt.c"
#include "../../module/glue/pages.c"
#include "../../module/glue/wake.c"

#undef cxxrt_warn

void cxxrt_warn(const char *message)
{
	if (warnings_expected)
		atomic_inc(&warnings);
	else
		real_cxxrt_warn(message);
}

void pb_test_refcount_saturated(refcount_t *r, enum refcount_saturation_type how)
{
	refcount_set(r, REFCOUNT_SATURATED);
	cxxrt_warn("refcount saturated");
}

void pb_test_expect_warnings(void)
{
	atomic_set(&warnings, 0);
	warnings_expected = true;
}

unsigned int pb_test_warnings(void)
{
	warnings_expected = false;
	return atomic_read(&warnings);
}

void pb_test_fail_allocation(unsigned int nth)
{
	atomic_set(&fail_in, nth);
}

long pb_test_live_allocations(void)
{
	return atomic_long_read(&live);
}

void pb_test_settle(void)
{
	int round;

	pb_test_settle_wakeups();
	/* The grace period queues the work, and the work may defer once more. */
	for (round = 0; round < 2; round++) {
		rcu_barrier();
		flush_workqueue(defer_queue);
	}
}
