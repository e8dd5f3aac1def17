/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The encoder of function traces: one for each CPU. docs/functrace.md describes the packets,
 * reader/src/functrace.cpp is the decoder.
 *
 * Encoder and decoder hold the same dictionary: the addresses of functions in slots, and for each
 * context (a hash of the last two or three calls) the slot of the call that followed it last time.
 * So a call that follows as before is a bit and its time.
 */
#pragma once

#include <cxxrt/std.hpp>

namespace perfbuf::functrace
{

using cxxrt::s32;
using cxxrt::u16;
using cxxrt::u32;
using cxxrt::u64;
using cxxrt::u8;

/* The packets' codes. The reader has its own copy, and tests compare the two. */
inline constexpr u32 op_next_long = 0x01; /* the low two bits */
inline constexpr u32 op_known = 0x03;	  /* the low three bits */
inline constexpr u8 op_time = 0x07;
inline constexpr u8 op_context = 0x0f;
inline constexpr u8 op_end = 0x17;
inline constexpr u8 op_named = 0x1f;
inline constexpr u8 op_sync = 0x7f; /* sync_run of them, and sync_mark */
inline constexpr u8 sync_mark = 0x80;
inline constexpr u32 sync_run = 4;
inline constexpr u32 version = 2;

inline constexpr u32 ways = 4; /* slots that a function may be in */
inline constexpr u32 sets = 128;
inline constexpr u32 slots = ways * sets;
inline constexpr u32 contexts = 2048;
inline constexpr u64 short_ticks_max = 126;
inline constexpr u64 next_ticks_max = (1u << 14) - 1;
inline constexpr u64 known_ticks_max = (1u << 12) - 1;
inline constexpr u32 known_ticks_bit = 12;
inline constexpr u32 comm_bytes = 16; /* with its NUL */

/* The value of an empty slot: not a canonical address, so no function is there. */
inline constexpr u64 no_function = 1ull << 63;
inline constexpr u64 no_caller = ~0ull;

/* The first of the slots that an address may be in; the others follow at a distance of sets. */
constexpr u32 set_of(u64 address) noexcept
{
	return static_cast<u32>((address * 0x9e3779b97f4a7c15ull) >> 57);
}

/* The context after a call whose function is in @slot. */
constexpr u32 context_after(u32 context, u32 slot) noexcept
{
	return (context << 4 ^ slot) % contexts;
}

/* The task that enters a function. */
struct caller {
	u64 ids;	  /* tid, and pid << 32 */
	const char *comm; /* comm_bytes can be read; they may change meanwhile */

	static constexpr u64 ids_of(u32 pid, u32 tid) noexcept { return u64{pid} << 32 | tid; }
};

/*
 * call() gives at most call_bytes_max bytes: the packet of the call and those that must stand
 * before it. A user that cannot store them says so with not_stored(); the encoder then starts again
 * with a sync.
 *
 * Not reentrant: a call that comes in the middle of call() is missed(), once that is over.
 * Invariant: while until_sync_ is positive, the decoder of the bytes that were given has the same
 * time, dictionary and caller.
 */
class encoder
{
public:
	static constexpr u32 call_bytes_max = 84;
	static constexpr u32 report_bytes_max = 34;
	static constexpr u32 end_bytes_max = 1;

	/* @tick_shift: a tick is 2^tick_shift ns. */
	constexpr encoder(u32 cpu, u32 tick_shift) noexcept : tick_shift_(tick_shift), cpu_(cpu) {}

	/* @bytes from sync to sync, from the next sync on. */
	void set_sync_interval(u32 bytes) noexcept { sync_every_ = bytes; }

	/* ------------------------------------------------------------ the fast path */

	bool is_same_caller(const caller &from) const noexcept
	{
		return from.ids == ids_ && word(from.comm, 0) == name_[0] &&
		       word(from.comm, 1) == name_[1];
	}

	/* ns as ticks. */
	u64 ticks_of(u64 time) const noexcept { return time >> tick_shift_; }
	u64 ns_of(u64 ticks) const noexcept { return ticks << tick_shift_; }

	/*
	 * A call by the same caller as the last one, without a sync before it, whose bytes will be
	 * stored. @now: ticks. @return its bytes, at most 2; 0: it is not the expected function, or
	 * its time is too far from the last one: nothing changed.
	 *
	 * This and known_call() do not count towards the next sync; see wrote().
	 */
	[[gnu::always_inline]] u32 next_call(u8 *to, u64 now, u64 address) noexcept
	{
		const u32 slot = successors_[context_];
		const u64 ticks = now - time_;
		u32 bytes = 1;

		if (addresses_[slot] != address) [[unlikely]]
			return 0;
		if (ticks <= short_ticks_max) {
			*to = static_cast<u8>(2 * ticks + 2);
		} else if (ticks <= next_ticks_max) {
			put_u16(to, static_cast<u32>(ticks << 2 | op_next_long));
			bytes = 2;
		} else {
			return 0;
		}
		time_ = now;
		context_ = context_after(context_, slot);
		return bytes;
	}

	/* The same for any function that has a slot: 3 bytes, or 0. */
	u32 known_call(u8 *to, u64 now, u64 address) noexcept
	{
		const u32 slot = find(address);
		const u64 ticks = now - time_;

		if (slot == slots || ticks > known_ticks_max)
			return 0;
		time_ = now;
		follow(slot);

		const u32 packet =
			static_cast<u32>(ticks) << known_ticks_bit | slot << 3 | op_known;

		put_u16(to, packet);
		to[2] = static_cast<u8>(packet >> 16);
		return 3;
	}

	/* Bytes of the fast path that were stored. */
	void wrote(u64 bytes) noexcept { until_sync_ -= static_cast<s32>(bytes); }

	/* Bytes until the next sync is due; 0 or less: a sync is due. */
	s32 until_sync() const noexcept { return until_sync_; }

	/* ------------------------------------------------------------ the slow path */

	/* Encodes a call. @time: ns; if it is before the last call's, that one is used. Returns the
	 * number of bytes. */
	u32 call(u8 *to, u64 time, u64 address, const caller &from) noexcept
	{
		u8 *at = to;

		reported_ = 0;
		if (until_sync_ <= 0)
			at = put_sync(at, time);
		if (!is_same_caller(from))
			at = put_context(at, from);
		at = put_call(at, cxxrt::max(ticks_of(time), time_), address);
		wrote(static_cast<u64>(at - to));
		return static_cast<u32>(at - to);
	}

	/* The bytes of the last call() were not stored. The next one reports the loss. */
	void not_stored() noexcept { missed(1 + reported_); }
	/* The bytes of the last report(), and of the end() behind it, were not stored. */
	void not_reported() noexcept { missed(reported_); }

	/* @calls were not encoded. The next call() or report() reports them. */
	void missed(u64 calls) noexcept
	{
		lost_ += calls;
		reported_ = 0;
		restart();
	}

	/* Encodes the number of missed calls, if there are any. Returns the number of bytes. */
	u32 report(u8 *to, u64 time) noexcept
	{
		reported_ = 0;
		return lost_ ? static_cast<u32>(put_sync(to, time) - to) : 0;
	}

	/* Encodes the end of the trace. A call() may follow, which begins with a sync. Returns the
	 * number of bytes. */
	u32 end(u8 *to) noexcept
	{
		restart();
		*to = op_end;
		return 1;
	}

	/* Makes the next call begin with a sync, because a reader may begin there. */
	void restart() noexcept { until_sync_ = 0; }

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

	/* Little-endian. */
	static void put_u16(u8 *at, u32 value) noexcept
	{
		const u16 bytes = static_cast<u16>(value);

		static_assert(std::endian::native == std::endian::little);
		__builtin_memcpy(at, &bytes, sizeof(bytes));
	}

	/* Eight bytes of a name, one load. */
	static u64 word(const char *comm, u32 i) noexcept
	{
		u64 value;

		__builtin_memcpy(&value, comm + i * sizeof(value), sizeof(value));
		return value;
	}

	/* The slot of @address; slots: it has none. */
	u32 find(u64 address) const noexcept
	{
		u32 slot = set_of(address);

		while (slot < slots && addresses_[slot] != address)
			slot += sets;
		return cxxrt::min(slot, slots);
	}

	/* A slot for @address: an empty one, else one of four in turn. */
	u32 give_slot(u64 address) noexcept
	{
		const u32 first = set_of(address);

		for (u32 slot = first; slot < slots; slot += sets)
			if (addresses_[slot] == no_function)
				return slot;
		return first + sets * (victim_++ % ways);
	}

	/* The call of @slot came in this context. */
	void follow(u32 slot) noexcept
	{
		successors_[context_] = static_cast<u16>(slot);
		context_ = context_after(context_, slot);
	}

	/* @now: ticks, not before the last ones. */
	u8 *put_call(u8 *at, u64 now, u64 address) noexcept
	{
		const u64 ticks = now - time_;

		if (const u32 bytes = next_call(at, now, address))
			return at + bytes;
		if (find(address) == slots)
			return put_named(at, ticks, address);
		if (ticks > known_ticks_max) {
			*at++ = op_time;
			at = put_number(at, ticks);
			time_ = now;
			if (const u32 bytes = next_call(at, now, address))
				return at + bytes;
		}
		return at + known_call(at, now, address);
	}

	u8 *put_named(u8 *at, u64 ticks, u64 address) noexcept
	{
		const u32 slot = give_slot(address);

		*at++ = op_named;
		for (u64 each : {u64{slot}, ticks, fold(address - named_)})
			at = put_number(at, each);
		time_ += ticks;
		named_ = addresses_[slot] = address;
		follow(slot);
		return at;
	}

	[[gnu::noinline]] u8 *put_sync(u8 *at, u64 time) noexcept
	{
		for (u32 i = 0; i < sync_run; i++)
			*at++ = op_sync;
		*at++ = sync_mark;

		const u8 *const body = at;

		time_ = cxxrt::max(ticks_of(time), time_);
		for (u64 each : {u64{version}, u64{cpu_}, u64{tick_shift_}, time_, lost_})
			at = put_number(at, each);

		u8 sum = 0;

		for (const u8 *p = body; p < at; p++)
			sum = static_cast<u8>(sum * 5 + *p);
		*at++ = sum | 0x80;

		named_ = 0;
		context_ = 0;
		for (u64 &address : addresses_)
			address = no_function;
		__builtin_memset(successors_, 0, sizeof(successors_));
		reported_ = lost_;
		lost_ = 0;
		until_sync_ = static_cast<s32>(sync_every_);
		ids_ = no_caller;
		return at;
	}

	[[gnu::noinline]] u8 *put_context(u8 *at, const caller &from) noexcept
	{
		u8 name[comm_bytes];
		u8 length = 0;

		ids_ = from.ids;
		/* Later names are compared with the one that is written, even if it changes now. */
		for (u32 i = 0; i < 2; i++)
			name_[i] = word(from.comm, i);
		__builtin_memcpy(name, name_, comm_bytes);
		while (length < comm_bytes - 1 && name[length])
			length++;
		*at++ = op_context;
		at = put_number(at, ids_ >> 32);
		at = put_number(at, static_cast<u32>(ids_));
		*at++ = length;
		/* So that only a sync has sync_run of them in a row. */
		for (u32 i = 0; i < length; i++)
			*at++ = name[i] == op_sync ? '?' : name[i];
		return at;
	}

	/* The fast path reads these. */
	u64 time_ = 0; /* ticks */
	u64 ids_ = no_caller;
	u64 name_[comm_bytes / sizeof(u64)] = {};
	u32 context_ = 0;
	const u32 tick_shift_;

	const u32 cpu_;
	u32 victim_ = 0; /* the way whose function is replaced next */
	u32 sync_every_ = 4096;
	s32 until_sync_ = 0; /* bytes; 0 or less: a sync is due */
	u64 named_ = 0;	     /* the last address that was named */
	u64 lost_ = 0;
	u64 reported_ = 0; /* losses that the last call() reported */
	u16 successors_[contexts] = {};
	u64 addresses_[slots] = {};
};

/* 5 + 1+3+1+10+10+1 of a sync, 1+5+5+1+15 of a context, 1+2+10+10 of a named call. A time stands
 * before a shorter call only. */
static_assert(5 + 26 + 27 + 23 <= encoder::call_bytes_max);
static_assert(5 + 26 <= encoder::report_bytes_max);

} // namespace perfbuf::functrace
