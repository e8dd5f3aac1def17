/* SPDX-License-Identifier: GPL-2.0 */
/* The ring's functions, each behind a call that is not inlined. */
#pragma once

#include "ring/perf_buffer.hpp"

namespace steps
{

using perfbuf::u64;

class no_trailer final : public perfbuf::record_origin
{
public:
	constexpr no_trailer() noexcept : record_origin(1, 0) {}
	void write_trailer(perfbuf::reservation &) const noexcept override {}
};

inline constinit const no_trailer origin;

void *reserve_by_call(perfbuf::perf_buffer *ring, u64 bytes) noexcept;
void commit_by_call(perfbuf::perf_buffer *ring) noexcept;
int begin_by_call(perfbuf::perf_buffer *ring, void *to, u64 bytes) noexcept;
void copy_by_call(void *to, const void *from, u64 bytes) noexcept;
void end_by_call(void *to) noexcept;

} // namespace steps
