/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of a recorder while its writers go on: struct perfbuf_snapshot_header and what follows. */
#pragma once

#include "recorder/recorder.hpp"

namespace perfbuf
{

/* Where the bytes go. */
class snapshot_target
{
public:
	/* EFAULT. */
	virtual cxxrt::result<void> put(u64 offset, const void *from, u64 bytes) noexcept = 0;

protected:
	~snapshot_target() = default;
};

u64 snapshot_bytes(const recorder &of) noexcept;
/* Nothing is locked, and no writer waits. Process context; sleeps if the target does. */
cxxrt::result<void> take_snapshot(const recorder &of, snapshot_target &to) noexcept;

} // namespace perfbuf
