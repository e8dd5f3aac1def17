// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Decodes records other than samples, and finds a record's time and id.
#include <perfbuf/decoder.hpp>

#include <bit>

#include "decode_sample.hpp"
#include "field_reader.hpp"

namespace perfbuf::reader
{

namespace
{

// The fields that sample_id_all appends, in its order; IDENTIFIER closes it, so that it can be
// found from the end.
constexpr uint64_t identity_fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
				     PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
				     PERF_SAMPLE_IDENTIFIER;

// The fields before TIME in a sample, and in an identity.
constexpr uint64_t sample_before_time = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
constexpr uint64_t identity_before_time = PERF_SAMPLE_TID;
// The fields before ID in a sample, and from it to the end in an identity.
constexpr uint64_t sample_before_id =
	PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;
constexpr uint64_t identity_from_id = PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU;

size_t words(uint64_t fields)
{
	return static_cast<size_t>(std::popcount(fields)) * sizeof(uint64_t);
}

template <typename Task>
Task decode_task(field_reader &fields)
{
	Task task;
	task.pid = fields.u32();
	task.ppid = fields.u32();
	task.tid = fields.u32();
	task.ptid = fields.u32();
	task.time = fields.u64();
	return task;
}

template <typename Throttle>
Throttle decode_throttle(field_reader &fields)
{
	Throttle throttle;
	throttle.time = fields.u64();
	throttle.id = fields.u64();
	throttle.stream_id = fields.u64();
	return throttle;
}

comm_event decode_comm(field_reader &fields, uint16_t misc, size_t tail)
{
	comm_event comm;
	comm.pid = fields.u32();
	comm.tid = fields.u32();
	comm.name = fields.text(tail);
	comm.exec = misc & PERF_RECORD_MISC_COMM_EXEC;
	return comm;
}

mmap_event decode_mmap(field_reader &fields, uint32_t type, uint16_t misc, size_t tail)
{
	mmap_event map;
	map.pid = fields.u32();
	map.tid = fields.u32();
	map.start = fields.u64();
	map.length = fields.u64();
	map.offset = fields.u64();
	if (type == PERF_RECORD_MMAP2) {
		const bool build_id = misc & PERF_RECORD_MISC_MMAP_BUILD_ID;
		if (build_id) {
			const auto field = fields.bytes(24); // its size, three bytes, and itself
			if (field.size() == 24)
				map.build_id = field.subspan(
					4, std::min<size_t>(std::to_integer<size_t>(field[0]), 20));
		} else {
			map.major = fields.u32();
			map.minor = fields.u32();
			map.inode = fields.u64();
			map.generation = fields.u64();
		}
		map.protection = fields.u32();
		map.flags = fields.u32();
	}
	map.filename = fields.text(tail);
	map.data = misc & PERF_RECORD_MISC_MMAP_DATA;
	return map;
}

} // namespace

decoder::decoder(const perf_event_attr &attr) noexcept
	: attr_(attr),
	  identity_size_(attr.sample_id_all ? words(attr.sample_type & identity_fields) : 0),
	  time_offset_(sizeof(perf_event_header) + words(attr.sample_type & sample_before_time)),
	  identity_time_offset_(words(attr.sample_type & identity_before_time))
{
}

event decoder::decode(const record &of) const noexcept
{
	field_reader fields(of.body());
	const uint32_t type = of.type();
	event out = unknown_event{type};
	switch (type) {
	case PERF_RECORD_SAMPLE: {
		auto found = decode_sample(of);
		if (!found)
			return malformed_event{type};
		return *found;
	}
	case PERF_RECORD_LOST: {
		lost_event lost;
		lost.id = fields.u64();
		lost.lost = fields.u64();
		out = lost;
		break;
	}
	case PERF_RECORD_LOST_SAMPLES:
		out = lost_samples_event{fields.u64()};
		break;
	case PERF_RECORD_COMM:
		out = decode_comm(fields, of.misc(), identity_size_);
		break;
	case PERF_RECORD_FORK:
		out = decode_task<fork_event>(fields);
		break;
	case PERF_RECORD_EXIT:
		out = decode_task<exit_event>(fields);
		break;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		out = decode_mmap(fields, type, of.misc(), identity_size_);
		break;
	case PERF_RECORD_THROTTLE:
		out = decode_throttle<throttle_event>(fields);
		break;
	case PERF_RECORD_UNTHROTTLE:
		out = decode_throttle<unthrottle_event>(fields);
		break;
	case PERF_RECORD_AUX: {
		aux_event aux;
		aux.offset = fields.u64();
		aux.size = fields.u64();
		aux.flags = fields.u64();
		out = aux;
		break;
	}
	default:
		return out;
	}
	if (!fields.ok() || (fields.left() < identity_size_ && identity_size_))
		return malformed_event{type};
	return out;
}

std::optional<sample> decoder::decode_sample(const record &of) const noexcept
{
	if (of.type() != PERF_RECORD_SAMPLE)
		return std::nullopt;
	sample out;
	field_reader fields(of.body());
	if (!decode_sample_fields(fields, attr_, out))
		return std::nullopt;
	return out;
}

std::optional<sample_identity> decoder::identity(const record &of) const noexcept
{
	const auto body = of.body();
	if (of.type() == PERF_RECORD_SAMPLE || !attr_.sample_id_all || body.size() < identity_size_)
		return std::nullopt;

	field_reader fields(body.last(identity_size_));
	sample_identity out;
	decode_task_and_time(fields, attr_.sample_type, out);
	decode_ids_and_cpu(fields, attr_.sample_type, out);
	if (attr_.sample_type & PERF_SAMPLE_IDENTIFIER)
		out.id = fields.u64();
	return out;
}

std::optional<uint64_t> decoder::time_of(const record &of) const noexcept
{
	const auto all = of.bytes();
	if (!(attr_.sample_type & PERF_SAMPLE_TIME))
		return std::nullopt;
	size_t offset = time_offset_;
	if (of.type() != PERF_RECORD_SAMPLE) {
		if (!attr_.sample_id_all || of.body().size() < identity_size_)
			return std::nullopt;
		offset = all.size() - identity_size_ + identity_time_offset_;
	}
	if (offset + sizeof(uint64_t) > all.size())
		return std::nullopt;
	uint64_t time;
	std::memcpy(&time, all.data() + offset, sizeof(time));
	return time;
}

// IDENTIFIER stands first in a sample and last in everything else; without it, ID has a place that
// depends on the fields before it, or behind it.
std::optional<uint64_t> decoder::id_of(const record &of) const noexcept
{
	const bool is_sample = of.type() == PERF_RECORD_SAMPLE;
	const auto body = of.body();
	if (!is_sample && !attr_.sample_id_all)
		return std::nullopt;
	size_t at = is_sample ? 0 : sizeof(uint64_t);
	if (!(attr_.sample_type & PERF_SAMPLE_IDENTIFIER)) {
		if (!(attr_.sample_type & PERF_SAMPLE_ID))
			return std::nullopt;
		at = words(attr_.sample_type & (is_sample ? sample_before_id : identity_from_id));
	}
	if (is_sample ? at + sizeof(uint64_t) > body.size() : at > body.size())
		return std::nullopt;
	uint64_t id;
	std::memcpy(&id, body.data() + (is_sample ? at : body.size() - at), sizeof(id));
	return id;
}

} // namespace perfbuf::reader
