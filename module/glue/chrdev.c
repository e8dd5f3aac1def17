// SPDX-License-Identifier: GPL-2.0
/* Character devices: /dev/perfbuf/<source>, one class, one cdev. */
#include "chrdev.h"

#include "entry.h"
#include "generated/config.h"
#include "glue.h"
#include "mapping.h"

#include <linux/cdev.h>
#include <linux/compat.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>

#define MINORS 256

static dev_t first_device;
static struct cdev char_device;

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
	.unlocked_ioctl = file_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = file_compat_ioctl,
#endif
	.poll = file_poll,
	.fasync = file_fasync,
	.mmap = file_mmap,
};

void *pb_fd_get(int fd, void **held)
{
	struct file *filp = fget(fd);

	if (!filp)
		return NULL;
	if (filp->f_op != &file_ops) {
		fput(filp);
		return NULL;
	}
	*held = filp;
	return filp->private_data;
}

void pb_fd_put(void *held)
{
	fput(held);
}

int pb_fd_exists(int fd)
{
	struct file *filp = fget(fd);

	if (!filp)
		return 0;
	fput(filp);
	return 1;
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

/* ---------------------------------------------------------------- the class */

#ifdef PB_HAVE_CLASS_DEVNODE_CONST
static char *class_devnode(const struct device *device, umode_t *mode)
#else
static char *class_devnode(struct device *device, umode_t *mode)
#endif
{
	return kasprintf(GFP_KERNEL, "perfbuf/%s", dev_name(device));
}

static ssize_t source_show(struct device *device, struct device_attribute *attribute, char *to)
{
	return perfbuf_source_show(MINOR(device->devt), attribute->attr.name, to, PAGE_SIZE);
}

#define SOURCE_ATTRIBUTE(_name)                                                                    \
	static struct device_attribute attribute_##_name = __ATTR(_name, 0444, source_show, NULL)

SOURCE_ATTRIBUTE(description);
SOURCE_ATTRIBUTE(files);
SOURCE_ATTRIBUTE(rings);
SOURCE_ATTRIBUTE(records);
SOURCE_ATTRIBUTE(lost);
SOURCE_ATTRIBUTE(lost_full);
SOURCE_ATTRIBUTE(lost_paused);
SOURCE_ATTRIBUTE(lost_too_big);
SOURCE_ATTRIBUTE(lost_recursion);
SOURCE_ATTRIBUTE(lost_no_ring);

static struct attribute *source_attributes[] = {
	&attribute_description.attr,
	&attribute_files.attr,
	&attribute_rings.attr,
	&attribute_records.attr,
	&attribute_lost.attr,
	&attribute_lost_full.attr,
	&attribute_lost_paused.attr,
	&attribute_lost_too_big.attr,
	&attribute_lost_recursion.attr,
	&attribute_lost_no_ring.attr,
	NULL,
};

static const struct attribute_group source_group = {
	.attrs = source_attributes,
};

static const struct attribute_group *source_groups[] = {
	&source_group,
	NULL,
};

static struct class perfbuf_class = {
	.name = "perfbuf",
	.devnode = class_devnode,
	.dev_groups = source_groups,
};

int pb_node_create(unsigned int minor, const char *name)
{
	dev_t device = MKDEV(MAJOR(first_device), minor);

	return PTR_ERR_OR_ZERO(device_create(&perfbuf_class, NULL, device, NULL, "%s", name));
}

void pb_node_destroy(unsigned int minor)
{
	device_destroy(&perfbuf_class, MKDEV(MAJOR(first_device), minor));
}

int pb_chrdev_start(void)
{
	int ret;

	ret = alloc_chrdev_region(&first_device, 0, MINORS, "perfbuf");
	if (ret)
		return ret;
	ret = class_register(&perfbuf_class);
	if (ret)
		unregister_chrdev_region(first_device, MINORS);
	return ret;
}

int pb_chrdev_publish(void)
{
	cdev_init(&char_device, &file_ops);
	char_device.owner = THIS_MODULE;
	return cdev_add(&char_device, first_device, MINORS);
}

void pb_chrdev_withdraw(void)
{
	cdev_del(&char_device);
}

void pb_chrdev_stop(void)
{
	class_unregister(&perfbuf_class);
	unregister_chrdev_region(first_device, MINORS);
}
