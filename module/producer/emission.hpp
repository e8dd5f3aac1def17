/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An emission: one occurrence of an event, from which each output that is attached on
 * this CPU gets a record.
 *
 *   begin ── the caller stores the payload ── next
 *
 * The payload goes
 *
 *   in place   into the record in the ring, if one reader is attached, its samples have a layout
 *              that is RAW alone or has the time or ids and no IP, it has no filter, and the
 *              record is contiguous
 *   built      into a spare on the caller's stack, in all other cases: next() evaluates each
 *              reader's filter, and copies the payload into the record of each reader that matches
 *   reserved   into the spare, if the ring was entered and the record then was not contiguous
 *
 * Raw events (emission_raw.cpp) are copied by the caller, once for each reader, so there begin
 * and next open a record of one reader after the other.
 *
 * Interrupts are off throughout, which keeps rings, outputs and filters alive. So once a CPU has
 * handled an interrupt, every emission that began there before has ended; or it is a large one
 * between two records, with preemption off (write_in_steps()).
 */
#pragma once

#include "glue/producer.h"
#include "producer/output.hpp"

#include <cxxrt/std.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

class emission
{
public:
	/*
	 * Each begin_*() returns where the payload goes; nullptr: the emission has ended. For an
	 * event of a fixed size, whose spare lies behind @this:
	 *
	 * begin_alone()   in a task, of one reader with the layout @of: enum pb_alone. @word, @ids,
	 *                 @time: glue/producer.h
	 * begin_alone_others()   the same, of any layout; when_ is set
	 * begin_fixed()   of any readers, in any context
	 */
	template <sample_layout::kind of>
	void *begin_alone(event_cpu &here, u64 ids, u32 word, u64 time) noexcept;
	void *begin_alone_others(event_cpu &here, u64 common) noexcept;
	void *begin_fixed(event_cpu &here, u64 common, nesting level) noexcept;
	/* For an event with parts. */
	void *begin_parts(event_cpu &here, u64 common, nesting level, u32 fixed_bytes, void *spare,
			  const perfbuf_part *parts, u32 part_count) noexcept;
	/* The payload is stored. Returns nullptr. */
	void *next() noexcept;

	/* A raw event: one part, which the caller copies itself; @spare: nullptr, or space for it
	 * if it is to be contiguous. */
	void *begin_raw(event_cpu &here, u64 common, nesting level, u32 bytes,
			void *spare) noexcept;
	void *next_raw() noexcept;
	void copy(const void *from, u32 bytes) noexcept;
	void discard() noexcept;

	static emission &of(perfbuf_emission *raw) noexcept
	{
		return *reinterpret_cast<emission *>(raw);
	}

private:
	friend class burst;

	/* Limits the sum of the sizes; more than a record holds, so the ring refuses it as too big.
	 */
	static constexpr u64 payload_max = 1u << 20;
	/* A payload of more than step_payload bytes lets interrupts in after step_bytes bytes and
	 * the record in which they end. */
	static constexpr u32 step_bytes = 65536;
	static constexpr u32 step_payload = 4096;

	struct raw_fixed {
		u64 common;
		u32 data;
	};

	static constexpr void check() noexcept;
	static u64 built() noexcept;
	static u64 reserved() noexcept;
	bool enter(event_cpu &here, nesting level, u32 records = 1) noexcept;
	void count_loss(loss_cause why, u32 records) noexcept;
	/* Ends the emission: restores interrupts, in the glue. Returns nullptr. */
	void *over() noexcept
	{
		return pb_emission_over(reinterpret_cast<perfbuf_emission *>(this));
	}

	/* Slow paths of begin_alone(), whose arguments they have in the same registers. */
	void *begin_alone_slow(event_cpu &here, u64 ids, u32 word, u64 time) noexcept;
	void *begin_alone_reserved(output &to, u64 ids, u32 word, u64 time) noexcept;
	void *begin_reserved(output &to, u64 common) noexcept;
	void set_moment(u64 ids, u64 time) noexcept;
	void *next_unpublished(u64 caller) noexcept;
	void *next_overtaken() noexcept;
	void *next_in_ring() noexcept;
	void *finish_parts() noexcept;
	void *finish_reserved() noexcept;
	/* Behind the emission of an event of a fixed size. */
	void *fixed_spare() noexcept { return reinterpret_cast<perfbuf_emission *>(this) + 1; }
	void set_fixed(event_cpu &here) noexcept;

	void write(output &to) noexcept;
	void write_in_steps() noexcept;
	/* write() for an event of a fixed size, before set_fixed(). */
	void write_fixed(output &to) noexcept;
	void write_fixed_by_reservation(output &to, perf_buffer &into, u32 bytes) noexcept;
	void write_inline(output &to) noexcept;
	static char *fill_others(const sample_layout &layout, char *record, u64 bytes,
				 const sample_layout::moment &when) noexcept;
	void write_by_reservation(output &to, perf_buffer &into, u32 bytes) noexcept;
	void write_without_ring(output &to, u32 bytes) noexcept;
	void commit_reservation(output &to, u32 bytes) noexcept;
	void write_slow(output &to) noexcept;
	void write_by_writer(output &to) noexcept;
	void put_payload(reservation &into) const noexcept;
	u32 padding() const noexcept { return sample_writer::raw_padding(bytes_); }

	/* Begins a record by the event's sample_writer, up to its raw data. */
	bool open_record(output &to) noexcept;
	static void open_with_regs(void *self, const pb_regs *regs) noexcept;
	void close_record() noexcept;
	reservation &record() noexcept { return *reinterpret_cast<reservation *>(record_); }

	void *advance_raw(output *from) noexcept;
	void *open_raw(output &to) noexcept;
	void finish_raw() noexcept;

	u64 irq_flags_;		     /* the C entry's */
	sample_layout::moment when_; /* as far as the outputs need it */
	/*
	 * Its word says where the payload is: the address of the ring (in place; no member below is
	 * set then), built() (for an event of a fixed size only is_fixed_ is set until
	 * set_fixed()), or reserved().
	 */
	recursion_context *context_;
	event_cpu *here_;
	output *at_; /* reserved, and raw events: the output whose record is open */
	u64 common_;
	void *spare_;
	const perfbuf_part *parts_;
	u32 part_count_;
	u32 fixed_bytes_;
	u32 bytes_;	/* of the payload */
	u32 left_;	/* of a raw event: bytes that are not copied yet */
	bool is_fixed_; /* of an event of a fixed size: set_fixed() is still to come */
	bool is_open_;	/* record() exists */
	bool in_place_; /* of a raw event: its data is not in the spare */
	sample_writer::rest behind_;
	alignas(8) unsigned char record_[sizeof(reservation)];
};

static_assert(sizeof(emission) <= sizeof(perfbuf_emission));

} // namespace perfbuf
