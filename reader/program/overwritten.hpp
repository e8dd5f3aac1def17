// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The rings of record --overwrite: what they hold when it is asked for. */
#pragma once

#include <perfbuf/ring_copy.hpp>

#include "program/open_files.hpp"

namespace perfbuf::program
{

/**
 * Whole records that a ring in overwrite mode got since the last call and still holds, the oldest
 * first. Its writers go on; a ring of perf_event_open(2) is paused while it is read.
 */
reader::result<std::vector<std::byte>> newest_records(const reader::file &of, cpu_ring &ring);

} // namespace perfbuf::program
