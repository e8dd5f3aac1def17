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
#include "perfdata/record_stream.hpp"

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

	// The next record. @return an error says only what is wrong
	reader::result<void> take(const reader::record &record)
	{
		if (record.type() == record_compressed || record.type() == record_compressed2)
			return unpack(record);
		add(record);
		return {};
	}

	// The same where no more comes for some time: those that stay need not be looked at again.
	void pass_on_complete()
	{
		if (complete_ != passed_on_)
			pass_on_round();
	}

	void finish() { waiting_.finish(visitor()); }

	// Records that came after newer ones, because not all that waits could be held.
	uint64_t late() const noexcept { return in_parts_ ? late_ : 0; }

	// Whether the end of the compressed stream is missing.
	bool is_cut() const noexcept { return by_ && by_->ends_within_a_block(); }

private:
	void pass_on_round()
	{
		waiting_.flush(complete_ + (complete_ != UINT64_MAX), visitor());
		left_ = waiting_.memory();
		passed_on_ = complete_;
	}

	void add(const reader::record &record)
	{
		if (record.type() == record_finished_round) {
			// The records of this round are newer than all before the last round.
			// Records that stay are not sorted again for rounds that add little to
			// them.
			complete_ = limit_;
			if (waiting_.memory() >= left_ + left_ / 2)
				pass_on_round();
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
	uint64_t limit_ = 0;	 // the newest record of the round before
	uint64_t complete_ = 0;	 // no record will come that is older
	uint64_t passed_on_ = 0; // all up to it were passed on
	size_t left_ = 0;	 // bytes that the last flush left waiting
	uint64_t newest_ = 0;
	uint64_t late_ = 0;
	bool in_parts_ = false; // did older records have to be passed on early?
	std::optional<decompressor> by_;
	std::vector<std::byte> rest_; // of the stream: the beginning of a record
};

} // namespace

uint64_t bytes_behind(const reader::record &of) noexcept
{
	if (of.type() == record_header_tracing_data)
		return cursor(of.body()).get<uint32_t>();
	return of.type() == record_aux_trace ? cursor(of.body()).get<uint64_t>() : 0;
}

reader::result<void> recording::each(const record_visitor &use, uint64_t *late,
				     const std::function<bool()> &idle) const
{
	if (stream_)
		return each_of_stream(use, late, idle);
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
		const auto done = at.take(record);
		if (!done && done.error().code == std::errc::not_supported) {
			finish();
			return done.error();
		}
		if (!done)
			return damaged(record.bytes().data());
		left = left.subspan(std::min<size_t>(bytes_behind(record), left.size()));
	}
	if (!left.empty() || at.is_cut())
		return damaged(left.data());
	finish();
	return {};
}

reader::result<void> recording::each_of_stream(const record_visitor &use, uint64_t *late,
					       const std::function<bool()> &idle) const
{
	walk at(*this, use, part_size_, most_held);
	const auto finish = [&] {
		at.finish();
		if (late)
			*late = at.late();
	};
	const auto damaged = [&]() -> reader::result<void> {
		finish();
		return reader::system_error(
			"is damaged at byte " + std::to_string(stream_->position()), EINVAL);
	};
	for (bool more = true; more;) {
		if (stream_->is_empty()) {
			at.pass_on_complete();
			more = !idle || idle();
		}
		const auto record = more ? stream_->next() : std::optional<reader::record>();
		if (!record && record.error().code == std::errc::invalid_argument)
			return damaged();
		if (!record || !*record) {
			if (record && at.is_cut())
				return damaged();
			finish();
			return record ? reader::result<void>() : record.error();
		}
		const uint64_t behind = bytes_behind(**record);
		const auto done = at.take(**record);
		if (!done && done.error().code == std::errc::not_supported) {
			finish();
			return done.error();
		}
		if (!done)
			return damaged();
		if (const auto skipped = stream_->skip(behind); !skipped) {
			finish();
			return skipped.error();
		}
	}
	return {};
}

} // namespace perfbuf::perfdata
