/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The encoder of version 1 of the packets, as the module had it. Traces of that version must stay
 * readable, so tests and the fuzzer feed them to the decoder. docs/functrace.md has the format.
 */
#pragma once

#include <cxxrt/std.hpp>

namespace functrace_test::version_1
{

using cxxrt::s32;
using cxxrt::u32;
using cxxrt::u64;
using cxxrt::u8;

/* The codes of packets. The reader has numbers of its own, and tests compare the two. */
inline constexpr u8 op_time = 0x01;
inline constexpr u8 op_context = 0x02;
inline constexpr u8 op_end = 0x03;
inline constexpr u8 op_sync = 0x7f; /* sync_run of them, and sync_mark */
inline constexpr u8 sync_mark = 0x80;
inline constexpr u32 sync_run = 4;
inline constexpr u8 call_bit = 0x80;
inline constexpr u8 known_bit = 0x40;
inline constexpr u32 version = 1;

inline constexpr u32 slots = 256;
inline constexpr u32 short_ticks = 48;				/* 0..47 in the first byte */
inline constexpr u64 long_ticks = short_ticks + (16u << 8) - 1; /* the most that a call carries */
inline constexpr u32 comm_bytes = 16;				/* with its NUL */

/* The slot of an address: both halves of the format compute it. */
constexpr u8 slot_of(u64 address) noexcept
{
	return static_cast<u8>((address * 0x9e3779b97f4a7c15ull) >> 56);
}

/* An empty slot holds an address of another: 0, but 0 is at home in slot 0. */
inline constexpr u64 not_in_slot_0 = 1;
static_assert(slot_of(0) == 0 && slot_of(not_in_slot_0) != 0);

/* The task that calls. @comm: comm_bytes of it can be read; it may change meanwhile. */
struct caller {
	u32 pid;
	u32 tid;
	const char *comm;
};

/*
 * One call gives at most call_bytes_max bytes, which begin with whatever must be said first. Who
 * cannot store them says so with not_stored(); the encoder then begins anew with a sync.
 *
 * Not reentrant: what comes in the middle of call() is missed(), once that is over.
 * Invariant: while until_sync_ is positive, the decoder of the bytes that were given has the same
 * time, address, slots and caller.
 */
class encoder
{
public:
	static constexpr u32 call_bytes_max = 112;
	static constexpr u32 report_bytes_max = 34;
	static constexpr u32 end_bytes_max = 1;

	/* @tick_shift: a tick is 2^tick_shift ns; @sync_every: bytes from sync to sync. */
	constexpr encoder(u32 cpu, u32 tick_shift, u32 sync_every) noexcept
		: cpu_(cpu), tick_shift_(tick_shift), sync_every_(sync_every)
	{
	}

	/* @time: ns, not before the last one's (else the last one's is taken). Returns the bytes.
	 */
	u32 call(u8 *to, u64 time, u64 address, const caller &task) noexcept
	{
		u8 *at = to;

		reported_ = 0;
		if (until_sync_ <= 0)
			at = put_sync(at, time);
		if (is_new(task))
			at = put_context(at, task);
		until_sync_ -= static_cast<s32>(at - to);
		return static_cast<u32>(at - to) + call_alone(at, time, address);
	}

	/* Nothing has to be said before it: call_alone() will do, if its bytes are sure to be
	 * stored. */
	bool says_the_call_alone(const caller &task) const noexcept
	{
		return until_sync_ > 0 && !is_new(task);
	}

	u32 call_alone(u8 *to, u64 time, u64 address) noexcept
	{
		u8 *at = to;
		const u64 now = time >> tick_shift_;
		u64 ticks = now > time_ ? now - time_ : 0;

		time_ += ticks;
		if (ticks > long_ticks) [[unlikely]] {
			*at++ = op_time;
			at = put_number(at, ticks);
			ticks = 0;
		}

		const u8 slot = slot_of(address);

		if (slots_[slot] == address) [[likely]] {
			at = put_call(at, call_bit | known_bit, ticks);
			*at++ = slot;
		} else {
			at = put_call(at, call_bit, ticks);
			at = put_number(at, fold(address - address_));
			slots_[slot] = address;
		}
		address_ = address;

		const u32 bytes = static_cast<u32>(at - to);

		until_sync_ -= static_cast<s32>(bytes);
		return bytes;
	}

	/* The bytes of the last call() were not stored. The next one reports the loss. */
	void not_stored() noexcept { missed(1 + reported_); }
	/* The same of the last report(), and of an end() behind it. */
	void not_reported() noexcept { missed(reported_); }

	/* Calls that were not encoded. The next one reports the loss. */
	void missed(u64 calls) noexcept
	{
		lost_ += calls;
		reported_ = 0;
		begin_anew();
	}

	/* Reports the missing calls, if there are any. */
	u32 report(u8 *to, u64 time) noexcept
	{
		reported_ = 0;
		return lost_ ? static_cast<u32>(put_sync(to, time) - to) : 0;
	}

	/* The trace ends here, in good order; it may begin again. */
	u32 end(u8 *to) noexcept
	{
		begin_anew();
		*to = op_end;
		return 1;
	}

	/* The next call begins with a sync: it may be the first that its reader sees. */
	void begin_anew() noexcept { until_sync_ = 0; }

private:
	static u64 fold(u64 difference) noexcept
	{
		return difference << 1 ^ (difference >> 63 ? ~0ull : 0);
	}

	static u8 *put_number(u8 *at, u64 value) noexcept
	{
		for (; value >= 0x80; value >>= 7)
			*at++ = static_cast<u8>(value | 0x80);
		*at++ = static_cast<u8>(value);
		return at;
	}

	/* The first byte of a call, and the second if there is one. */
	static u8 *put_call(u8 *at, u8 kind, u64 ticks) noexcept
	{
		if (ticks < short_ticks) {
			*at++ = static_cast<u8>(kind | ticks);
		} else {
			const u64 over = ticks - short_ticks;

			*at++ = static_cast<u8>(kind | (short_ticks + (over >> 8)));
			*at++ = static_cast<u8>(over);
		}
		return at;
	}

	/* Eight bytes of a name, one load. */
	static u64 word(const char *comm, u32 i) noexcept
	{
		u64 value;

		__builtin_memcpy(&value, comm + i * sizeof(value), sizeof(value));
		return value;
	}

	/* In an order in which the compiler does not first put two halves of a word together. */
	bool is_new(const caller &task) const noexcept
	{
		return task.tid != tid_ || word(task.comm, 0) != name_[0] ||
		       word(task.comm, 1) != name_[1] || task.pid != pid_;
	}

	[[gnu::noinline]] u8 *put_sync(u8 *at, u64 time) noexcept
	{
		for (u32 i = 0; i < sync_run; i++)
			*at++ = op_sync;
		*at++ = sync_mark;

		const u8 *const body = at;

		time_ = cxxrt::max(time >> tick_shift_, time_);
		at = put_number(at, version);
		at = put_number(at, cpu_);
		at = put_number(at, tick_shift_);
		at = put_number(at, time_);
		at = put_number(at, lost_);

		u8 sum = 0;

		for (const u8 *p = body; p < at; p++)
			sum = static_cast<u8>(sum * 5 + *p);
		*at++ = sum | 0x80;

		address_ = 0;
		for (u64 &slot : slots_)
			slot = 0;
		slots_[0] = not_in_slot_0;
		reported_ = lost_;
		lost_ = 0;
		until_sync_ = static_cast<s32>(sync_every_);
		/* No task has these ids: the context is written. */
		pid_ = tid_ = ~0u;
		return at;
	}

	[[gnu::noinline]] u8 *put_context(u8 *at, const caller &task) noexcept
	{
		u8 name[comm_bytes];
		u8 length = 0;

		pid_ = task.pid;
		tid_ = task.tid;
		/* Later names are compared with this one, even if it changes now. */
		for (u32 i = 0; i < 2; i++)
			name_[i] = word(task.comm, i);
		__builtin_memcpy(name, name_, comm_bytes);
		while (length < comm_bytes - 1 && name[length])
			length++;
		*at++ = op_context;
		at = put_number(at, pid_);
		at = put_number(at, tid_);
		*at++ = length;
		/* So that only a sync has sync_run of them in a row. */
		for (u32 i = 0; i < length; i++)
			*at++ = name[i] == op_sync ? '?' : name[i];
		return at;
	}

	const u32 cpu_;
	const u32 tick_shift_;
	const u32 sync_every_;
	s32 until_sync_ = 0; /* bytes; not positive: it is due */
	u32 pid_ = ~0u;
	u32 tid_ = ~0u;
	u64 name_[comm_bytes / sizeof(u64)] = {};
	u64 time_ = 0; /* ticks */
	u64 address_ = 0;
	u64 lost_ = 0;
	u64 reported_ = 0; /* losses that the last call() reported */
	u64 slots_[slots] = {};
};

/* 5 + 2+5+1+10+10+1 of a sync, 1+5+5+1+15 of a context, 1+10 of a time, 1+10 of a call. */
static_assert(5 + 29 + 27 + 11 + 11 <= encoder::call_bytes_max);
static_assert(5 + 29 <= encoder::report_bytes_max);

} // namespace functrace_test::version_1
