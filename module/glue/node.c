// SPDX-License-Identifier: GPL-2.0
/* Device nodes and their directories in sysfs. */
#include "node.h"

#include "chrdev.h"
#include "entry.h"
#include "generated/config.h"

#include <linux/device.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

/* events/<event>; freed when the last user of its directory has gone. */
struct event_directory {
	struct kobject kobject;
	struct bin_attribute format;
	const struct pb_node_event *event;
};

struct node {
	struct device *device;
	void *source;
	umode_t mode;
	struct kobject *events; /* NULL: it has none */
	unsigned int event_count;
	struct event_directory *directories[];
};

static struct class perfbuf_class;

/* ---------------------------------------------------------------- a source */

#ifdef PB_HAVE_CLASS_DEVNODE_CONST
static char *class_devnode(const struct device *device, umode_t *mode)
#else
static char *class_devnode(struct device *device, umode_t *mode)
#endif
{
	const struct node *node = dev_get_drvdata(device);

	if (mode)
		*mode = node->mode;
	return kasprintf(GFP_KERNEL, "perfbuf/%s", dev_name(device));
}

static ssize_t source_show(struct device *device, struct device_attribute *attribute, char *to)
{
	const struct node *node = dev_get_drvdata(device);

	/* sysfs wants room for a NUL. */
	return perfbuf_source_show(node->source, attribute->attr.name, to, PAGE_SIZE - 1);
}

#define SOURCE_ATTRIBUTE(_name)                                                                    \
	static struct device_attribute attribute_##_name = __ATTR(_name, 0444, source_show, NULL)

SOURCE_ATTRIBUTE(description);
SOURCE_ATTRIBUTE(files);
SOURCE_ATTRIBUTE(rings);
SOURCE_ATTRIBUTE(rates);
SOURCE_ATTRIBUTE(records);
SOURCE_ATTRIBUTE(bytes);
SOURCE_ATTRIBUTE(lost);
SOURCE_ATTRIBUTE(lost_full);
SOURCE_ATTRIBUTE(lost_paused);
SOURCE_ATTRIBUTE(lost_too_big);
SOURCE_ATTRIBUTE(lost_recursion);
SOURCE_ATTRIBUTE(lost_no_ring);
SOURCE_ATTRIBUTE(lost_context);

static struct attribute *source_attrs[] = {
	&attribute_description.attr,	&attribute_files.attr,
	&attribute_rings.attr,		&attribute_rates.attr,
	&attribute_records.attr,	&attribute_bytes.attr,
	&attribute_lost.attr,		&attribute_lost_full.attr,
	&attribute_lost_paused.attr,	&attribute_lost_too_big.attr,
	&attribute_lost_recursion.attr, &attribute_lost_no_ring.attr,
	&attribute_lost_context.attr,	NULL,
};

/* Not cut at a page, as the others are. */
static ssize_t readers_read(struct file *filp, struct kobject *kobject, struct bin_attribute *of,
			    char *to, loff_t position, size_t bytes)
{
	const struct node *node = dev_get_drvdata(kobj_to_dev(kobject));

	return perfbuf_readers_show(node->source, position, to, bytes);
}

static struct bin_attribute readers_attribute = {
	.attr = {.name = "readers", .mode = 0444},
	.read = readers_read,
};

static struct bin_attribute *source_bin_attrs[] = {&readers_attribute, NULL};

static const struct attribute_group source_group = {
	.attrs = source_attrs,
	.bin_attrs = source_bin_attrs,
};
__ATTRIBUTE_GROUPS(source);

static struct class perfbuf_class = {
	.name = "perfbuf",
	.devnode = class_devnode,
	.dev_groups = source_groups,
};

int pb_class_start(void)
{
	return class_register(&perfbuf_class);
}

void pb_class_stop(void)
{
	class_unregister(&perfbuf_class);
}

/* ---------------------------------------------------------------- its events */

static ssize_t id_show(struct kobject *kobject, struct kobj_attribute *attribute, char *to)
{
	struct event_directory *of = container_of(kobject, struct event_directory, kobject);

	return sysfs_emit(to, "%u\n", of->event->id);
}

static struct kobj_attribute id_attribute = __ATTR_RO(id);

static struct attribute *event_attrs[] = {&id_attribute.attr, NULL};
ATTRIBUTE_GROUPS(event);

static void event_release(struct kobject *kobject)
{
	kfree(container_of(kobject, struct event_directory, kobject));
}

static const struct kobj_type event_type = {
	.release = event_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = event_groups,
};

static ssize_t format_read(struct file *filp, struct kobject *kobject, struct bin_attribute *of,
			   char *to, loff_t position, size_t bytes)
{
	const struct pb_node_event *event = of->private;

	return memory_read_from_buffer(to, bytes, &position, event->format, event->format_bytes);
}

static int add_event(struct node *node, const struct pb_node_event *event)
{
	struct event_directory *made = kzalloc(sizeof(*made), GFP_KERNEL);
	int ret;

	if (!made)
		return -ENOMEM;
	made->event = event;
	ret = kobject_init_and_add(&made->kobject, &event_type, node->events, "%s", event->name);
	if (ret) {
		kobject_put(&made->kobject);
		return ret;
	}
	node->directories[node->event_count++] = made;
	sysfs_bin_attr_init(&made->format);
	made->format.attr.name = "format";
	made->format.attr.mode = 0444;
	made->format.size = event->format_bytes;
	made->format.private = (void *)event;
	made->format.read = format_read;
	return sysfs_create_bin_file(&made->kobject, &made->format);
}

static void remove_events(struct node *node)
{
	while (node->event_count) {
		struct event_directory *one = node->directories[--node->event_count];

		kobject_del(&one->kobject);
		kobject_put(&one->kobject);
	}
	if (node->events) {
		kobject_del(node->events);
		kobject_put(node->events);
	}
}

static int add_events(struct node *node, const struct pb_node *wanted)
{
	unsigned int i;
	int ret;

	if (!wanted->event_count)
		return 0;
	node->events = kobject_create_and_add("events", &node->device->kobj);
	if (!node->events)
		return -ENOMEM;
	for (i = 0; i < wanted->event_count; i++) {
		ret = add_event(node, &wanted->events[i]);
		if (ret) {
			remove_events(node);
			return ret;
		}
	}
	return 0;
}

/* ---------------------------------------------------------------- the node */

static void device_released(struct device *device)
{
	kfree(device);
}

/* device_add() announces the device; it is told to be silent until all of it is there. */
static struct device *make_device(struct node *node, const struct pb_node *wanted)
{
	struct device *device = kzalloc(sizeof(*device), GFP_KERNEL);
	int ret;

	if (!device)
		return ERR_PTR(-ENOMEM);
	device_initialize(device);
	device->devt = MKDEV(pb_chrdev_major(), wanted->minor);
	device->class = &perfbuf_class;
	device->release = device_released;
	dev_set_drvdata(device, node);
	dev_set_uevent_suppress(device, 1);
	ret = dev_set_name(device, "%s", wanted->name);
	if (!ret)
		ret = device_add(device);
	if (ret) {
		put_device(device);
		return ERR_PTR(ret);
	}
	return device;
}

int pb_node_create(const struct pb_node *wanted, void **made)
{
	struct node *node;
	int ret;

	node = kzalloc(struct_size(node, directories, wanted->event_count), GFP_KERNEL);
	if (!node)
		return -ENOMEM;
	node->source = wanted->source;
	node->mode = wanted->mode;
	node->device = make_device(node, wanted);
	if (IS_ERR(node->device)) {
		ret = PTR_ERR(node->device);
		kfree(node);
		return ret;
	}
	ret = add_events(node, wanted);
	if (ret) {
		device_unregister(node->device);
		kfree(node);
		return ret;
	}
	dev_set_uevent_suppress(node->device, 0);
	kobject_uevent(&node->device->kobj, KOBJ_ADD);
	*made = node;
	return 0;
}

void pb_node_destroy(void *made)
{
	struct node *node = made;

	remove_events(node);
	device_unregister(node->device);
	kfree(node);
}
