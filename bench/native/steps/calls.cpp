// SPDX-License-Identifier: GPL-2.0
/* The ring behind calls, as a module calls it that is a source. */
#include "calls.hpp"

#include "ring/write.hpp"

namespace steps
{

using perfbuf::perf_buffer;
using perfbuf::reservation;

void *reserve_by_call(perf_buffer *ring, u64 bytes) noexcept
{
	return ring->reserve_contiguous(bytes, origin);
}

void commit_by_call(perf_buffer *ring) noexcept
{
	ring->commit_contiguous();
}

int begin_by_call(perf_buffer *ring, void *to, u64 bytes) noexcept
{
	return ring->begin_at(to, bytes, origin);
}

void copy_by_call(void *to, const void *from, u64 bytes) noexcept
{
	static_cast<reservation *>(to)->copy(from, bytes);
}

void end_by_call(void *to) noexcept
{
	static_cast<reservation *>(to)->commit();
}

} // namespace steps
