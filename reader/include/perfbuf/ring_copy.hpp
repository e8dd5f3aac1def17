// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The content of a ring in overwrite mode (mapped read-only), forward or backward, copied while its
 * writers go on: nothing is paused, and no record is torn. snapshot.hpp is for a ring that is
 * paused, and for those of perf_event_open(2).
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/perf_event.h>
#include <perfbuf/file.hpp>
#include <perfbuf/mapping.hpp>
#include <perfbuf/record.hpp>
#include <perfbuf/result.hpp>
#include <span>
#include <vector>

namespace perfbuf::reader
{

struct ring_copy {
	std::vector<std::byte> bytes; /**< whole records, the oldest first */
	/** Bytes that the ring held and that are left out: they were overwritten while they were
	 * copied, or no mark shows where their first record begins. */
	uint64_t left_out = 0;
	/** Bytes that were ever written, up to the newest of these records. */
	uint64_t written = 0;

	/** use(record) of each, the oldest first. */
	template <typename Use>
	void each(Use &&use) const
	{
		each_record(bytes, use);
	}
};

/**
 * Copy the ring of a file: what is published now, but for what the writers overwrite meanwhile.
 * In a forward ring the oldest records are left out up to the next mark, which stand a watermark
 * (attr.wakeup_watermark; half the ring by default) apart.
 * @param ring the file's, or that of the file into which it was redirected
 * Errors: ENOTTY, a file of perf_event_open(2) or of an older module; EINVAL, the ring is not in
 * overwrite mode; EBADMSG, the ring holds what no writer writes; EOPNOTSUPP, on arm64, the file is
 * of an event without a CPU and not paused.
 */
result<ring_copy> copy_ring(const file &of, const mapping &ring);

/** The ring of a file that this process has not mapped: another process's, by pidfd_getfd(2). */
struct described_ring {
	perf_event_attr attr{}; /**< the file's: for decoder.hpp */
	uint64_t ring = 0;	/**< the same number for all files that write to one ring */
	uint64_t bytes = 0;	/**< of its data */
	bool overwrite = false; /**< its reader has mapped it read-only: it can be copied */
};

/** Errors: ENOTTY, a file of perf_event_open(2) or of an older module; EINVAL, nothing is mapped;
 * ENODEV, the source has gone. */
result<described_ring> describe_ring(const file &of);

/** As above, without a mapping of the caller's own: the file's process sees nothing of it.
 * Errors: those of both. */
result<ring_copy> copy_ring(const file &of);

} // namespace perfbuf::reader
