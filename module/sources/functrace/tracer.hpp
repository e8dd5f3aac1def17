/* SPDX-License-Identifier: GPL-2.0 */
/* A functrace event on one CPU: a part of a cpu_stream. */
#pragma once

#include "device/rcu_list.hpp"
#include "device/run_time.hpp"
#include "device/sample.hpp"
#include "sources/functrace/encoder.hpp"
#include "sources/functrace/function_set.hpp"

#include <perfbuf/aux.h>

namespace perfbuf
{

class tracer;

/* The tracers of a function set on one CPU. The list is changed on that CPU with interrupts off,
 * and walked there in any context, NMI included. */
struct tracers {
	rcu_list<tracer> list;
};

/* The C entry gives the first word to C++. */
static_assert(offsetof(tracers, list) == 0);

/* State that the tracers of one file share. */
struct tracer_shared {
	cxxrt::shared<function_set *> set;
};

/* The memory of an AUX area. */
struct trace_memory {
	u8 *base; /* contiguous */
	u64 size;
	bool overwrite;

	u8 *at(u64 position) const noexcept { return base + (position & (size - 1)); }
	/* Bytes from @position to the end of the memory. */
	u64 contiguous(u64 position) const noexcept { return size - (position & (size - 1)); }
};

/*
 * Writes the calls of one CPU into the AUX area. A transaction is open from the first call until
 * the reader needs a wakeup, or until a reader asks for the bytes.
 *
 * Invariant: only its own CPU touches it, with interrupts off, except for the counts. An NMI in the
 * middle touches only the members that are local<>.
 */
class tracer : public rcu_listed<tracer>
{
public:
	/* @writer: nullptr: the event counts, and writes no trace. */
	tracer(event &owner, const sample_writer *writer, u32 cpu, tracer_shared &shared) noexcept;
	tracer(const tracer &) = delete;
	tracer &operator=(const tracer &) = delete;

	/* Adds the tracer to its function set's list on this CPU; removes it, and ends the trace.
	 * The argument and the result are those of samplers, and have no meaning here. */
	void start(u64) noexcept;
	u64 stop() noexcept;
	bool runs() const noexcept { return list_; }

	/* The number of function entries. Any CPU and context. */
	u64 count() const noexcept { return count_.read(); }
	u64 running_ns() const noexcept { return ran_.ns(); }

	/* ------------------------------------------------- its CPU, interrupts off */

	/* Moves to the list of the file's new function set. */
	void change_list() noexcept;
	/* Records that a traced function was entered. Not nested in another entered() or missed()
	 * of this CPU. RCU may not be watching. @now: ns. */
	void entered(u64 address, u64 now, const functrace::caller &from) noexcept;
	/* Counts a traced function that was entered during entered(), so that it cannot be written.
	 * Any context, NMI included. */
	void missed() noexcept;
	/* Publishes the bytes written so far. */
	void publish() noexcept { end(0); }
	/* Publishes, and makes the next call begin with a sync, because the next bytes may go to
	 * another area. */
	void end_aux() noexcept;

	/* ------------------------------------------------- its CPU, preemption off, also in NMI */

	/* end_aux(), at once or when the call that this interrupted has been written. */
	void pause() noexcept;
	/* Stops writing until release(), while a sample copies bytes of the area. Returns the
	 * position up to which they are written. */
	u64 hold(u64 published) noexcept;
	void release() noexcept { held_.set(0); }

	/* Whether there are bytes that are not published. Any CPU. */
	bool has_unpublished() const noexcept { return open_.read(); }

private:
	/* Begins a transaction. False: the area is full, busy, paused or not mapped. */
	bool begin() noexcept;
	u64 contiguous_space() const noexcept;
	void open_fast_path() noexcept;
	void count_written() noexcept;
	/* The next call takes the slow path. */
	void close_fast_path() noexcept { fast_until_.set(position_.read() - 1); }
	/* Ends the transaction, if one is open. @flags: of its PERF_RECORD_AUX. */
	void end(u64 flags) noexcept;
	void count_missed() noexcept;
	void end_fast_call(u64 at, u32 bytes) noexcept;
	void end_late() noexcept;
	void entered_unexpected(u64 address, u64 ticks) noexcept;
	void entered_slow_path(u64 address, u64 now) noexcept;
	void write(u64 address, u64 now) noexcept;
	void write_across_end(u64 address, u64 now, const functrace::caller &from) noexcept;
	void end_call() noexcept;
	/* Copies @bytes to the position, across the end of the memory. False: there is no space. */
	bool store(const u8 *from, u32 bytes) noexcept;
	/* Writes the packet that ends the trace. */
	void write_end() noexcept;
	void write_missed() noexcept;
	/* Bytes that are free behind the position. */
	u64 space() const noexcept { return handle_.head + handle_.size - position_.read(); }

	/* The fast path reads and writes these. */
	cxxrt::local<u32> writing_;
	/* An NMI requests that the transaction ends after the call that it interrupted. */
	cxxrt::local<u32> must_end_;
	cxxrt::local<u64> position_; /* of the next byte, while a transaction is open */
	/* A call at a position up to this one may take the fast path. Every change that the next
	 * call must check moves it back, also in an NMI. */
	cxxrt::local<u64> fast_until_{~0ull};
	u8 *base_ = nullptr; /* the address of position 0 for positions up to fast_until_ */
	cxxrt::local<u64> count_;
	functrace::encoder encoder_;

	event &owner_;
	const sample_writer *const writer_;
	tracer_shared &shared_;
	const u32 cpu_;
	const bool translates_;	     /* the ids are those of another pid namespace */
	const bool may_be_fast_;     /* calls may take the fast path */
	void *list_ = nullptr;	     /* the list that it is in */
	bool start_written_ = false; /* PERF_RECORD_ITRACE_START is written */
	run_time ran_;
	cxxrt::local<u64> missed_; /* calls that were missed and are not reported yet */
	cxxrt::local<u32> held_;
	cxxrt::local<u32> open_;
	u64 counted_to_ = 0; /* the encoder has counted the bytes up to this position */
	u64 publish_at_ = 0;
	const trace_memory *memory_ = nullptr;
	perfbuf_aux_handle handle_ = {};
};

} // namespace perfbuf
