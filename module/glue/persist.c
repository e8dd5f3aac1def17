// SPDX-License-Identifier: GPL-2.0
/* Memory that the kernel leaves alone: memmap= and reserve_mem=. */
#include "persist.h"

#include "generated/config.h"

#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

/* An address: not where the kernel is locked down, and not for everybody to see. */
static char *persist;
module_param_hw(persist, charp, other, 0400);
MODULE_PARM_DESC(persist,
		 "memory that keeps recorders over a warm reboot: SIZE@ADDRESS, reserved by "
		 "memmap=SIZE$ADDRESS, or the NAME of a reserve_mem=SIZE:4096:NAME");

const char *pb_param_persist(void)
{
	return persist;
}

void pb_log_persist(const char *parameter, const char *message)
{
	pr_notice("perfbuf: persist=%s: %s\n", parameter, message);
}

int pb_reserve_mem_find(const char *name, __u64 *physical, __u64 *bytes)
{
#ifdef PB_HAVE_RESERVE_MEM
	phys_addr_t start, size;

	if (!reserve_mem_find_by_name(name, &start, &size))
		return -ENOENT;
	*physical = start;
	*bytes = size;
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

int pb_memory_claim(__u64 physical, __u64 bytes)
{
	return request_mem_region(physical, bytes, "perfbuf") ? 0 : -EBUSY;
}

void pb_memory_release(__u64 physical, __u64 bytes)
{
	release_mem_region(physical, bytes);
}

void *pb_memory_map(__u64 physical, __u64 bytes)
{
	void *address = memremap(physical, bytes, MEMREMAP_WB);

	/* Rings in it point to other memory. What is in the linear map is known already. */
	if (address && is_vmalloc_addr(address))
		kmemleak_alloc(address, bytes, 0, GFP_KERNEL);
	return address;
}

void pb_memory_unmap(void *address)
{
	if (is_vmalloc_addr(address))
		kmemleak_free(address);
	memunmap(address);
}
