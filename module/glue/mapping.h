/* SPDX-License-Identifier: GPL-2.0 */
/* For C only: the mmap file operation. */
#ifndef PERFBUF_GLUE_MAPPING_H
#define PERFBUF_GLUE_MAPPING_H

struct vm_area_struct;

/* mmap(2) of a node: sets up @vma. Process context, under mmap_lock for writing. @file: the C++
 * object of the open file. Returns 0 or a negative errno. */
int pb_vma_setup(void *file, struct vm_area_struct *vma);

#endif /* PERFBUF_GLUE_MAPPING_H */
