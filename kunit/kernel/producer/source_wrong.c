// SPDX-License-Identifier: GPL-2.0
/* Sources that perfbuf_source_register() refuses, each for another reason; and more sources than it
 * accepts. */
#include "source.h"

#include <linux/module.h>
#include <linux/slab.h>

#define TEST_EMPTY(F)
PERFBUF_EVENT(spare, TEST_EMPTY)

/* Registers a source with these members, and unregisters it. Returns what registration returned. */
static int try_source(const char *name, const char *description, struct perfbuf_event *const *of,
		      unsigned int count)
{
	static struct perfbuf_source wrong;
	int ret;

	wrong = (struct perfbuf_source){
		.name = name, .description = description, .events = of, .event_count = count};
	ret = perfbuf_source_register(&wrong);
	if (!ret)
		perfbuf_source_unregister(&wrong);
	return ret;
}

static struct perfbuf_field wrong_field;
static u32 wrong_bytes;

static void describe_wrong(struct perfbuf_layout *out)
{
	*out = (struct perfbuf_layout){&wrong_field, 1, wrong_bytes};
}

/* The same for a source with one event, which has one field and a payload of @bytes. */
static int try_field(struct perfbuf_field field, u32 bytes)
{
	static struct perfbuf_event event;
	static struct perfbuf_event *const only[] = {&event};

	event = (struct perfbuf_event){.listened = STATIC_KEY_FALSE_INIT,
				       .name = "wrong",
				       .describe = describe_wrong,
				       .bytes = bytes};
	wrong_field = field;
	wrong_bytes = bytes;
	return try_source("wrong", "wrong", only, 1);
}

int register_wrong(unsigned int which)
{
	static struct perfbuf_event *const twice[] = {&spare_event, &spare_event};
	static struct perfbuf_event *const none[] = {NULL};
	static struct perfbuf_event dashed;
	static struct perfbuf_event *const with_dash[] = {&dashed};
	const struct perfbuf_field good = {
		.type = "u32", .name = "field", .offset = 8, .bytes = 4, .elements = 1};
	struct perfbuf_field field = good;

	dashed = spare_event;
	dashed.name = "a-b";
	switch (which) {
	case 0:
		return try_source("testdev", "the name of another", NULL, 0);
	case 1:
		return perfbuf_source_register(&test_source);
	case 2:
		return try_source("a/b", "a path", NULL, 0);
	case 3:
		return try_source("", "no name", NULL, 0);
	case 4:
		return try_source("..", "a directory", NULL, 0);
	case 5:
		return try_source(NULL, "no name", NULL, 0);
	case 6:
		return try_source("a234567890123456789012345678901x", "32 characters", NULL, 0);
	case 7:
		return try_source("nodesc", NULL, NULL, 0);
	case 8:
		return try_source("twice", "an event twice", twice, 2);
	case 9:
		return try_source("taken", "an event of another", test_events, 1);
	case 10:
		return try_source("none", "an event that is not", none, 1);
	case 11:
		return try_source("dash", "an event that perf could not name", with_dash, 1);
	case 12:
		return perfbuf_source_register_abi(&test_source, THIS_MODULE, PERFBUF_ABI + 1);
	case 13: /* a field too long */
		field.bytes = field.elements = PERFBUF_FIXED_MAX;
		field.kind = PERFBUF_KIND_CHARS;
		return try_field(field, 8 + PERFBUF_FIXED_MAX);
	case 14:
		field.type = "float";
		return try_field(field, 12);
	case 15:
		field.name = "common_pid";
		return try_field(field, 12);
	case 16:
		field.name = "with space";
		return try_field(field, 12);
	case 17: /* over the end */
		return try_field(field, 11);
	case 18: /* among the common fields */
		field.offset = 4;
		return try_field(field, 12);
	case 19:
		field.kind = PERFBUF_KIND_ENUM;
		return try_field(field, 12);
	case 20:
		field.kind = 99;
		return try_field(field, 12);
	case 21: /* a type that is not as large */
		field.type = "u64";
		return try_field(field, 12);
	case 22: /* and one that is good */
		return try_field(good, 12);
	case 23:
		return try_source("again", "the spare event", twice, 1);
	case 24:
		return try_source("a23456789012345678901234567890x", "31 characters", NULL, 0);
	}
	return -ENOENT;
}

int register_many(void)
{
	struct crowded {
		struct perfbuf_source source;
		char name[16];
	} * all;
	const int most = 300;
	int made, ret = 0;

	all = kcalloc(most, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	for (made = 0; made < most; made++) {
		snprintf(all[made].name, sizeof(all[made].name), "crowd%d", made);
		all[made].source.name = all[made].name;
		all[made].source.description = "one of many";
		ret = perfbuf_source_register(&all[made].source);
		if (ret)
			break;
	}
	while (made--)
		perfbuf_source_unregister(&all[made].source);
	kfree(all);
	return ret;
}
