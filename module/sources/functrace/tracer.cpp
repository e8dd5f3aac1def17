// SPDX-License-Identifier: GPL-2.0
/* Writes traced calls: transactions of the AUX area, the fast path and the slow path. Interrupts
 * off. */
#include "sources/functrace/tracer.hpp"

#include "device/aux.hpp"
#include "device/event.hpp"
#include "glue/functrace.h"

namespace perfbuf
{

using cxxrt::max;
using cxxrt::min;
using cxxrt::s64;
using functrace::encoder;

namespace
{

/*
 * Bytes between two syncs: a 64th of the area, between these limits. A reader that starts in the
 * middle loses at most one interval. Each sync empties the dictionary, so function names are
 * written again.
 */
constexpr u64 sync_every_min = 4096;
constexpr u64 sync_every_max = 32768;

/* The most that the fast path writes for a call. */
constexpr u64 fast_bytes_max = 3;

/* The shortest transaction. Publishing is traced itself, so it would be most of the work if
 * transactions were shorter. */
constexpr u64 publish_min = 2048;
/* The longest transaction, for readers that do not wait for wakeups. */
constexpr u64 publish_max = 65536;
/* The length of a transaction in snapshot mode: so many of the oldest bytes may be overwritten
 * while a reader copies them. */
constexpr u64 publish_snapshot = 4096;

/* The length of a transaction: after so many bytes the tracer ends it. */
u64 publish_distance(const trace_memory &memory, const perfbuf_aux_handle &handle) noexcept
{
	if (memory.overwrite)
		return min(publish_snapshot, memory.size / 4);
	return min(max(handle.wakeup - handle.head, min(publish_min, memory.size / 4)),
		   publish_max);
}

u32 sync_interval(const trace_memory &memory) noexcept
{
	return static_cast<u32>(max(min(memory.size / 64, sync_every_max), sync_every_min));
}

} // namespace

/* ---------------------------------------------------------------- transactions */

/* The bytes that can be written at the position without a wrap. More than call_bytes_max means that
 * a call fits and that one byte is left, as in store(). */
u64 tracer::contiguous_space() const noexcept
{
	return min(memory_->contiguous(position_.read()), space());
}

/* Sets the position up to which calls take the fast path: they fit, no sync is due, and the reader
 * needs no wakeup. */
void tracer::open_fast_path() noexcept
{
	const u64 at = position_.read();

	if (!may_be_fast_)
		return;

	const s64 until_sync = encoder_.until_sync();
	const u64 bytes = min(contiguous_space(), publish_at_ - at);

	base_ = memory_->at(at) - at;
	fast_until_.set(at + static_cast<u64>(min(static_cast<s64>(bytes), until_sync)) -
			fast_bytes_max - 1);
	cxxrt::barrier();
	/* An NMI before the store above closed the fast path; close it again. */
	if (missed_.read() || held_.read())
		close_fast_path();
}

/* Makes the encoder count the bytes of the fast path, which it does not count itself. */
void tracer::count_written() noexcept
{
	const u64 at = position_.read();

	encoder_.wrote(at - counted_to_);
	counted_to_ = at;
}

bool tracer::begin() noexcept
{
	/* Not into handle_: if this interrupted end(), handle_ is in use, and
	 * perfbuf_aux_begin() fails. */
	perfbuf_aux_handle begun;
	const void *kept = perfbuf_aux_begin(&begun, as_stream(owner_));

	if (!kept)
		return false;
	handle_ = begun;
	memory_ = static_cast<const trace_memory *>(kept);
	publish_at_ = handle_.head + publish_distance(*memory_, handle_);
	encoder_.set_sync_interval(sync_interval(*memory_));
	count_written();
	counted_to_ = handle_.head;
	position_.set(handle_.head);
	close_fast_path();
	open_.set(1);
	return true;
}

void tracer::end(u64 flags) noexcept
{
	/* From here on an NMI finds the transaction closed, so the position stays. */
	if (!open_.read() || !open_.exchange(0))
		return;
	close_fast_path();
	cxxrt::barrier();

	const u64 written = position_.read() - handle_.head;

	must_end_.set(0);
	/* In snapshot mode the source moves the handle's head itself. */
	if (memory_->overwrite)
		handle_.head += written;
	perfbuf_aux_flag(&handle_, flags);

	/* From perfbuf_aux_end() on an NMI may begin a transaction in handle_, so it gets a copy.
	 */
	perfbuf_aux_handle closing = handle_;

	perfbuf_aux_end(&closing, written);
}

void tracer::end_aux() noexcept
{
	end(0);
	encoder_.restart();
}

/* Writes the number of missed calls. They came after the last call that was written, and before the
 * call that is written now. */
void tracer::write_missed() noexcept
{
	const u64 calls = missed_.read() ? missed_.exchange(0) : 0;

	if (calls)
		encoder_.missed(calls);
}

void tracer::pause() noexcept
{
	if (writing_.read())
		must_end_.set(1);
	else
		end_aux();
}

u64 tracer::hold(u64 published) noexcept
{
	held_.set(1);
	close_fast_path();
	return open_.read() ? position_.read() : published;
}

/* ---------------------------------------------------------------- calls */

/* Leaves one byte free, so that the next begin() finds space, and the record of its end can be
 * TRUNCATED. */
bool tracer::store(const u8 *from, u32 bytes) noexcept
{
	u64 at = position_.read();

	if (!memory_->overwrite && bytes >= space())
		return false;
	for (u32 left = bytes; left;) {
		const u32 now = static_cast<u32>(min<u64>(left, memory_->contiguous(at)));

		__builtin_memcpy(memory_->at(at), from, now);
		from += now;
		at += now;
		left -= now;
	}
	cxxrt::barrier();
	position_.set(at);
	counted_to_ = at;
	return true;
}

/* write() where the call may cross the end of the memory, or of the space that was free when the
 * transaction began. */
void tracer::write_across_end(u64 address, u64 now, const functrace::caller &from) noexcept
{
	u8 bytes[encoder::call_bytes_max];
	const u32 count = encoder_.call(bytes, now, address, from);

	if (store(bytes, count))
		return;
	/* The reader may have freed space since. */
	end(0);
	if (begin() && store(bytes, count))
		return;
	encoder_.not_stored();
	end(PERF_AUX_FLAG_TRUNCATED);
}

/* Writes a call on the slow path. A transaction is open. */
void tracer::write(u64 address, u64 now) noexcept
{
	functrace::caller from;

	from.ids = pb_functions_caller(&from.comm);
	count_written();
	if (missed_.read())
		write_missed();
	if (translates_) {
		u32 pid, tid;

		pb_current_ids(owner_.pid_namespace(), &pid, &tid);
		from.ids = functrace::caller::ids_of(pid, tid);
	}
	if (owner_.attr().use_clockid)
		now = pb_clock_ns(owner_.attr().clockid);

	const u64 at = position_.read();

	if (contiguous_space() > encoder::call_bytes_max) {
		const u32 bytes = encoder_.call(memory_->at(at), now, address, from);

		cxxrt::barrier();
		position_.set(at + bytes);
		counted_to_ = at + bytes;
	} else {
		write_across_end(address, now, from);
	}
	if (!open_.read())
		return;
	if (static_cast<s64>(position_.read() - publish_at_) >= 0)
		end(0);
	else
		open_fast_path();
}

/* Counts a lost call, which is reported before the next call is written. */
void tracer::count_missed() noexcept
{
	missed_.add(1);
	close_fast_path();
}

[[gnu::noinline]] void tracer::end_late() noexcept
{
	end_aux();
}

/* Ends a call. */
[[gnu::always_inline]] inline void tracer::end_call() noexcept
{
	cxxrt::barrier();
	writing_.set(0);
	if (!must_end_.equals(0)) [[unlikely]]
		end_late();
}

[[gnu::noinline]] void tracer::entered_slow_path(u64 address, u64 now) noexcept
{
	if (!owner_.active()) {
		ran_.stop();
		return end_call();
	}
	count_.add(1);
	if (!writer_) {
		/* An event without an AUX area only counts. */
	} else if (held_.read() || !pb_functions_rcu_watches()) {
		count_missed();
	} else if (open_.read() || begin()) {
		write(address, now);
	} else {
		/* The area is full or busy. Without an area, or while paused, nothing is lost. */
		const perf_buffer *into = owner_.ring();

		if (into && into->aux() && !owner_.aux_paused())
			missed_.add(1);
	}
	end_call();
}

/* Ends a call on the fast path. */
[[gnu::always_inline]] inline void tracer::end_fast_call(u64 at, u32 bytes) noexcept
{
	cxxrt::barrier();
	position_.set(at + bytes);
	count_.add(1);
	end_call();
}

/* The second fast path: a call that next_call() did not expect, to a function that has a slot.
 * @ticks: the time now. */
[[gnu::noinline]] void tracer::entered_unexpected(u64 address, u64 ticks) noexcept
{
	const u64 at = position_.read();

	if (const u32 bytes = encoder_.known_call(base_ + at, ticks, address))
		return end_fast_call(at, bytes);
	entered_slow_path(address, encoder_.ns_of(ticks));
}

/* Slow paths are tail calls with few arguments, so that the fast path saves no register. */
[[gnu::always_inline]] inline void tracer::entered(u64 address, u64 now,
						   const functrace::caller &from) noexcept
{
	/* From here on an NMI does not end the transaction; it sets must_end_. */
	writing_.set(1);
	cxxrt::barrier();

	const u64 at = position_.read();

	if (!fast_until_.not_before(at) || !encoder_.is_same_caller(from)) [[unlikely]]
		return entered_slow_path(address, now);

	const u64 ticks = encoder_.ticks_of(now);

	if (const u32 bytes = encoder_.next_call(base_ + at, ticks, address)) [[likely]]
		return end_fast_call(at, bytes);
	entered_unexpected(address, ticks);
}

void tracer::missed() noexcept
{
	if (!owner_.active())
		return;
	count_.add(1);
	if (writer_)
		count_missed();
}

} // namespace perfbuf

using perfbuf::rcu_list;
using perfbuf::tracer;

namespace
{

[[gnu::noinline]] void all_entered(tracer *each, perfbuf::u64 address, perfbuf::u64 now,
				   perfbuf::functrace::caller from) noexcept
{
	for (; each; each = rcu_list<tracer>::next(*each))
		each->entered(address, now, from);
}

} // namespace

void perfbuf_function_entered(void *first, __u64 address, __u64 now, __u64 ids,
			      const char *comm) noexcept
{
	tracer *nearest = static_cast<tracer *>(first);

	if (rcu_list<tracer>::is_last(*nearest)) [[likely]]
		return nearest->entered(address, now, {ids, comm});
	all_entered(nearest, address, now, {ids, comm});
}

void perfbuf_function_missed(void *first) noexcept
{
	for (tracer *each = static_cast<tracer *>(first); each;
	     each = rcu_list<tracer>::next(*each))
		each->missed();
}
