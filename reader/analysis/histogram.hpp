// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A histogram of values, whose memory does not grow with their number. */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace perfbuf::analysis
{

/**
 * Counts of values of 0 to 2^64 - 1. Each power of two is divided into 32 parts, so a percentile is
 * at most 1/32 too large; the smallest, the largest and the mean are exact.
 */
class histogram
{
public:
	void add(uint64_t value) noexcept;

	uint64_t count() const noexcept { return count_; }
	uint64_t smallest() const noexcept { return count_ ? smallest_ : 0; }
	uint64_t largest() const noexcept { return largest_; }
	double mean() const noexcept
	{
		return count_ ? static_cast<double>(sum_) / static_cast<double>(count_) : 0;
	}

	/** @param share of 0 to 1 @return the value that this share of the values does not exceed
	 */
	uint64_t percentile(double share) const noexcept;

	/** Values v with 2^(n-1) <= v < 2^n; n = 0: those that are 0. */
	uint64_t of_power(size_t n) const noexcept;

private:
	static constexpr unsigned part_bits = 5;
	static constexpr size_t parts = size_t{1} << part_bits;

	static size_t bucket_of(uint64_t value) noexcept;
	static uint64_t largest_in(size_t bucket) noexcept;

	std::array<uint64_t, (64 - part_bits + 1) * parts> buckets_{};
	uint64_t count_ = 0;
	uint64_t smallest_ = UINT64_MAX;
	uint64_t largest_ = 0;
	unsigned __int128 sum_ = 0;
};

/** @return lines of a table: from, to, count and a bar for each power of two; then the percentiles
 */
std::string draw(const histogram &of, size_t width = 40);

/** @return "1,234 values, mean 5.6, p50 4, p90 9, p99 12, p99.9 15, largest 17" */
std::string summary(const histogram &of);

} // namespace perfbuf::analysis
