/* SPDX-License-Identifier: GPL-2.0 */
/* An event as the ring sees it when it writes a record by itself: a loss, an AUX record. */
#pragma once

#include "device/event.hpp"

namespace perfbuf
{

class event::origin final : public record_origin
{
public:
	origin(event &owner, const moment &when) noexcept
		: record_origin(owner.id(), owner.trailer_bytes()), owner_(owner), when_(when)
	{
	}

	void write_trailer(reservation &into) const noexcept override
	{
		owner_.put_trailer(into, when_);
	}

	void attempted(const perf_buffer &ring, int errno_or_0) const noexcept override
	{
		owner_.note(ring, errno_or_0);
	}

private:
	event &owner_;
	const moment &when_;
};

} // namespace perfbuf
