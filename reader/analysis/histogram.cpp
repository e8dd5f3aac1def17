// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Adds values to a histogram's buckets, and computes its percentiles.
#include "analysis/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>

namespace perfbuf::analysis
{

namespace
{

std::string grouped(uint64_t number)
{
	std::string text = std::to_string(number);
	for (size_t at = text.size(); at > 3;)
		text.insert(at -= 3, ",");
	return text;
}

} // namespace

// The first `2 * parts` values have a bucket each; of a larger one the leading bits say which.
size_t histogram::bucket_of(uint64_t value) noexcept
{
	const auto width = static_cast<unsigned>(std::bit_width(value));
	if (width <= part_bits + 1)
		return static_cast<size_t>(value);
	const unsigned shift = width - part_bits - 1;
	return (shift << part_bits) + static_cast<size_t>(value >> shift);
}

uint64_t histogram::largest_in(size_t bucket) noexcept
{
	if (bucket < 2 * parts)
		return bucket;
	const size_t shift = (bucket >> part_bits) - 1;
	const uint64_t leading = bucket - (shift << part_bits);
	return (leading << shift) + ((1ULL << shift) - 1);
}

void histogram::add(uint64_t value) noexcept
{
	buckets_[bucket_of(value)]++;
	count_++;
	smallest_ = std::min(smallest_, value);
	largest_ = std::max(largest_, value);
	sum_ += value;
}

uint64_t histogram::percentile(double share) const noexcept
{
	if (!count_)
		return 0;
	const auto wanted = std::max<uint64_t>(
		1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
	uint64_t seen = 0;
	for (size_t bucket = 0; bucket < buckets_.size(); bucket++)
		if ((seen += buckets_[bucket]) >= wanted)
			return std::clamp(largest_in(bucket), smallest_, largest_);
	return largest_;
}

uint64_t histogram::of_power(size_t n) const noexcept
{
	const uint64_t first = n ? 1ULL << (n - 1) : 0;
	const uint64_t last = n ? first + (first - 1) : 0;
	uint64_t sum = 0;
	for (size_t bucket = bucket_of(first); bucket <= bucket_of(last); bucket++)
		sum += buckets_[bucket];
	return sum;
}

std::string draw(const histogram &of, size_t width)
{
	if (!of.count())
		return "  no values\n";
	const auto first = static_cast<size_t>(std::bit_width(of.smallest()));
	const auto last = static_cast<size_t>(std::bit_width(of.largest()));
	uint64_t most = 1;
	for (size_t n = first; n <= last; n++)
		most = std::max(most, of.of_power(n));
	std::string out = fmt::format("{:>22}   {:<22}{:>12}  share\n", "from", "below", "count");
	for (size_t n = first; n <= last; n++) {
		const uint64_t count = of.of_power(n);
		const uint64_t from = n ? 1ULL << (n - 1) : 0;
		const std::string below = n == 64 ? "2^64" : grouped(n ? 1ULL << n : 1);
		// Eighths of a column, so that a short bar is still seen.
		const size_t eighths = count * width * 8 / most;
		std::string bar;
		for (size_t each = 0; each < eighths / 8; each++)
			bar += "█";
		static constexpr const char *pieces[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
		bar += eighths ? pieces[eighths % 8] : count ? "▏" : "";
		out += fmt::format(
			"{:>22} - {:<22}{:>12} {:>5.1f}%  {}\n", grouped(from), below,
			grouped(count),
			100.0 * static_cast<double>(count) / static_cast<double>(of.count()), bar);
	}
	return out + "  " + summary(of) + "\n";
}

std::string summary(const histogram &of)
{
	return fmt::format("{} value{}, mean {:.1f}, p50 {}, p90 {}, p99 {}, p99.9 {}, largest {}",
			   grouped(of.count()), of.count() == 1 ? "" : "s", of.mean(),
			   grouped(of.percentile(0.5)), grouped(of.percentile(0.9)),
			   grouped(of.percentile(0.99)), grouped(of.percentile(0.999)),
			   grouped(of.largest()));
}

} // namespace perfbuf::analysis
