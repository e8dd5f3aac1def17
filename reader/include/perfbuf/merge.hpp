// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Records of many rings in the order of their times. The round of a reader is: take a time T before
 * which every record is published (file::fence()); read all rings and add() what they hold; call
 * flush(T). Then the order is exact, and the merge holds no more than the rings do.
 */
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <perfbuf/record.hpp>
#include <vector>

namespace perfbuf::reader
{

/** Holds copies of records until flush() passes them on. */
class merge
{
public:
	/**
	 * Copy a record.
	 * @param time of the record, ns; 0 comes before everything
	 * @param tag  the caller's: flush() returns it with the record
	 */
	void add(uint64_t time, const record &of, uint32_t tag = 0);

	/**
	 * Call use(record, time, tag) for each record with a time before `limit`, in the order of
	 * the times. Records of one time keep the order in which they were added.
	 */
	template <typename Use>
	void flush(uint64_t limit, Use &&use)
	{
		const size_t count = sort_before(limit);
		for (size_t at = 0; at < count; at++) {
			const entry &each = entries_[at];
			use(record(std::span(bytes_).subspan(each.at, each.size)), each.time,
			    each.tag);
		}
		drop(count);
	}

	/** flush() for the older half of the records at least: so a caller bounds memory() where
	 * rounds do not. Records that are added later may be older than those. */
	template <typename Use>
	void flush_half(Use &&use)
	{
		const uint64_t middle = middle_time();
		flush(middle + (middle != UINT64_MAX), use);
	}

	/** flush() for all records that are left. */
	template <typename Use>
	void finish(Use &&use)
	{
		flush(UINT64_MAX, use);
	}

	/** The largest time added so far; 0 without one. */
	uint64_t last_time() const noexcept { return last_time_; }
	/** Records and bytes that are held. */
	size_t records() const noexcept { return entries_.size(); }
	size_t bytes() const noexcept { return bytes_.size(); }
	/** Bytes of memory that the records and their order take. */
	size_t memory() const noexcept { return bytes_.size() + entries_.size() * sizeof(entry); }

private:
	struct entry {
		uint64_t time;
		size_t at; // in bytes_
		uint32_t size;
		uint32_t tag;
	};

	uint64_t middle_time() const;
	size_t sort_before(uint64_t limit);
	void drop(size_t count);

	std::vector<entry> entries_;
	std::vector<std::byte> bytes_;
	uint64_t last_time_ = 0;
};

} // namespace perfbuf::reader
