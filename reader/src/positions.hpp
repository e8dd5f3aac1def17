// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The module's struct perfbuf_positions as the library has it. */
#pragma once

#include <algorithm>
#include <linux/perfbuf.h>
#include <perfbuf/file.hpp>

namespace perfbuf::reader
{

inline ring_positions positions_from(const perfbuf_positions &found)
{
	static_assert(sizeof(found.marks) == sizeof(ring_positions::marks));
	ring_positions made;
	made.overwrite = found.flags & PERFBUF_POSITIONS_OVERWRITE;
	made.backward = found.flags & PERFBUF_POSITIONS_BACKWARD;
	made.published = found.published;
	made.reserved = found.reserved;
	std::copy(std::begin(found.marks), std::end(found.marks), made.marks.begin());
	return made;
}

} // namespace perfbuf::reader
