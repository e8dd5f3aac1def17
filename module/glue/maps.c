// SPDX-License-Identifier: GPL-2.0
/*
 * A kretprobe of perf_event_mmap(), and the description of the vm_area_struct that it finds.
 * docs/design-sideband.md says why that function is probed.
 *
 * The mapping's owner holds mmap_lock, so the VMA and its file stay.
 */
#include "maps.h"

#include "generated/config.h"

#include <linux/fs.h>
#include <linux/hugetlb_inline.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>

/* perf's, for the names that are not paths. */
#define SHORT_NAME_BYTES 16

/* At most so many tasks may be preempted or asleep in perf_event_mmap(); a mapping by one more is
 * missed. */
#define HITS_AT_ONCE 1024

/* A name for each CPU: the probe's work is done in tasks only and with preemption off. */
struct map_name {
	char text[PATH_MAX];
} __aligned(sizeof(u64));

static struct map_name __percpu *names;

static const char *path_of(struct file *file, char *to, int bytes)
{
#ifdef PB_HAVE_FILE_USER_PATH
	return d_path(file_user_path(file), to, bytes);
#else
	return file_path(file, to, bytes);
#endif
}

static const struct inode *inode_of(struct file *file)
{
#ifdef PB_HAVE_FILE_USER_PATH
	return file_user_inode(file);
#else
	return file_inode(file);
#endif
}

static const char *name_without_file(struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_ops && vma->vm_ops->name) {
		const char *name = vma->vm_ops->name(vma);

		if (name)
			return name;
	}
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return "//anon";
}

static void fill_file(struct pb_map *map, struct file *file, char *scratch)
{
	const struct inode *inode = inode_of(file);

	map->major = MAJOR(inode->i_sb->s_dev);
	map->minor = MINOR(inode->i_sb->s_dev);
	map->inode = inode->i_ino;
	map->inode_generation = inode->i_generation;
	/* d_path() builds a path from the end backwards; the zeros behind it need space. */
	map->name = path_of(file, scratch, PATH_MAX - sizeof(u64));
	if (!IS_ERR(map->name))
		return;
	/* As in perf, a file that cannot be named is not described either. */
	map->major = 0;
	map->minor = 0;
	map->inode = 0;
	map->inode_generation = 0;
	map->name = "//toolong";
}

static void fill_rights(struct pb_map *map, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_READ)
		map->prot |= PROT_READ;
	if (vma->vm_flags & VM_WRITE)
		map->prot |= PROT_WRITE;
	if (vma->vm_flags & VM_EXEC)
		map->prot |= PROT_EXEC;
	map->flags = vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : MAP_PRIVATE;
	if (vma->vm_flags & VM_LOCKED)
		map->flags |= MAP_LOCKED;
	if (is_vm_hugetlb_page(vma))
		map->flags |= MAP_HUGETLB;
	map->is_exec = !!(vma->vm_flags & VM_EXEC);
}

/* Zeros up to the next multiple of 8, in the scratch. */
static void pad_name(struct pb_map *map, char *scratch)
{
	char *name = (char *)map->name;
	u32 bytes;

	if (name < scratch || name >= scratch + PATH_MAX) {
		strscpy(scratch, map->name, SHORT_NAME_BYTES);
		name = scratch;
	}
	bytes = strlen(name) + 1;
	while (bytes % sizeof(u64))
		name[bytes++] = '\0';
	map->name = name;
	map->name_bytes = bytes;
}

struct hit {
	struct vm_area_struct *vma;
};

/*
 * On entry we may be inside a breakpoint, which counts as an NMI: nothing that takes a lock may be
 * done. On return we are in the task as its function is, with preemption off.
 */
static int on_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct hit *hit = (struct hit *)instance->data;

	hit->vma = (struct vm_area_struct *)regs_get_kernel_argument(regs, 0);
	return 0;
}

static int on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct vm_area_struct *vma = ((struct hit *)instance->data)->vma;
	struct pb_map map = {
		.start = vma->vm_start,
		.bytes = vma->vm_end - vma->vm_start,
		.file_offset = (u64)vma->vm_pgoff << PAGE_SHIFT,
	};
	unsigned long flags;
	char *scratch;

	preempt_disable();
	scratch = this_cpu_ptr(names)->text;
	fill_rights(&map, vma);
	if (vma->vm_file)
		fill_file(&map, vma->vm_file, scratch);
	else
		map.name = name_without_file(vma);
	pad_name(&map, scratch);

	local_irq_save(flags);
	perfbuf_memory_mapped(&map, smp_processor_id());
	local_irq_restore(flags);
	preempt_enable();
	return 0;
}

static struct kretprobe mmap_probe;

int pb_maps_attach(void)
{
	int ret;

	names = alloc_percpu(struct map_name);
	if (!names)
		return -ENOMEM;

	/* Anew for each registration: register_kretprobe() sets fields that must be zero before. */
	mmap_probe = (struct kretprobe){
		.kp.symbol_name = "perf_event_mmap",
		.entry_handler = on_entry,
		.handler = on_return,
		.data_size = sizeof(struct hit),
		.maxactive = HITS_AT_ONCE,
	};
	ret = register_kretprobe(&mmap_probe);
	if (!ret)
		return 0;
	free_percpu(names);
	/* For any other error the function cannot be probed on this kernel. */
	return ret == -ENOMEM ? ret : -EOPNOTSUPP;
}

void pb_maps_detach(void)
{
	unregister_kretprobe(&mmap_probe);
	free_percpu(names);
}
