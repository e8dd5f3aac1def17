// SPDX-License-Identifier: GPL-2.0
/*
 * The clock of records on arm64 is local_clock(): the kernel's sched_clock() on the generic timer,
 * whose parameters change while it runs: from time to time it reads the counter anew and cuts the
 * product to nanoseconds, so that a product of our own would differ from it by one.
 */
#include "tsc.h"

#include "local_clock.h"

#include <linux/timekeeping.h>

struct pb_tsc_clock pb_tsc_clock;
DEFINE_STATIC_KEY_FALSE(pb_tsc_is_clock);

int pb_tsc_read_parameters(int cpu, struct pb_tsc_parameters *out)
{
	return 0;
}

int pb_tsc_agrees(int cpu, const struct pb_tsc_parameters *parameters)
{
	return 0;
}

void pb_tsc_clock_on(const struct pb_tsc_parameters *parameters)
{
}

void pb_tsc_clock_off(void)
{
}

int pb_tsc_frequency_is_known(void)
{
	return 0;
}

__u64 pb_tsc_uptime_ns(void)
{
	return ktime_get_boottime_ns();
}

int pb_param_tsc_clock(void)
{
	return 0;
}

void pb_tsc_check_after(unsigned int ms)
{
}

void pb_tsc_start(void)
{
}

void pb_tsc_stop(void)
{
}
