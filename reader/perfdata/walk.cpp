// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// recording::each(): all records of a file, also those within compressed ones, in the order of
// time.
#include <algorithm>
#include <cstring>
#include <optional>
#include <perfbuf/merge.hpp>

#include "perfdata/compression.hpp"
#include "perfdata/cursor.hpp"
#include "perfdata/reader.hpp"

namespace perfbuf::perfdata
{

namespace
{

class walk
{
	auto visitor()
	{
		return [this](const reader::record &record, uint64_t time, uint32_t which) {
			// A record without a time comes before everything.
			if (time && time < newest_)
				late_++;
			newest_ = std::max(newest_, time);
			use_(record, of_.events()[which], time);
		};
	}

public:
	walk(const recording &of, const record_visitor &use, uint64_t part_size, size_t most_held)
		: of_(of), use_(use), part_size_(part_size), most_held_(most_held)
	{
	}

	// The next record. @return the bytes that follow and are none; an error says only what is
	// wrong
	reader::result<size_t> take(const reader::record &record, size_t follow)
	{
		const uint32_t type = record.type();
		switch (type) {
		case record_compressed:
		case record_compressed2:
			if (auto done = unpack(record); !done)
				return done.error();
			return size_t{0};
		case record_header_tracing_data:
			return std::min<size_t>(cursor(record.body()).get<uint32_t>(), follow);
		case record_aux_trace:
			return std::min<size_t>(cursor(record.body()).get<uint64_t>(), follow);
		default:
			add(record);
			return size_t{0};
		}
	}

	void finish() { waiting_.finish(visitor()); }

	// Records that came after newer ones, because not all that waits could be held.
	uint64_t late() const noexcept { return in_parts_ ? late_ : 0; }

	// Whether the end of the compressed stream is missing.
	bool is_cut() const noexcept { return by_ && by_->ends_within_a_block(); }

private:
	void add(const reader::record &record)
	{
		if (record.type() == record_finished_round) {
			// The records of this round are newer than all before the last round.
			// Records that stay are not sorted again for rounds that add little to
			// them.
			if (waiting_.memory() >= left_ + left_ / 2) {
				waiting_.flush(limit_, visitor());
				left_ = waiting_.memory();
			}
			limit_ = waiting_.last_time();
		}
		if (record.type() >= record_header_attr)
			return;
		const auto *event = of_.event_of(record);
		if (!event)
			return;
		waiting_.add(event->decoder.time_of(record).value_or(0), record,
			     static_cast<uint32_t>(event - of_.events().data()));
		if (waiting_.memory() > most_held_)
			pass_on_older();
	}

	// Half of the memory: half of the records may be the smallest ones.
	void pass_on_older()
	{
		in_parts_ = true;
		while (waiting_.memory() > most_held_ / 2)
			waiting_.flush_half(visitor());
		left_ = waiting_.memory();
	}

	reader::result<void> unpack(const reader::record &record)
	{
		if (!by_) {
			auto made = decompressor::make(part_size_);
			if (!made)
				return made.error();
			by_ = *std::move(made);
		}
		bool sound = true;
		auto done = by_->each(record, [&](std::span<const std::byte> bytes) {
			rest_.insert(rest_.end(), bytes.begin(), bytes.end());
			return sound = take_rest();
		});
		if (done && !sound)
			done = reader::system_error("it holds what is no record", EINVAL);
		return done;
	}

	// All that is whole; the next part has the end of what is not. @return is it sound?
	bool take_rest()
	{
		const std::span<const std::byte> all = rest_;
		auto left = all;
		while (left.size() >= sizeof(perf_event_header)) {
			perf_event_header header;
			std::memcpy(&header, left.data(), sizeof(header));
			if (!plausible_record(header, UINT16_MAX) ||
			    header.type == record_compressed || header.type == record_compressed2)
				return false;
			if (header.size > left.size())
				break;
			add(reader::record(left.first(header.size)));
			left = left.subspan(header.size);
		}
		rest_.erase(rest_.begin(),
			    rest_.begin() + static_cast<ptrdiff_t>(all.size() - left.size()));
		return true;
	}

	const recording &of_;
	const record_visitor &use_;
	const uint64_t part_size_;
	const size_t most_held_; // bytes
	reader::merge waiting_;
	uint64_t limit_ = 0;
	size_t left_ = 0; // bytes that the last flush left waiting
	uint64_t newest_ = 0;
	uint64_t late_ = 0;
	bool in_parts_ = false; // did older records have to be passed on early?
	std::optional<decompressor> by_;
	std::vector<std::byte> rest_; // of the stream: the beginning of a record
};

} // namespace

reader::result<void> recording::each(const record_visitor &use, uint64_t *late) const
{
	// The bytes of a file are there to be sorted; those that it is unpacked to may be made up.
	walk at(*this, use, part_size_, std::max(most_held, 4 * all_.size()));
	const auto finish = [&] {
		at.finish();
		if (late)
			*late = at.late();
	};
	const auto damaged = [&](const std::byte *where) {
		finish();
		return reader::system_error(
			"is damaged at byte " + std::to_string(where - all_.data()), EINVAL);
	};
	auto left = records_;
	while (left.size() >= sizeof(perf_event_header)) {
		perf_event_header header;
		std::memcpy(&header, left.data(), sizeof(header));
		if (!plausible_record(header, left.size()))
			return damaged(left.data());
		const reader::record record(left.first(header.size));
		left = left.subspan(header.size);
		const auto follow = at.take(record, left.size());
		if (!follow && follow.error().code == std::errc::not_supported) {
			finish();
			return follow.error();
		}
		if (!follow)
			return damaged(record.bytes().data());
		left = left.subspan(*follow);
	}
	if (!left.empty() || at.is_cut())
		return damaged(left.data());
	finish();
	return {};
}

} // namespace perfbuf::perfdata
