// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Copies records out of rings into the file, with and without compression.
#include "program/drain.hpp"

#include <algorithm>

#include "program/overwritten.hpp"

namespace perfbuf::program
{

using reader::step;

reader::result<void> drain::pass(std::vector<cpu_ring> &rings, std::optional<uint64_t> fence)
{
	for (auto &each : rings) {
		auto &ring = each.ring;
		ring.refresh();
		kept_.clear();
		const step outcome = ring.each([&](const reader::record &found) {
			if (take(found, each) && left_out_)
				kept_.insert(kept_.end(), found.bytes().begin(),
					     found.bytes().end());
		});
		auto passed = ring.consumed();
		if (left_out_)
			passed = {std::span<const std::byte>(kept_), {}};
		if (to_ && !passed[0].empty())
			if (auto done = to_->append(passed); !done)
				return done;
		ring.release();
		if (outcome == step::corrupt)
			seen_.corrupt += ring.skip_all();
	}
	return to_ ? end_round(fence) : reader::result<void>();
}

// @return is it to be written?
bool drain::take(const reader::record &record, cpu_ring &from)
{
	if (left_out_ && is_left_out(record))
		return false;
	if (record.type() == PERF_RECORD_AUX)
		count_aux(record, from);
	else
		count(record);
	from.lost |= record.type() == PERF_RECORD_LOST;
	return true;
}

reader::result<void> drain::copy(std::vector<cpu_ring> &rings,
				 const std::vector<reader::file> &files)
{
	for (auto &each : rings) {
		const auto newest = newest_records(files[each.file], each);
		if (!newest)
			return newest.error();
		kept_.clear();
		reader::each_record(*newest, [&](const reader::record &found) {
			if (take(found, each))
				kept_.insert(kept_.end(), found.bytes().begin(),
					     found.bytes().end());
		});
		if (!kept_.empty())
			if (auto done = to_->append(kept_); !done)
				return done;
	}
	return {};
}

void drain::switch_to(perfdata::writer *to)
{
	before_ = total();
	seen_ = traffic();
	to_ = to;
}

traffic drain::total() const
{
	traffic all;
	all.samples = before_.samples + seen_.samples;
	all.lost = before_.lost + seen_.lost;
	all.corrupt = before_.corrupt + seen_.corrupt;
	return all;
}

bool drain::is_left_out(const reader::record &record) const
{
	const auto sample = decoder_.decode_sample(record);
	return sample && sample->pid == *left_out_;
}

// At a FINISHED_ROUND perf puts out all that is not newer than the newest record of the round
// before. All before the fence has been read by now, so what follows is newer if the fence is.
reader::result<void> drain::end_round(std::optional<uint64_t> fence)
{
	if (fence && *fence <= newest_in_round_)
		return {};
	newest_in_round_ = newest_;
	return to_->round();
}

reader::result<void> drain::put(const perfdata::bytes &records)
{
	reader::each_record(records.view(),
			    [this](const reader::record &record) { count(record); });
	return to_->append(records.view());
}

void drain::count_aux(const reader::record &record, cpu_ring &of)
{
	const auto event = decoder_.decode(record);
	const auto *aux = std::get_if<reader::aux_event>(&event);
	if (aux && aux->flags & PERF_AUX_FLAG_TRUNCATED)
		of.full_at.push_back(aux->offset + aux->size);
}

void drain::count(const reader::record &record)
{
	const auto time = decoder_.time_of(record);
	newest_ = std::max(newest_, time.value_or(0));
	switch (record.type()) {
	case PERF_RECORD_SAMPLE:
		seen_.samples++;
		if (time) {
			seen_.first_time =
				seen_.first_time ? std::min(seen_.first_time, *time) : *time;
			seen_.last_time = std::max(seen_.last_time, *time);
		}
		break;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES: {
		const auto event = decoder_.decode(record);
		if (const auto *lost = std::get_if<reader::lost_event>(&event))
			seen_.lost += lost->lost;
		if (const auto *lost = std::get_if<reader::lost_samples_event>(&event))
			seen_.lost += lost->lost;
		break;
	}
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		add_map(record);
		break;
	}
}

void drain::add_map(const reader::record &record)
{
	const auto event = decoder_.decode(record);
	const auto *map = std::get_if<reader::mmap_event>(&event);
	if (map && !map->data &&
	    (record.misc() & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER)
		seen_.files.add(*map);
}

} // namespace perfbuf::program
