// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A snapshot of a recorder: struct perfbuf_snapshot_header and what follows it. */
#pragma once

#include "recorder/rings.hpp"

namespace perfbuf::recorder
{

struct contents {
	description of;
	std::vector<ring> rings;
};

/** Errors: EBADMSG. */
reader::result<contents> parse_snapshot(std::span<const std::byte> bytes);

} // namespace perfbuf::recorder
