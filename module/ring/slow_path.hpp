/* SPDX-License-Identifier: GPL-2.0 */
/* Why every record of a ring takes the slow path. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

/*
 * A set of reasons. While it is not empty the ring's limit stays closed: see
 * perf_buffer::close_limit() and perf_buffer::set_limit(). Any context and CPU.
 */
class slow_path_reasons
{
public:
	enum reason : u32 {
		paused = 1,	  /* records are refused */
		pending_loss = 2, /* there may be a loss to report */
		watched = 4,	  /* a reader has mapped the statistics: all of them are counted */
		latency = 8,	  /* each record may have to start the latency alarm */
	};

	u32 read() const noexcept { return set_.read_once(); }
	bool has(reason reason) const noexcept { return read() & reason; }

	/* Fully ordered if it was not there. */
	void add(reason reason) noexcept
	{
		if (!has(reason))
			set_.fetch_or(reason);
	}
	void remove(reason reason) noexcept
	{
		if (has(reason))
			set_.fetch_and(~u32{reason});
	}

private:
	cxxrt::shared<u32> set_;
};

} // namespace perfbuf
