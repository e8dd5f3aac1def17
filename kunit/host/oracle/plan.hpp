/* SPDX-License-Identifier: GPL-2.0 */
/* A family of random histories: the actions on a ring, and how often each is chosen. */
#pragma once

#include "ring/perf_buffer.hpp"

namespace perfbuf::oracle
{

/* A number n: once in n times; 0: never. */
struct plan {
	const char *name;
	u32 interrupts = 0;  /* at an access: an irq or an NMI writes */
	u32 discards = 0;    /* of records */
	u32 requests = 0;    /* of records that ask for a wakeup */
	bool counts = false; /* wakeups by count */
	bool latency = false;
	u32 far_alarms = 0; /* at an access: the alarm fires on another CPU */
	u32 far_writes = 0; /* of alarms: the task writes, on its CPU, before an access of theirs */
	u32 far_reads = 0;  /* at an access: another CPU reads and polls */
	u32 pauses = 0;	    /* of steps, and at accesses */
	u32 watches = 0;    /* of steps, and at accesses: the statistics are mapped */
	u32 flushes = 0;    /* of steps: losses are reported */
	u32 silences = 0;   /* of steps: the reader wants no wakeups, or wants them again */
	u32 reads = 4;	    /* steps that read without a wakeup, of all steps */
	bool whole_watermark = false;  /* the watermark is the size: only a full ring wakes */
	bool large_then_small = false; /* large records for a while, then small ones */
	bool extremes = false;	       /* records that fill the ring, and the smallest */
	bool too_large = false;	       /* nested records fit no ring */
	bool directions = true;	       /* also backward */
	bool overwrite = false;	       /* also overwrite mode */
	u32 steps = 80;
};

} // namespace perfbuf::oracle
