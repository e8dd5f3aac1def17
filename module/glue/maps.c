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

/* A path for each CPU: the probe's work is done in tasks only and with preemption off. */
struct map_path {
	char text[PATH_MAX];
} __aligned(sizeof(u64));

static struct map_path __percpu *paths;

static char *path_of(struct file *file, char *to, int bytes)
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

static void fill_file(struct pb_map *map, struct file *file, char *scratch)
{
	const struct inode *inode = inode_of(file);
	char *path;

	map->is_file = 1;
	map->file = (struct pb_map_file){
		.inode = inode->i_ino,
		.inode_generation = inode->i_generation,
		.major = MAJOR(inode->i_sb->s_dev),
		.minor = MINOR(inode->i_sb->s_dev),
	};
	/* d_path() builds a path from the end backwards; the zeros behind it need space. */
	path = path_of(file, scratch, PATH_MAX - sizeof(u64));
	if (IS_ERR(path))
		return;
	map->path = path;
	map->path_bytes = strlen(path) + 1;
}

static void fill_memory(struct pb_map *map, struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_ops && vma->vm_ops->name)
		map->name = vma->vm_ops->name(vma);
	map->heap_start = mm->start_brk;
	map->heap_end = mm->brk;
	map->stack_start = mm->start_stack;
}

/* VM_* as mmap(2) has them. */
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

	preempt_disable();
	fill_rights(&map, vma);
	if (vma->vm_file)
		fill_file(&map, vma->vm_file, this_cpu_ptr(paths)->text);
	else
		fill_memory(&map, vma);

	local_irq_save(flags);
	perfbuf_memory_mapped(&map, smp_processor_id());
	local_irq_restore(flags);
	preempt_enable();
	return 0;
}

static struct kretprobe mmap_probe;

int pb_maps_attach(unsigned int tasks_max)
{
	int ret;

	paths = alloc_percpu(struct map_path);
	if (!paths)
		return -ENOMEM;

	/* Anew for each registration: register_kretprobe() sets fields that must be zero before. */
	mmap_probe = (struct kretprobe){
		.kp.symbol_name = "perf_event_mmap",
		.entry_handler = on_entry,
		.handler = on_return,
		.data_size = sizeof(struct hit),
		.maxactive = tasks_max,
	};
	ret = register_kretprobe(&mmap_probe);
	if (ret)
		free_percpu(paths);
	return ret;
}

void pb_maps_detach(void)
{
	unregister_kretprobe(&mmap_probe);
	free_percpu(paths);
}
