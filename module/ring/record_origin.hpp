/* SPDX-License-Identifier: GPL-2.0 */
/* The interfaces that a ring calls: record_origin, of a writer; wake_target, of a polled file. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

class perf_buffer;
class reservation;

/*
 * The writer of a record, as far as a PERF_RECORD_LOST needs to know it. The ring asks for the
 * trailer (sample_id with sample_id_all) only if it has a loss to report.
 */
class record_origin
{
public:
	constexpr record_origin(u64 id, u32 trailer_bytes) noexcept
		: id(id), trailer_bytes(trailer_bytes)
	{
	}

	/* Writes trailer_bytes. In the writer's context. */
	virtual void write_trailer(reservation &into) const noexcept = 0;

	/* The ring tried to write a record of its own (PERF_RECORD_AUX). @code: 0, or the errno of
	 * perf_buffer::begin(). */
	virtual void attempted(const perf_buffer &, [[maybe_unused]] int code) const noexcept {}

	const u64 id;		 /* of the event that lost records */
	const u32 trailer_bytes; /* a multiple of 8 */

protected:
	~record_origin() = default;
};

/* An open file that the ring wakes. Lives at least until a grace period after detach(). */
class wake_target
{
public:
	/* Hard irq. */
	virtual void wake() noexcept = 0;
	/* Whether wake() sends signals. Any context. */
	virtual bool sends_signals() const noexcept { return false; }

	/* The ring's list. Only the ring touches it. */
	cxxrt::shared<wake_target *> next;

protected:
	~wake_target() = default;
};

} // namespace perfbuf
