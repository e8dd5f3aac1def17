/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event that happens: a record for each output that listens on this CPU.
 *
 *   begin ── first output ── next ── second output ── next ── no more
 *
 * Between two of them the caller stores the payload: in place in the ring if it
 * lies there in one piece and nobody filters, else into a spare of its own, which
 * is copied (or, if the filter says so, dropped) at next.
 *
 * An event of a fixed size with one output on the CPU takes the short way
 * (emission_fixed.cpp): all but the payload is made from the output's form, and
 * nothing is kept but where to publish. Whatever else there is, looks closely.
 *
 * Interrupts are off throughout, which keeps rings, outputs and filters alive, and
 * whoever had an interrupt handled on this CPU knows that no emission is inside.
 */
#pragma once

#include "producer/output.hpp"

#include <cxxrt/std.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

class emission
{
public:
	/* The payload of the first output, and of the next; nullptr: there is none. */
	void *begin(listeners &here, u64 common, nesting level, u32 fixed_bytes, void *spare,
		    const perfbuf_part *parts, u32 part_count) noexcept;
	void *next() noexcept;

	/* The same of an event without parts, whose spare stands behind @this. */
	void *begin_any(listeners &here, u64 common, nesting level) noexcept;
	/* In a task, by PB_WAY_LEAN, and by PB_WAY_USUAL or PB_WAY_FORM. */
	void *begin_lean(listeners &here, u64 common) noexcept;
	template <bool usual>
	void *begin_stamped(listeners &here, u32 common) noexcept;
	void *next_fixed() noexcept;

	/* A raw event: one part, which the caller copies itself; @spare: nullptr, or room for it
	 * if it is to lie in one piece. */
	void *begin_raw(listeners &here, u64 common, nesting level, u32 bytes,
			void *spare) noexcept;
	void *next_raw() noexcept;
	void copy(const void *from, u32 bytes) noexcept;
	void discard() noexcept;

	static emission &of(perfbuf_emission *raw) noexcept
	{
		return *reinterpret_cast<emission *>(raw);
	}

private:
	enum class stage : u32 {
		over,	/* given up */
		held,	/* in the spare; a filter will look at it */
		opened, /* in the ring */
		plain,	/* the same, and nothing of the sample follows the payload */
		brief,	/* the same, in one piece and without a reservation */
	};

	struct raw_fixed {
		u64 common;
		u32 data;
	};

	bool enter(listeners &here, nesting level, u64 bytes) noexcept;
	void count_not_entered(listeners &here) noexcept;
	void *over() noexcept;
	/* Typed events: tries the outputs from @from on. */
	void *walk(output *from) noexcept;
	/* Tries the outputs from @from on, until @open says that one wants the record. */
	template <typename Open>
	void *advance(output *from, Open &&open) noexcept;
	void *open_typed(output &to) noexcept;
	void *open_plain(output &to) noexcept;
	void *open_varying(output &to) noexcept;
	void *open_raw(output &to) noexcept;
	struct of_any;
	struct of_lean;
	template <bool usual>
	struct of_stamped;
	template <typename What>
	void *begin_fixed(listeners &here, recursion_context &context, bool is_alone,
			  What what) noexcept;
	void *open_short(output &to, perf_buffer &into) noexcept;
	void *open_in_spare(output &to, perf_buffer &into) noexcept;
	void keep_fixed(listeners &here, u64 common) noexcept;
	void *begin_fixed_closely(listeners &here, u64 common) noexcept;
	void *begin_fixed_in_spare(listeners &here, u64 common) noexcept;
	void *finish_last_closely(perf_buffer::committed how) noexcept;
	void *not_entered(listeners &here) noexcept;
	bool open_record(output &to) noexcept;
	static void open_with_regs(void *self, const pb_regs *regs) noexcept;
	void finish_typed() noexcept;
	void finish_plain() noexcept;
	void finish_varying() noexcept;
	void copy_rest() noexcept;
	void finish_raw() noexcept;
	void close_record() noexcept;
	reservation &record() noexcept { return *reinterpret_cast<reservation *>(record_); }
	u32 padding() const noexcept { return sample_writer::raw_padding(bytes_); }

	u64 irq_flags_;		  /* the C entry's */
	u64 caller_;		  /* the address that the C entry returns to */
	sample_form::stamp when_; /* when, and who, where the way has it */
	void *here_;		  /* the C entry's */
	recursion_context *context_;
	perf_buffer *only_; /* of a brief record, if there is no other output; all else is unset */
	perf_buffer *into_; /* of a brief record */
	stage stage_;
	bool is_fixed_; /* it has no parts */
	u64 common_;
	output *at_;
	const filter *wanted_;
	void *spare_;
	const perfbuf_part *parts_;
	u32 part_count_;
	u32 fixed_bytes_;
	u32 bytes_;	/* of the payload */
	u32 left_;	/* of a raw event: not copied yet */
	bool in_place_; /* the fixed part is stored in the ring */
	bool padded_;	/* and so is what follows the payload */
	sample_writer::rest behind_;
	alignas(8) unsigned char record_[sizeof(reservation)];
};

static_assert(sizeof(emission) <= sizeof(perfbuf_emission));

} // namespace perfbuf
