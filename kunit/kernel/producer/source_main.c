// SPDX-License-Identifier: GPL-2.0
/*
 * A source that executes commands, for kunit/guest/producer. A test writes a
 * command to /sys/module/perfbuf_test_source/parameters/command; write(2) fails
 * with the command's errno. /dev/perfbuf/testdev is registered from the start.
 */
#include "source.h"

#include <linux/module.h>
#include <linux/moduleparam.h>

static int start_answer; /* returned by test_start() */
static unsigned int starts, stops;
module_param(starts, uint, 0444);
module_param(stops, uint, 0444);

static int test_start(struct perfbuf_source *source)
{
	if (start_answer)
		return start_answer;
	starts++;
	return 0;
}

static void test_stop(struct perfbuf_source *source)
{
	stops++;
}

static const struct perfbuf_source_ops ops = {.start = test_start, .stop = test_stop};

struct perfbuf_source test_source = {
	.name = "testdev",
	.description = "what the tests want",
	.events = test_events,
	.event_count = TEST_EVENTS,
	.mode = 0640,
	.ops = &ops,
};

static int do_command(const char *text, const struct kernel_param *parameter)
{
	char verb[20];
	long number = 0;
	long i;

	if (sscanf(text, "%19s %ld", verb, &number) < 1)
		return -EINVAL;
	if (!strcmp(verb, "register"))
		return perfbuf_source_register(&test_source);
	/* The bits of PERFBUF_CONTEXT_*: the contexts in which the source declares to emit. */
	if (!strcmp(verb, "contexts")) {
		perfbuf_source_unregister(&test_source);
		test_source.contexts = number;
		i = perfbuf_source_register(&test_source);
		test_source.contexts = 0;
		return i;
	}
	if (!strcmp(verb, "unregister")) {
		perfbuf_source_unregister(&test_source);
		return 0;
	}
	if (!strcmp(verb, "start_answer")) {
		start_answer = number;
		return 0;
	}
	if (!strcmp(verb, "all")) {
		emit_all(number);
		return 0;
	}
	if (!strcmp(verb, "kinds")) {
		emit_kinds(number);
		return 0;
	}
	if (!strcmp(verb, "counted")) {
		for (i = 0; i < number; i++)
			emit_counted(0);
		return 0;
	}
	if (!strcmp(verb, "group")) {
		emit_group(0, number);
		return 0;
	}
	if (!strcmp(verb, "irqs_off")) {
		local_irq_disable();
		emit_counted(0);
		local_irq_enable();
		return 0;
	}
	if (!strcmp(verb, "restart")) {
		emit_restart();
		return 0;
	}
	if (!strcmp(verb, "storm"))
		return work_on_cpu(0, storm, (void *)number);
	if (!strcmp(verb, "dump")) {
		emit_dump(number);
		return 0;
	}
	if (!strcmp(verb, "recursion")) {
		emit_recursively();
		return 0;
	}
	if (!strcmp(verb, "fixed_recursion")) {
		emit_fixed_recursively();
		return 0;
	}
	if (!strcmp(verb, "bad"))
		return register_wrong(number);
	if (!strcmp(verb, "crowd"))
		return register_many();
	if (!strcmp(verb, "stream") && number)
		return start_stream();
	if (!strcmp(verb, "stream")) {
		stop_stream();
		return 0;
	}
	return -EINVAL;
}

static const struct kernel_param_ops command_ops = {.set = do_command};

module_param_cb(command, &command_ops, NULL, 0200);

static int __init test_init(void)
{
	int ret = emitter_init();

	if (ret)
		return ret;
	ret = perfbuf_source_register(&test_source);
	if (ret)
		emitter_exit();
	return ret;
}

static void __exit test_exit(void)
{
	stop_stream();
	perfbuf_source_unregister(&test_source);
	emitter_exit();
}

module_init(test_init);
module_exit(test_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a source for the tests of perfbuf");
