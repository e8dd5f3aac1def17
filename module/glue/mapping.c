// SPDX-License-Identifier: GPL-2.0
/* Mappings of a ring in user space. */
#include "mapping.h"

#include "entry.h"
#include "generated/config.h"
#include "glue.h"

#include <linux/mm.h>

int pb_vma_insert(void *area, unsigned long index, unsigned long frame)
{
	struct vm_area_struct *vma = area;

	/* Without VM_SHARED the protection is that of copy-on-write: read-only, so a write asks
	 * pfn_mkwrite. */
	return remap_pfn_range(vma, vma->vm_start + (index << PAGE_SHIFT), frame, PAGE_SIZE,
			       vm_get_page_prot(vma->vm_flags & ~VM_SHARED));
}

void pb_vma_clear(void *area)
{
	struct vm_area_struct *vma = area;

#ifdef PB_HAVE_ZAP_SPECIAL_VMA_RANGE
	zap_special_vma_range(vma, vma->vm_start, vma->vm_end - vma->vm_start);
#else
	zap_vma_ptes(vma, vma->vm_start, vma->vm_end - vma->vm_start);
#endif
}

static void mapping_open(struct vm_area_struct *vma)
{
	perfbuf_mapping_open(vma->vm_file->private_data, vma->vm_private_data, vma->vm_pgoff);
}

static void mapping_close(struct vm_area_struct *vma)
{
	perfbuf_mapping_close(vma->vm_file->private_data, vma->vm_private_data, vma->vm_pgoff);
}

static int mapping_may_split(struct vm_area_struct *vma, unsigned long address)
{
	return -EINVAL;
}

static vm_fault_t mapping_mkwrite(struct vm_fault *fault)
{
	return fault->pgoff ? VM_FAULT_SIGBUS : 0;
}

static const struct vm_operations_struct mapping_operations = {
	.open = mapping_open,
	.close = mapping_close,
	.may_split = mapping_may_split,
	.pfn_mkwrite = mapping_mkwrite,
};

int pb_vma_setup(void *file, struct vm_area_struct *vma)
{
	const struct pb_vma_request request = {
		.vma = vma,
		.bytes = vma->vm_end - vma->vm_start,
		.page_offset = vma->vm_pgoff,
		/* A file that is open for reading only loses VM_SHARED, but not this. */
		.is_shared = !!(vma->vm_flags & VM_MAYSHARE),
		.is_writable = !!(vma->vm_flags & VM_WRITE),
	};
	int ret;

#ifdef PB_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
#else
	vma->vm_flags |= VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP;
#endif
	ret = perfbuf_file_mmap(file, &request, &vma->vm_private_data);
	if (!ret)
		vma->vm_ops = &mapping_operations;
	return ret;
}
