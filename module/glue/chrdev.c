// SPDX-License-Identifier: GPL-2.0
/* The files of /dev/perfbuf/: one cdev for all sources. Their nodes are in node.c. */
#include "chrdev.h"

#include "entry.h"
#include "glue.h"
#include "mapping.h"

#include <linux/cdev.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/wait.h>

#define MINORS PB_MINORS

static dev_t first_device;
static struct cdev *char_device; /* the kernel's code releases it, as in node.c */

static int file_open(struct inode *inode, struct file *filp)
{
	/* There is no position: lseek() and pread() are ESPIPE. */
	nonseekable_open(inode, filp);
	return perfbuf_file_open(iminor(inode), &filp->private_data);
}

static int file_release(struct inode *inode, struct file *filp)
{
	perfbuf_file_release(filp->private_data);
	return 0;
}

static ssize_t file_read(struct file *filp, char __user *to, size_t bytes, loff_t *position)
{
	return perfbuf_file_read(filp->private_data, (__u64)(unsigned long)to, bytes);
}

/* Without write_iter the kernel calls it for each part of a writev(). */
static ssize_t file_write(struct file *filp, const char __user *from, size_t bytes,
			  loff_t *position)
{
	return perfbuf_file_write(filp->private_data, (__u64)(unsigned long)from, bytes);
}

static long file_ioctl(struct file *filp, unsigned int request, unsigned long argument)
{
	return perfbuf_file_ioctl(filp->private_data, filp, request, argument);
}

#ifdef CONFIG_COMPAT
static long file_compat_ioctl(struct file *filp, unsigned int request, unsigned long argument)
{
	return perfbuf_file_ioctl(filp->private_data, filp, perfbuf_compat_request(request),
				  (unsigned long)compat_ptr(argument));
}
#endif

static __poll_t file_poll(struct file *filp, struct poll_table_struct *table)
{
	poll_wait(filp, perfbuf_file_waitqueue(filp->private_data), table);
	return (__force __poll_t)perfbuf_file_poll(filp->private_data);
}

static int file_fasync(int fd, struct file *filp, int on)
{
	return fasync_helper(fd, filp, on,
			     (struct fasync_struct **)perfbuf_file_fasync(filp->private_data));
}

static int file_mmap(struct file *filp, struct vm_area_struct *vma)
{
	return pb_vma_setup(filp->private_data, vma);
}

static const struct file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.read = file_read,
	.write = file_write,
	.unlocked_ioctl = file_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = file_compat_ioctl,
#endif
	.poll = file_poll,
	.fasync = file_fasync,
	.mmap = file_mmap,
};

void *pb_fd_get(int fd)
{
	return fget(fd);
}

void pb_fd_put(void *filp)
{
	fput(filp);
}

void *pb_file_object(void *held)
{
	struct file *filp = held;

	return filp->f_op == &file_ops ? filp->private_data : NULL;
}

int pb_file_is_readable(void *held)
{
	struct file *filp = held;

	return !!(filp->f_mode & FMODE_READ);
}

int pb_file_is_writable(void *held)
{
	struct file *filp = held;

	return !!(filp->f_mode & FMODE_WRITE);
}

void pb_waitqueue_init(void *waitqueue)
{
	init_waitqueue_head((wait_queue_head_t *)waitqueue);
}

void pb_file_wake(void *waitqueue, void **fasync, int hangup)
{
	wake_up_all((wait_queue_head_t *)waitqueue);
	kill_fasync((struct fasync_struct **)fasync, SIGIO, hangup ? POLL_HUP : POLL_IN);
}

/* ---------------------------------------------------------------- the numbers */

unsigned int pb_chrdev_major(void)
{
	return MAJOR(first_device);
}

int pb_chrdev_start(void)
{
	int ret;

	ret = alloc_chrdev_region(&first_device, 0, MINORS, "perfbuf");
	if (ret)
		return ret;
	ret = pb_class_start();
	if (ret)
		unregister_chrdev_region(first_device, MINORS);
	return ret;
}

int pb_chrdev_publish(void)
{
	int ret;

	char_device = cdev_alloc();
	if (!char_device)
		return -ENOMEM;
	char_device->ops = &file_ops;
	char_device->owner = THIS_MODULE;
	ret = cdev_add(char_device, first_device, MINORS);
	if (ret)
		kobject_put(&char_device->kobj);
	return ret;
}

void pb_chrdev_withdraw(void)
{
	cdev_del(char_device);
}

void pb_chrdev_stop(void)
{
	pb_class_stop();
	unregister_chrdev_region(first_device, MINORS);
}
