/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One random history of a ring: a task writes, interrupts and NMIs write at any of
 * its accesses, another CPU reads, pauses, watches and lets alarms fire there too,
 * and the contract of docs/ring.md is checked whenever no writer is inside. A
 * history follows from its plan and its seed.
 */
#pragma once

#include "random.hpp"
#include "sleeping_reader.hpp"
#include "stream.hpp"

#include "../waiting_call.hpp"

#include "cxxrt_model.hpp"

#include <optional>
#include <string>

namespace perfbuf::oracle
{

/* What a family of histories does. A number n: once in n times; 0: never. */
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
	u32 reads = 4;	    /* of steps: a read that nobody has asked for */
	bool whole_watermark = false;  /* the watermark is the size: only a full ring wakes */
	bool large_then_small = false; /* large records for a while, then small ones */
	bool extremes = false;	       /* records that fill the ring, and the smallest */
	bool too_large = false;	       /* nested records fit no ring */
	bool directions = true;	       /* also backward */
	bool overwrite = false;	       /* also overwrite mode */
	u32 steps = 80;
};

class history
{
public:
	history(const plan &what, u64 seed, bool trace);
	~history();

	/* nullptr, or the promise that was broken. */
	const char *run();
	/* The same, once the ring has gone. */
	const char *end();
	u32 steps() const { return step_; }

	void before(cxxrt::model::access access);
	void raised(const void *work);

private:
	static perf_buffer::options choose_ring(const plan &what, random &choices);
	u32 choose_bytes();
	void write_as_task();
	void write(u32 context);
	void write_outermost();
	void wake_published();
	/* What a record of @bytes must be answered where nothing comes in between. */
	int expected(u32 bytes);
	u64 needed(u32 bytes) const;
	void intervene();
	void read(bool may_be_part);
	void read_overwrite();
	void pass_time();
	void expire();
	void check();
	/* They are watched. */
	const perfbuf_ring_stats &stats();
	void fail(const char *what);
	[[gnu::format(printf, 2, 3)]] void say(const char *format, ...);

	const plan &what_;
	const long allocations_; /* before the ring was made */
	random choices_;
	const bool trace_;
	const u32 trailer_bytes_;
	const bool modulo_; /* the reader stores its tail modulo the size */
	const u32 every_;   /* wakeups by count */
	cxxrt::ref<perf_buffer> ring_;
	const u64 largest_; /* the record that still fits */
	stream stream_;
	std::optional<sleeping_reader> reader_;
	std::optional<host::waiting_call> watching_;

	u32 step_ = 0;
	u32 level_ = 0; /* writers inside */
	u32 context_ = 0;
	bool elsewhere_ = true;	 /* these accesses are not a writer's */
	u32 alarm_accesses_ = 0; /* those of an alarm, until the task writes; 0: it does not */
	u32 interventions_ = 0;
	u32 nested_left_ = 0; /* how many more may interrupt the writer at hand */
	u64 counted_ = 0;     /* calls of count_event() */
	bool wakes_ = false;  /* wake_published() was called */
	u64 sent_before_ = 0;
	bool silent_ = false;
	bool watched_ = false;
	bool limited_ = false;
	const char *broken_ = nullptr;
};

} // namespace perfbuf::oracle
