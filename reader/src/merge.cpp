// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Sorts records of several rings by time.
#include <cstring>
#include <perfbuf/merge.hpp>

namespace perfbuf::reader
{

void merge::add(uint64_t time, const record &of, uint32_t tag)
{
	entries_.push_back({time, bytes_.size(), static_cast<uint32_t>(of.size()), tag});
	const auto bytes = of.bytes();
	bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
	last_time_ = std::max(last_time_, time);
}

// Half of the records are not newer.
uint64_t merge::middle_time() const
{
	if (entries_.empty())
		return 0;
	std::vector<uint64_t> times;
	times.reserve(entries_.size());
	for (const auto &each : entries_)
		times.push_back(each.time);
	const auto middle = times.begin() + static_cast<ptrdiff_t>(times.size() / 2);
	std::nth_element(times.begin(), middle, times.end());
	return *middle;
}

// Sorts the records before the limit to the front. UINT64_MAX takes all. @return how many there are
size_t merge::sort_before(uint64_t limit)
{
	const auto middle =
		std::stable_partition(entries_.begin(), entries_.end(), [&](const entry &each) {
			return each.time < limit || limit == UINT64_MAX;
		});
	std::stable_sort(entries_.begin(), middle,
			 [](const entry &a, const entry &b) { return a.time < b.time; });
	return static_cast<size_t>(middle - entries_.begin());
}

void merge::drop(size_t count)
{
	if (!count)
		return;
	entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(count));
	// The records that stay are in the order in which they were added: each moves down.
	size_t end = 0;
	for (auto &each : entries_) {
		std::memmove(&bytes_[end], &bytes_[each.at], each.size);
		each.at = end;
		end += each.size;
	}
	bytes_.resize(end);
}

} // namespace perfbuf::reader
