/* SPDX-License-Identifier: GPL-2.0 */
/* For C only: the device class and its numbers, at module load and unload. */
#ifndef PERFBUF_GLUE_CHRDEV_H
#define PERFBUF_GLUE_CHRDEV_H

/* The class of the nodes; chrdev.c starts and stops it with the rest. */
int pb_class_start(void);
void pb_class_stop(void);

unsigned int pb_chrdev_major(void);
int pb_chrdev_start(void);
void pb_chrdev_stop(void);
/* Allows, and no longer allows, opening a node. */
int pb_chrdev_publish(void);
void pb_chrdev_withdraw(void);

#endif /* PERFBUF_GLUE_CHRDEV_H */
