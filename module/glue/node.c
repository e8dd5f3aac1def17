// SPDX-License-Identifier: GPL-2.0
/* Device nodes and their directories in sysfs. */
#include "node.h"

#include "chrdev.h"
#include "entry.h"
#include "generated/config.h"
#include "glue.h"

#include <linux/device.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

/*
 * The kernel allocates and releases every sysfs object to which others may hold a reference,
 * because the last reference may be dropped after this module was unloaded.
 */

/* events/<event>: what its files show. */
struct event_directory {
	struct kobject *kobject;
	struct kobj_attribute id;
	struct bin_attribute format;
	const struct pb_node_event *event;
};

struct node {
	struct device *device;
	void *source;
	umode_t mode;
	bool announced;
	struct kobject *events; /* NULL: it has none */
	unsigned int event_count;
	struct event_directory directories[];
};

static struct class *perfbuf_class;

#ifdef PB_HAVE_BIN_ATTRIBUTE_CONST
typedef const struct bin_attribute read_attribute;
#else
typedef struct bin_attribute read_attribute;
#endif

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

	/* sysfs needs space for a NUL. */
	return perfbuf_source_show(node->source, attribute->attr.name, to, PAGE_SIZE - 1);
}

static ssize_t source_store(struct device *device, struct device_attribute *attribute,
			    const char *from, size_t bytes)
{
	const struct node *node = dev_get_drvdata(device);
	long ret = perfbuf_source_store(node->source, attribute->attr.name, from);

	return ret ? ret : bytes;
}

#define SOURCE_ATTRIBUTE(_name)                                                                    \
	static struct device_attribute attribute_##_name = __ATTR(_name, 0444, source_show, NULL)

static struct device_attribute attribute_recorder =
	__ATTR(recorder, 0644, source_show, source_store);

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
	&attribute_description.attr,  &attribute_files.attr,	      &attribute_rings.attr,
	&attribute_rates.attr,	      &attribute_records.attr,	      &attribute_bytes.attr,
	&attribute_lost.attr,	      &attribute_lost_full.attr,      &attribute_lost_paused.attr,
	&attribute_lost_too_big.attr, &attribute_lost_recursion.attr, &attribute_lost_no_ring.attr,
	&attribute_lost_context.attr, &attribute_recorder.attr,	      NULL,
};

/* Not cut at a page, as the others are. */
static ssize_t readers_read(struct file *filp, struct kobject *kobject, read_attribute *of,
			    char *to, loff_t position, size_t bytes)
{
	const struct node *node = dev_get_drvdata(kobj_to_dev(kobject));

	return perfbuf_readers_show(node->source, filp, position, to, bytes);
}

static struct bin_attribute readers_attribute = {
	.attr = {.name = "readers", .mode = 0444},
	.read = readers_read,
};

#ifdef PB_HAVE_ATTRIBUTE_GROUP_CONST
static const struct bin_attribute *const source_bin_attrs[] = {&readers_attribute, NULL};
#else
static struct bin_attribute *source_bin_attrs[] = {&readers_attribute, NULL};
#endif

static const struct attribute_group source_group = {
	.attrs = source_attrs,
	.bin_attrs = source_bin_attrs,
};
__ATTRIBUTE_GROUPS(source);

/*
 * device_add() sends its uevent before the events directory exists: uevents are suppressed until
 * the node is complete. An error keeps the uevent from user space.
 */
#ifdef PB_HAVE_CLASS_UEVENT_CONST
static int class_uevent(const struct device *device, struct kobj_uevent_env *env)
#else
static int class_uevent(struct device *device, struct kobj_uevent_env *env)
#endif
{
	const struct node *node = dev_get_drvdata(device);

	return node->announced ? 0 : -EAGAIN;
}

int pb_class_start(void)
{
#ifdef PB_HAVE_CLASS_HAS_OWNER
	struct class *made = class_create(THIS_MODULE, "perfbuf");
#else
	struct class *made = class_create("perfbuf");
#endif

	if (IS_ERR(made))
		return PTR_ERR(made);
	made->devnode = class_devnode;
	made->dev_groups = source_groups;
	made->dev_uevent = class_uevent;
	perfbuf_class = made;
	return 0;
}

void pb_class_stop(void)
{
	class_destroy(perfbuf_class);
}

/* ---------------------------------------------------------------- its events */

static ssize_t id_show(struct kobject *kobject, struct kobj_attribute *attribute, char *to)
{
	struct event_directory *of = container_of(attribute, struct event_directory, id);

	return sysfs_emit(to, "%u\n", of->event->id);
}

static ssize_t format_read(struct file *filp, struct kobject *kobject, read_attribute *of, char *to,
			   loff_t position, size_t bytes)
{
	const struct pb_node_event *event = of->private;

	return memory_read_from_buffer(to, bytes, &position, event->format, event->format_bytes);
}

static int add_event(struct node *node, const struct pb_node_event *event)
{
	struct event_directory *made = &node->directories[node->event_count];
	int ret;

	made->event = event;
	made->kobject = kobject_create_and_add(event->name, node->events);
	if (!made->kobject)
		return -ENOMEM;
	node->event_count++;
	sysfs_attr_init(&made->id.attr);
	made->id.attr.name = "id";
	made->id.attr.mode = 0444;
	made->id.show = id_show;
	ret = sysfs_create_file(made->kobject, &made->id.attr);
	if (ret)
		return ret;
	sysfs_bin_attr_init(&made->format);
	made->format.attr.name = "format";
	made->format.attr.mode = 0444;
	made->format.size = event->format_bytes;
	made->format.private = (void *)event;
	made->format.read = format_read;
	return sysfs_create_bin_file(made->kobject, &made->format);
}

/* Waits for readers of the attributes. */
static void remove_events(struct node *node)
{
	while (node->event_count) {
		struct kobject *directory = node->directories[--node->event_count].kobject;

		kobject_del(directory);
		kobject_put(directory);
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

int pb_node_create(const struct pb_node *wanted, void **made)
{
	struct node *node;
	int ret;

	node = kzalloc(struct_size(node, directories, wanted->event_count), GFP_KERNEL);
	if (!node)
		return -ENOMEM;
	node->source = wanted->source;
	node->mode = wanted->mode;
	node->device = device_create(perfbuf_class, NULL, MKDEV(pb_chrdev_major(), wanted->minor),
				     node, "%s", wanted->name);
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
	node->announced = true;
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
