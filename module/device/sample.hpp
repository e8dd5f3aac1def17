/* SPDX-License-Identifier: GPL-2.0 */
/* PERF_RECORD_SAMPLE, of any source. */
#pragma once

#include "device/event.hpp"
#include "glue/regs.h"

namespace perfbuf
{

/* What a source knows of a sample; the rest is found out. */
struct sample {
	const pb_regs *regs; /* what was interrupted */
	u64 ip;
	bool user;   /* it was in user mode */
	u64 address; /* PERF_SAMPLE_ADDR */
	u64 period;
	const void *raw; /* PERF_SAMPLE_RAW */
	u32 raw_bytes;
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

	/* The scratch for callchains, if attr asks for them. ENOMEM. Process context, may sleep. */
	cxxrt::result<void> open() noexcept;

	/*
	 * As the event's writer, of the current task: any context, preemption off. A sample that
	 * could not be written is counted.
	 */
	void write(const sample &what) const noexcept
	{
		const moment when = owner_.now();

		if (varies_)
			write_varying(what, when);
		else
			write_fixed(what, when);
	}

private:
	struct parts;

	void write_fixed(const sample &what, const moment &when) const noexcept;
	void write_varying(const sample &what, const moment &when) const noexcept;
	void write_parts(const sample &what, const moment &when, const parts &found) const noexcept;
	void fill_fixed(u64 *words, const sample &what, const moment &when,
			u32 bytes) const noexcept;
	u32 unwind(u64 *frames, const sample &what, const pb_user_state &user) const noexcept;
	u32 stack_bytes(u32 others, const pb_user_state &user) const noexcept;

	event &owner_;
	const u64 fields_;	/* attr.sample_type */
	const u32 fixed_bytes_; /* of the header and the fields of one word */
	const bool varies_;	/* there are other fields */
	u32 regs_;		/* PERF_SAMPLE_REGS_USER: how many */
	bool has_scratch_ = false;
};

} // namespace perfbuf
