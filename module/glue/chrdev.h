/* SPDX-License-Identifier: GPL-2.0 */
/* For C only: the device class and its numbers, at module load and unload. */
#ifndef PERFBUF_GLUE_CHRDEV_H
#define PERFBUF_GLUE_CHRDEV_H

int pb_chrdev_start(void);
void pb_chrdev_stop(void);
/* From here on a node can be opened, and no longer. */
int pb_chrdev_publish(void);
void pb_chrdev_withdraw(void);

#endif /* PERFBUF_GLUE_CHRDEV_H */
