// SPDX-License-Identifier: GPL-2.0
/* The module: load, unload, parameters. */
#include "chrdev.h"
#include "defer.h"
#include "entry.h"
#include "glue.h"
#include "persist.h"
#include "recorder.h"
#include "trim.h"
#include "tsc.h"

#include <linux/module.h>

static unsigned long mlock_kb = 520;
module_param(mlock_kb, ulong, 0644);
MODULE_PARM_DESC(mlock_kb,
		 "KiB of ring for each online CPU that a user may map beyond RLIMIT_MEMLOCK "
		 "(as kernel.perf_event_mlock_kb, and a page for the statistics)");

static unsigned long max_sample_rate = 100000;
module_param(max_sample_rate, ulong, 0644);
MODULE_PARM_DESC(max_sample_rate,
		 "largest attr.sample_freq, Hz (as kernel.perf_event_max_sample_rate)");

static unsigned long ring_pages_max = 1UL << 18;
module_param(ring_pages_max, ulong, 0644);
MODULE_PARM_DESC(ring_pages_max, "largest data area of one ring, pages");

static unsigned long aux_pages_max = 1UL << 19;
module_param(aux_pages_max, ulong, 0644);
MODULE_PARM_DESC(aux_pages_max, "largest AUX area of one ring, pages (at most 2 GiB)");

static unsigned long total_pages_max = 1UL << 20;
module_param(total_pages_max, ulong, 0644);
MODULE_PARM_DESC(total_pages_max, "largest sum of all rings and AUX areas, pages");

static unsigned int event_readers_max = 128;
module_param(event_readers_max, uint, 0644);
MODULE_PARM_DESC(event_readers_max,
		 "open files of one typed event on one CPU; a quarter of them is for CAP_PERFMON");

unsigned int pb_param_event_readers_max(void)
{
	return READ_ONCE(event_readers_max);
}

static unsigned long user_percent = 25;
module_param(user_percent, ulong, 0644);
MODULE_PARM_DESC(user_percent,
		 "percent of total_pages_max that one user may have, without CAP_SYS_RESOURCE");

static unsigned long root_percent = 25;
module_param(root_percent, ulong, 0644);
MODULE_PARM_DESC(root_percent, "percent of total_pages_max that only root may have");

static unsigned long user_events_max = 4096;
module_param(user_events_max, ulong, 0644);
MODULE_PARM_DESC(user_events_max,
		 "most events (configured files) of one user, without CAP_SYS_RESOURCE");

static unsigned long user_rings_max = 4096;
module_param(user_rings_max, ulong, 0644);
MODULE_PARM_DESC(user_rings_max, "most rings of one user, without CAP_SYS_RESOURCE");

static unsigned long user_members_max = 1UL << 14;
module_param(user_members_max, ulong, 0644);
MODULE_PARM_DESC(user_members_max,
		 "most tasks that the events of one user follow, counted for each event, without "
		 "CAP_PERFMON and CAP_SYS_RESOURCE");

static unsigned long task_events_max = 32;
module_param(task_events_max, ulong, 0644);
MODULE_PARM_DESC(
	task_events_max,
	"most events of users without CAP_PERFMON and CAP_SYS_RESOURCE that follow one task");

static unsigned long ring_files_max = 32;
module_param(ring_files_max, ulong, 0644);
MODULE_PARM_DESC(ring_files_max,
		 "most files on one ring, for users without CAP_PERFMON and CAP_SYS_RESOURCE");

unsigned long pb_param_ring_files_max(void)
{
	return READ_ONCE(ring_files_max);
}

unsigned long pb_param_user_members_max(void)
{
	return READ_ONCE(user_members_max);
}

unsigned long pb_param_task_events_max(void)
{
	return READ_ONCE(task_events_max);
}

unsigned long pb_param_mlock_kib(void)
{
	return READ_ONCE(mlock_kb);
}

unsigned long pb_param_max_sample_rate(void)
{
	return READ_ONCE(max_sample_rate);
}

unsigned long pb_param_ring_pages_max(void)
{
	return READ_ONCE(ring_pages_max);
}

unsigned long pb_param_aux_pages_max(void)
{
	return READ_ONCE(aux_pages_max);
}

unsigned long pb_param_total_pages_max(void)
{
	return READ_ONCE(total_pages_max);
}

unsigned long pb_param_user_percent(void)
{
	return READ_ONCE(user_percent);
}

unsigned long pb_param_root_percent(void)
{
	return READ_ONCE(root_percent);
}

unsigned long pb_param_user_events_max(void)
{
	return READ_ONCE(user_events_max);
}

unsigned long pb_param_user_rings_max(void)
{
	return READ_ONCE(user_rings_max);
}

static int __init module_start(void)
{
	int ret;

	ret = perfbuf_persist_init();
	if (ret)
		return ret;
	ret = pb_defer_start();
	if (ret)
		goto exit_persist;
	ret = pb_chrdev_start();
	if (ret)
		goto stop_defer;
	ret = perfbuf_init();
	if (ret)
		goto stop_chrdev;
	ret = perfbuf_recorder_init();
	if (ret)
		goto exit;
	ret = perfbuf_typed_init();
	if (ret)
		goto exit_recorder;
	ret = perfbuf_tsc_init();
	if (ret)
		goto exit_typed;
	pb_tsc_start();
	ret = pb_recorder_start();
	if (ret)
		goto exit_clock;
	ret = pb_chrdev_publish();
	if (ret)
		goto stop_recorder;
	return 0;

stop_recorder:
	pb_recorder_stop();
exit_clock:
	pb_tsc_stop();
	perfbuf_tsc_exit();
exit_typed:
	perfbuf_typed_exit();
exit_recorder:
	perfbuf_recorder_exit();
exit:
	perfbuf_exit();
stop_chrdev:
	pb_chrdev_stop();
stop_defer:
	pb_defer_stop();
	pb_trim_cancel();
	perfbuf_trim_hooks();
exit_persist:
	perfbuf_persist_exit();
	return ret;
}

static void __exit module_stop(void)
{
	pb_chrdev_withdraw();
	pb_recorder_stop();
	pb_tsc_stop();
	perfbuf_tsc_exit();
	perfbuf_typed_exit();
	perfbuf_recorder_exit();
	perfbuf_exit();
	pb_chrdev_stop();
	pb_defer_stop();
	/* After the last object that has a hook. */
	pb_trim_cancel();
	perfbuf_trim_hooks();
	perfbuf_persist_exit();
}

module_init(module_start);
module_exit(module_stop);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The perfbuf authors");
MODULE_DESCRIPTION("perf's ring buffer for every kernel module");
MODULE_VERSION("0.1");
