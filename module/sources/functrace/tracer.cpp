// SPDX-License-Identifier: GPL-2.0
#include "sources/functrace/tracer.hpp"

#include "device/aux.hpp"
#include "device/event.hpp"
#include "glue/functrace.h"

namespace perfbuf
{

using cxxrt::max;
using cxxrt::min;
using functrace::encoder;

namespace
{

/* What a cut costs at most, against what syncs cost: about one byte in thirty. */
constexpr u32 sync_every = 4096;

/* A transaction is not so short that showing it is most of the work, which is traced in turn, ...
 */
constexpr u64 publish_min = 2048;
/* ... and not so long that who looks without being woken sees nothing for long. */
constexpr u64 publish_max = 65536;
/* In snapshot mode: what the reader cannot rely on. */
constexpr u64 publish_snapshot = 4096;

u64 most_of(const trace_memory &memory, const perfbuf_aux_handle &handle) noexcept
{
	if (memory.overwrite)
		return min(publish_snapshot, memory.size / 4);
	return min(max(handle.wakeup - handle.head, min(publish_min, memory.size / 4)),
		   publish_max);
}

} // namespace

tracer::tracer(event &owner, const sample_writer *writer, u32 cpu, tracer_shared &shared) noexcept
	: owner_(owner), writer_(writer), shared_(shared), cpu_(cpu),
	  translates_(!pb_pid_namespace_is_first(owner.pid_namespace())),
	  is_usual_(!translates_ && !owner.attr().use_clockid),
	  encoder_(cpu, static_cast<u32>(owner.attr().config1), sync_every)
{
}

/* ---------------------------------------------------------------- where it listens */

/* It may be there still, if the event went off by itself. */
void tracer::start(u64) noexcept
{
	if (!ran_.runs())
		ran_.start();
	if (home_)
		return;
	if (writer_ && !std::exchange(told_start_, true))
		perfbuf_aux_itrace_start(as_stream(owner_));
	home_ = shared_.set.load_acquire()->on_cpu(cpu_);
	static_cast<tracers *>(home_)->list.push(*this);
}

u64 tracer::stop() noexcept
{
	if (!home_)
		return 0;
	ran_.stop();
	static_cast<tracers *>(std::exchange(home_, nullptr))->list.remove(*this);
	say_end();
	end_aux();
	return 0;
}

void tracer::move() noexcept
{
	if (!home_)
		return;
	static_cast<tracers *>(home_)->list.remove(*this);
	home_ = shared_.set.load_acquire()->on_cpu(cpu_);
	static_cast<tracers *>(home_)->list.push(*this);
}

/* ---------------------------------------------------------------- transactions */

/* More than call_bytes_max: a call has room, and one byte is left, as in store(). */
u64 tracer::straight_room() const noexcept
{
	return min(memory_->straight(position_.read()), room());
}

/* Up to there calls have room, and the reader does not want to hear of them. */
void tracer::look_ahead() noexcept
{
	const u64 at = position_.read();

	if (!is_usual_)
		return;
	base_ = memory_->at(at) - at;
	short_until_.set(at + min(straight_room(), publish_at_ - at) - encoder::call_bytes_max);
	cxxrt::barrier();
	/* An NMI that came before has moved back what was overwritten now. */
	if (missed_.read() || held_.read())
		look_twice();
}

bool tracer::begin() noexcept
{
	/* Not handle_: on top of end() it is in use, and there is none to be had. */
	perfbuf_aux_handle begun;
	const void *kept = perfbuf_aux_begin(&begun, as_stream(owner_));

	if (!kept)
		return false;
	handle_ = begun;
	memory_ = static_cast<const trace_memory *>(kept);
	publish_at_ = handle_.head + most_of(*memory_, handle_);
	position_.set(handle_.head);
	look_twice();
	open_.set(1);
	return true;
}

void tracer::end(u64 flags) noexcept
{
	/* Now an NMI finds it closed, and the position stays; one before has closed it, or not. */
	if (!open_.read() || !open_.exchange(0))
		return;
	look_twice();
	cxxrt::barrier();

	const u64 written = position_.read() - handle_.head;

	must_end_.set(0);
	/* In snapshot mode the head is ours to move. */
	if (memory_->overwrite)
		handle_.head += written;
	perfbuf_aux_flag(&handle_, flags);

	/* Once the area is free an NMI may begin in handle_. */
	perfbuf_aux_handle closing = handle_;

	perfbuf_aux_end(&closing, written);
}

void tracer::end_aux() noexcept
{
	end(0);
	encoder_.begin_anew();
}

/* In the order of the calls: what was missed came after the last that was written. */
void tracer::take_missed() noexcept
{
	const u64 calls = missed_.read() ? missed_.exchange(0) : 0;

	if (calls)
		encoder_.missed(calls);
}

void tracer::say_end() noexcept
{
	u8 last[encoder::tell_bytes_max + encoder::end_bytes_max];

	if (!open_.read())
		return;
	take_missed();

	u32 bytes = encoder_.tell(
		last, pb_clock_ns(owner_.attr().use_clockid ? owner_.attr().clockid : -1));

	bytes += encoder_.end(last + bytes);
	if (!store(last, bytes))
		encoder_.not_told();
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
	look_twice();
	return open_.read() ? position_.read() : published;
}

/* ---------------------------------------------------------------- calls */

/*
 * One byte of room is always left, so that begin() finds some and the record of the end says
 * TRUNCATED.
 */
bool tracer::store(const u8 *from, u32 bytes) noexcept
{
	u64 at = position_.read();

	if (!memory_->overwrite && bytes >= room())
		return false;
	for (u32 left = bytes; left;) {
		const u32 now = static_cast<u32>(min<u64>(left, memory_->straight(at)));

		__builtin_memcpy(memory_->at(at), from, now);
		from += now;
		at += now;
		left -= now;
	}
	cxxrt::barrier();
	position_.set(at);
	return true;
}

/* At the end of the memory, or of the room that there was when the transaction began. */
void tracer::write_in_pieces(u64 address, u64 now, const functrace::caller &who) noexcept
{
	u8 bytes[encoder::call_bytes_max];
	const u32 count = encoder_.call(bytes, now, address, who);

	if (store(bytes, count))
		return;
	/* The reader may have made room since. */
	end(0);
	if (begin() && store(bytes, count))
		return;
	encoder_.not_stored();
	end(PERF_AUX_FLAG_TRUNCATED);
}

/* A transaction is open. */
void tracer::write(u64 address, u64 now, functrace::caller who) noexcept
{
	if (missed_.read())
		take_missed();
	if (translates_)
		pb_current_ids(owner_.pid_namespace(), &who.pid, &who.tid);
	if (owner_.attr().use_clockid)
		now = pb_clock_ns(owner_.attr().clockid);

	const u64 at = position_.read();

	if (straight_room() > encoder::call_bytes_max) {
		const u32 bytes = encoder_.call(memory_->at(at), now, address, who);

		cxxrt::barrier();
		position_.set(at + bytes);
	} else {
		write_in_pieces(address, now, who);
	}
	if (!open_.read())
		return;
	if (static_cast<s64>(position_.read() - publish_at_) >= 0)
		end(0);
	else
		look_ahead();
}

/* The last of a call. */
inline void tracer::written() noexcept
{
	cxxrt::barrier();
	writing_.set(0);
	if (must_end_.read()) [[unlikely]]
		end_aux();
}

[[gnu::noinline]] void tracer::entered_off() noexcept
{
	ran_.stop();
}

[[gnu::noinline]] void tracer::entered_long_way(u64 address, u64 now, u32 pid, u32 tid,
						const char *comm) noexcept
{
	if (!writer_) {
		/* It only counts. */
	} else if (held_.read()) {
		missed_.add(1);
	} else if (open_.read() || begin()) {
		write(address, now, {pid, tid, comm});
	} else {
		/* Without an area nobody waits for it, and a pause is none of ours. */
		const perf_buffer *into = owner_.ring();

		if (into && into->aux() && !owner_.aux_paused())
			missed_.add(1);
	}
	written();
}

/* What is rare is called last, so that nothing has to be kept for it. */
[[gnu::always_inline]] inline void tracer::entered(u64 address, u64 now, u32 pid, u32 tid,
						   const char *comm) noexcept
{
	if (!owner_.active()) [[unlikely]]
		return entered_off();
	count_.add(1);
	/* From here on an NMI leaves the transaction open. */
	writing_.set(1);
	cxxrt::barrier();

	const u64 at = position_.read();
	const functrace::caller who = {pid, tid, comm};

	if (short_until_.not_before(at + 1) && encoder_.says_the_call_alone(who)) [[likely]] {
		const u32 bytes = encoder_.call_alone(base_ + at, now, address);

		cxxrt::barrier();
		position_.set(at + bytes);
		written();
	} else {
		entered_long_way(address, now, pid, tid, comm);
	}
}

void tracer::missed() noexcept
{
	if (!owner_.active())
		return;
	count_.add(1);
	if (writer_) {
		missed_.add(1);
		look_twice();
	}
}

} // namespace perfbuf

using perfbuf::rcu_list;
using perfbuf::tracer;
using perfbuf::tracers;

namespace
{

[[gnu::noinline]] void entered_by_all(tracer *one, perfbuf::u64 address, perfbuf::u64 now,
				      perfbuf::u32 pid, perfbuf::u32 tid, const char *comm) noexcept
{
	for (; one; one = rcu_list<tracer>::next(*one))
		one->entered(address, now, pid, tid, comm);
}

} // namespace

void perfbuf_function_entered(void *here, __u64 address, __u64 now, __u32 pid, __u32 tid,
			      const char *comm) noexcept
{
	tracer *first = static_cast<tracers *>(here)->list.first();

	if (rcu_list<tracer>::is_last(*first)) [[likely]]
		return first->entered(address, now, pid, tid, comm);
	entered_by_all(first, address, now, pid, tid, comm);
}

void perfbuf_function_missed(void *here) noexcept
{
	for (tracer *one = static_cast<tracers *>(here)->list.first(); one;
	     one = rcu_list<tracer>::next(*one))
		one->missed();
}
