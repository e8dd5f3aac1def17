/* SPDX-License-Identifier: GPL-2.0 */
/* Writes PERF_RECORD_SAMPLE for any source. */
#pragma once

#include "device/event.hpp"
#include "glue/regs.h"

namespace perfbuf
{

class scratch_memory;

/* The fields of a sample that its source supplies. sample_writer reads the others. */
struct sample {
	const pb_regs *regs; /* what was interrupted */
	u64 ip;
	bool user;   /* it was in user mode */
	u64 address; /* PERF_SAMPLE_ADDR */
	u64 period;
	u32 raw_bytes;	/* PERF_SAMPLE_RAW: of what the caller copies into the record */
	bool from_here; /* no interrupt: @regs are those of the writer itself, and the callchain
			   begins at @ip */
};

/*
 * Writes the samples of one event. Fixed once open() has returned, so all CPUs may read it.
 */
class sample_writer
{
public:
	explicit sample_writer(event &owner) noexcept;
	~sample_writer();
	sample_writer(const sample_writer &) = delete;
	sample_writer &operator=(const sample_writer &) = delete;

	/* The scratch for callchains and counts, if attr asks for them. ENOMEM. Process context,
	 * may sleep. */
	cxxrt::result<void> open() noexcept;

	/* The state of a sample between begin() and finish(). */
	struct rest {
		pb_user_state user;
		u32 regs_count;
		u32 dump_bytes;
		aux_snapshot aux; /* held until finish() */
		u32 record_bytes; /* in all; for discard() */
	};

	bool has_raw() const noexcept { return fields_ & PERF_SAMPLE_RAW; }
	/* Whether sample.regs is used: the samples have a callchain, registers or a stack. */
	bool wants_regs() const noexcept { return varies_; }
	/* The padding behind @raw_bytes of raw data, which ends the field at a multiple of 8. */
	static u32 raw_padding(u32 raw_bytes) noexcept
	{
		return cxxrt::round_up<u32>(sizeof(u32) + raw_bytes, sizeof(u64)) - sizeof(u32) -
		       raw_bytes;
	}

	/*
	 * Writes a sample of the current task in two halves. begin() writes everything up to the
	 * raw data; then the caller copies @sample.raw_bytes and the padding; finish() writes the
	 * rest. A sample that begin() refuses is counted as a loss. The event's writer: any
	 * context, preemption off.
	 */
	cxxrt::result<reservation> begin(const sample &sample, rest &behind) const noexcept
	{
		const moment when = owner_.now();

		return varies_ ? begin_varying(sample, when, behind)
			       : begin_fixed(sample, when, behind);
	}

	void finish(reservation record, const rest &behind) const noexcept
	{
		if (varies_)
			put_rest(record, behind);
		owner_.commit_sample(std::move(record));
	}

	/* Writes a whole sample. @raw: what.raw_bytes of raw data. */
	void write(const sample &sample, const void *raw = nullptr) const noexcept
	{
		__attribute__((uninitialized)) rest behind;
		cxxrt::result<reservation> begun = begin(sample, behind);

		if (!begun) [[unlikely]]
			return;

		reservation record = begun.take();

		if (has_raw()) {
			if (raw)
				record.copy(raw, sample.raw_bytes);
			record.zero(raw_padding(sample.raw_bytes));
		}
		finish(std::move(record), behind);
	}

private:
	cxxrt::result<reservation> begin_fixed(const sample &sample, const moment &when,
					       rest &behind) const noexcept;
	cxxrt::result<reservation> begin_varying(const sample &sample, const moment &when,
						 rest &behind) const noexcept;
	/* The same, with PERF_SAMPLE_READ. */
	cxxrt::result<reservation> begin_counted(const sample &sample, const moment &when,
						 rest &behind) const noexcept;
	/* @from_scratch: @count words, which stand between the fields of one word and RAW. */
	cxxrt::result<reservation> begin_parts(const sample &sample, const moment &when,
					       const u64 *from_scratch, u32 count,
					       rest &behind) const noexcept;
	cxxrt::error refuse_nested() const noexcept;
	void put_rest(reservation &record, const rest &behind) const noexcept;
	/* The header, the fields of one word, and the size of the raw data. */
	void put_head(reservation &record, const sample &sample, const moment &when,
		      u32 bytes) const noexcept;
	static u64 head_word(const sample &sample, u32 bytes) noexcept;
	u32 raw_field_bytes(const sample &sample) const noexcept;
	void put_raw_size(reservation &record, const sample &sample) const noexcept;
	void fill_fixed(u64 *words, const sample &sample, const moment &when,
			u32 bytes) const noexcept;
	u32 unwind(u64 *words, const sample &sample, const pb_user_state &user) const noexcept;
	u32 stack_bytes(u32 others, const pb_user_state &user) const noexcept;
	aux_snapshot hold_aux(u32 others) const noexcept;
	void put_aux(reservation &record, const aux_snapshot &held) const noexcept;

	event &owner_;
	const u64 fields_;	/* attr.sample_type */
	const u32 fixed_bytes_; /* of the header and the fields of one word */
	const bool varies_;	/* there are other fields than these and RAW */
	u32 regs_;		/* PERF_SAMPLE_REGS_USER: how many */
	scratch_memory *scratch_ = nullptr;
};

} // namespace perfbuf
