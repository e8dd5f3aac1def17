// SPDX-License-Identifier: GPL-2.0
/* Memory for rings: ring/pages.h on the kernel. */
#include "ring/pages.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arch.h"

/* If memory is short, the allocation fails; the OOM killer does not run. */
#define RING_GFP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

void *pb_pages_alloc(int node, unsigned int order)
{
	struct page *page = alloc_pages_node(node, RING_GFP | (order ? __GFP_COMP : 0), order);

	return page ? page_address(page) : NULL;
}

void pb_pages_free(void *address, unsigned int order)
{
	free_pages((unsigned long)address, order);
}

/* vmap() of single pages, the list once or twice; the pages are found again through the mapping. */
void *pb_vmalloc_alloc(unsigned long bytes, int node, int mirrored)
{
	unsigned long count = bytes >> PAGE_SHIFT;
	unsigned long mapped = mirrored ? 2 * count : count;
	struct page **pages = kvcalloc(mapped, sizeof(*pages), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	void *address = NULL;
	unsigned long i;

	if (!pages)
		return NULL;
	for (i = 0; i < count; i++) {
		pages[i] = alloc_pages_node(node, RING_GFP, 0);
		if (!pages[i])
			break;
		if (mirrored)
			pages[count + i] = pages[i];
	}
	if (i == count)
		address = vmap(pages, mapped, VM_MAP, PAGE_KERNEL);
	while (!address && i--)
		__free_page(pages[i]);
	kvfree(pages);
	return address;
}

void pb_vmalloc_free(void *address, unsigned long bytes, int mirrored)
{
	unsigned long count = bytes >> PAGE_SHIFT;
	struct page *page, *next;
	unsigned long i;

	/* The pages cannot be found once the mapping is gone: link them by their private word
	 * first.
	 */
	next = NULL;
	for (i = 0; i < count; i++) {
		page = vmalloc_to_page(address + (i << PAGE_SHIFT));
		set_page_private(page, (unsigned long)next);
		next = page;
	}
	vunmap(address);
	while ((page = next)) {
		next = (struct page *)page_private(page);
		set_page_private(page, 0);
		__free_page(page);
	}
}

unsigned long pb_page_frame(const void *address)
{
	if (is_vmalloc_addr(address))
		return vmalloc_to_pfn(address);
	return page_to_pfn(virt_to_page(address));
}

unsigned long pb_copy_from_user_nofault(void *to, unsigned long user_address, unsigned long bytes)
{
	return pb_arch_copy_from_user(to, (const void __user *)user_address, bytes);
}
