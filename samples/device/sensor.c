// SPDX-License-Identifier: GPL-2.0
/*
 * A driver of a device that is simulated by a timer: its interrupt takes a reading, and a work item
 * in process context makes a report of each batch of readings. The device runs while a reader is
 * attached.
 *
 *	perfbuf record -e sensor:reading -e sensor:report -a sleep 1
 */
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include <perfbuf/producer.h>

#define CHANNELS 4
#define BATCH	 8

#define READING(F)                                                                                 \
	F(TIME, taken)                                                                             \
	F(ARRAY, s16, channels, CHANNELS)                                                          \
	F(FLAGS, u8, status, {1, "overrun"}, {2, "saturated"})
PERFBUF_EVENT(reading, READING)

enum health { HEALTHY, NOISY, DEAD };

#define REPORT(F)                                                                                  \
	F(INT, u32, readings)                                                                      \
	F(INT, s32, mean)                                                                          \
	F(ENUM, u8, health, {HEALTHY, "healthy"}, {NOISY, "noisy"}, {DEAD, "dead"})                \
	F(CHARS, unit, 8)                                                                          \
	F(BYTES, raw)
PERFBUF_EVENT(report, REPORT)

static unsigned int period_us = 1000;
module_param(period_us, uint, 0444);
MODULE_PARM_DESC(period_us, "time between two readings");

static struct sensor {
	struct hrtimer timer;
	struct work_struct work;
	unsigned int taken;
	s16 batch[BATCH];
} sensor;

/* The device's interrupt: takes a reading. */
static enum hrtimer_restart on_interrupt(struct hrtimer *timer)
{
	const unsigned int n = sensor.taken++;
	s16 channels[CHANNELS];
	unsigned int i;

	for (i = 0; i < CHANNELS; i++)
		channels[i] = (s16)(n * (i + 1)) - 100;
	WRITE_ONCE(sensor.batch[n % BATCH], channels[0]);
	perfbuf_emit(reading, .taken = ktime_get_ns(), .channels = channels,
		     .status = n % 100 ? 0 : 2);
	if (n % BATCH == BATCH - 1)
		schedule_work(&sensor.work);
	hrtimer_forward_now(timer, ns_to_ktime((u64)period_us * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

/* Makes a report of the last batch. Process context. */
static void on_batch(struct work_struct *work)
{
	s16 batch[BATCH];
	s32 sum = 0;
	unsigned int i;

	/* Do not compute values that only the event needs if it has no reader. */
	if (!perfbuf_enabled(report))
		return;
	for (i = 0; i < BATCH; i++) {
		batch[i] = READ_ONCE(sensor.batch[i]);
		sum += batch[i];
	}
	perfbuf_emit(report, .readings = BATCH, .mean = sum / BATCH,
		     .health = sum < 0 ? NOISY : HEALTHY, .unit = "mK",
		     .raw = {batch, sizeof(batch)});
}

/* perfbuf calls these before the first reader is attached, and after the last is detached. */
static int sensor_start(struct perfbuf_source *source)
{
	if (!period_us)
		return -EINVAL;
	hrtimer_start(&sensor.timer, ns_to_ktime((u64)period_us * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_HARD);
	return 0;
}

static void sensor_stop(struct perfbuf_source *source)
{
	hrtimer_cancel(&sensor.timer);
	cancel_work_sync(&sensor.work);
}

static const struct perfbuf_source_ops ops = {.start = sensor_start, .stop = sensor_stop};

static struct perfbuf_event *const events[] = {&reading_event, &report_event};

static struct perfbuf_source source = {
	.name = "sensor",
	.description = "readings and reports of a device that a timer stands for",
	.events = events,
	.event_count = ARRAY_SIZE(events),
	.ops = &ops,
};

static int __init sensor_init(void)
{
	INIT_WORK(&sensor.work, on_batch);
#ifdef HAVE_HRTIMER_SETUP
	hrtimer_setup(&sensor.timer, on_interrupt, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(&sensor.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	sensor.timer.function = on_interrupt;
#endif
	return perfbuf_source_register(&source);
}

static void __exit sensor_exit(void)
{
	perfbuf_source_unregister(&source);
}

module_init(sensor_init);
module_exit(sensor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a C driver that is a source for perfbuf");
