// SPDX-License-Identifier: GPL-2.0
/* Parses records into the fields that tests compare. */
#include "support/record.hpp"

#include <bit>

namespace device_test
{
namespace
{

/* Reads a body front to back. */
class cursor
{
public:
	explicit cursor(const record &r, size_t at = 0) : record_(r), at_(at) {}

	template <typename T>
	T take()
	{
		T value = record_.at<T>(at_);
		at_ += sizeof(T);
		return value;
	}
	std::vector<uint8_t> bytes(size_t n)
	{
		if (n > left())
			throw std::runtime_error("a field that is longer than its record");
		auto first = record_.body.begin() + at_;
		at_ += n;
		return {first, first + n};
	}
	std::vector<uint64_t> words(size_t n)
	{
		if (n > left() / 8)
			throw std::runtime_error("a field that is longer than its record");
		std::vector<uint64_t> values;
		while (n--)
			values.push_back(take<uint64_t>());
		return values;
	}
	size_t left() const { return record_.body.size() - at_; }

private:
	const record &record_;
	size_t at_;
};

/* A string padded with zeros, up to the trailer. */
std::string text_at(const record &r, size_t at, const perf_event_attr &attr)
{
	const size_t end = r.body.size() - trailer_size(attr);
	std::string text;
	if (at >= end)
		throw std::runtime_error("a record without its name");
	while (at < end && r.body[at])
		text.push_back(static_cast<char>(r.body[at++]));
	if (at == end)
		throw std::runtime_error("a name without its end");
	while (at < end) {
		if (r.body[at++])
			throw std::runtime_error("padding that is not zero behind " + text);
	}
	return text;
}

/* The fields that a sample and a trailer both have; an address stands between these in a sample. */
void take_task_and_time(cursor &in, uint64_t type, auto &s)
{
	if (type & PERF_SAMPLE_TID) {
		s.pid = in.take<pid_t>();
		s.tid = in.take<pid_t>();
	}
	if (type & PERF_SAMPLE_TIME)
		s.time = in.take<uint64_t>();
}

void take_ids_and_cpu(cursor &in, uint64_t type, auto &s)
{
	if (type & PERF_SAMPLE_ID)
		s.id = in.take<uint64_t>();
	if (type & PERF_SAMPLE_STREAM_ID)
		s.stream_id = in.take<uint64_t>();
	if (type & PERF_SAMPLE_CPU) {
		s.cpu = in.take<uint32_t>();
		if (in.take<uint32_t>())
			throw std::runtime_error("the reserved half of cpu is not zero");
	}
}

/* PERF_SAMPLE_READ. */
std::vector<uint64_t> take_read(cursor in, uint64_t format)
{
	const auto has = [format](uint64_t bit) { return size_t{(format & bit) != 0}; };
	const size_t times =
		has(PERF_FORMAT_TOTAL_TIME_ENABLED) + has(PERF_FORMAT_TOTAL_TIME_RUNNING);
	const size_t of_event = 1 + has(PERF_FORMAT_ID) + has(PERF_FORMAT_LOST);
	if (!(format & PERF_FORMAT_GROUP))
		return in.words(of_event + times);
	cursor ahead = in;
	const auto events = ahead.take<uint64_t>();
	if (events > in.left())
		throw std::runtime_error("a group of " + std::to_string(events));
	return in.words(1 + times + events * of_event);
}

} /* namespace */

uint64_t sample::reg(uint64_t mask, unsigned which) const
{
	return regs.at(std::popcount(mask & ((1ULL << which) - 1)));
}

sample parse_sample(const record &r, const perf_event_attr &attr)
{
	const uint64_t type = attr.sample_type;
	cursor in(r);
	sample s;

	if (r.header.type != PERF_RECORD_SAMPLE)
		throw std::runtime_error("not a sample");
	s.misc = r.header.misc;
	if (type & PERF_SAMPLE_IDENTIFIER)
		s.identifier = in.take<uint64_t>();
	if (type & PERF_SAMPLE_IP)
		s.ip = in.take<uint64_t>();
	take_task_and_time(in, type, s);
	if (type & PERF_SAMPLE_ADDR)
		s.addr = in.take<uint64_t>();
	take_ids_and_cpu(in, type, s);
	if (type & PERF_SAMPLE_PERIOD)
		s.period = in.take<uint64_t>();
	if (type & PERF_SAMPLE_READ) {
		s.read = take_read(in, attr.read_format);
		in.words(s.read->size());
	}
	if (type & PERF_SAMPLE_CALLCHAIN)
		s.callchain = in.words(in.take<uint64_t>());
	if (type & PERF_SAMPLE_RAW) {
		const uint32_t size = in.take<uint32_t>();
		if ((4 + size) % 8)
			throw std::runtime_error("raw size " + std::to_string(size));
		s.raw = in.bytes(size);
	}
	if (type & PERF_SAMPLE_REGS_USER) {
		s.regs_abi = in.take<uint64_t>();
		if (*s.regs_abi)
			s.regs = in.words(std::popcount(attr.sample_regs_user));
	}
	if (type & PERF_SAMPLE_STACK_USER) {
		const uint64_t size = in.take<uint64_t>();
		if (size % 8)
			throw std::runtime_error("stack size " + std::to_string(size));
		s.stack = in.bytes(size);
		if (size)
			s.stack_dyn_size = in.take<uint64_t>();
		if (s.stack_dyn_size > size)
			throw std::runtime_error("dyn_size is greater than size");
	}
	if (type & PERF_SAMPLE_DATA_SRC)
		s.data_source = in.take<uint64_t>();
	if (in.left())
		throw std::runtime_error(std::to_string(in.left()) + " bytes behind a sample");
	return s;
}

std::vector<sample> samples_in(const std::vector<record> &records, const perf_event_attr &attr)
{
	std::vector<sample> samples;
	for (const record &r : records) {
		if (r.header.type == PERF_RECORD_SAMPLE)
			samples.push_back(parse_sample(r, attr));
	}
	return samples;
}

size_t trailer_size(const perf_event_attr &attr)
{
	constexpr uint64_t fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
				    PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
				    PERF_SAMPLE_IDENTIFIER;
	return attr.sample_id_all ? 8 * std::popcount(attr.sample_type & fields) : 0;
}

sample_id parse_trailer(const record &r, const perf_event_attr &attr)
{
	const uint64_t type = attr.sample_type;
	sample_id s;

	if (trailer_size(attr) > r.body.size())
		throw std::runtime_error("a record that is shorter than its trailer");
	cursor in(r, r.body.size() - trailer_size(attr));
	if (!attr.sample_id_all)
		return s;
	take_task_and_time(in, type, s);
	take_ids_and_cpu(in, type, s);
	if (type & PERF_SAMPLE_IDENTIFIER)
		s.identifier = in.take<uint64_t>();
	return s;
}

comm_record parse_comm(const record &r, const perf_event_attr &attr)
{
	return {
		.pid = r.at<uint32_t>(0),
		.tid = r.at<uint32_t>(4),
		.comm = text_at(r, 8, attr),
		.exec = (r.header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0,
	};
}

task_record parse_task(const record &r)
{
	return {
		.pid = r.at<uint32_t>(0),
		.ppid = r.at<uint32_t>(4),
		.tid = r.at<uint32_t>(8),
		.ptid = r.at<uint32_t>(12),
		.time = r.at<uint64_t>(16),
	};
}

map_record parse_map(const record &r, const perf_event_attr &attr)
{
	cursor in(r);
	map_record m = {};

	m.misc = r.header.misc;
	m.pid = in.take<uint32_t>();
	m.tid = in.take<uint32_t>();
	m.addr = in.take<uint64_t>();
	m.len = in.take<uint64_t>();
	m.pgoff = in.take<uint64_t>();
	if (r.header.type == PERF_RECORD_MMAP2) {
		m.maj = in.take<uint32_t>();
		m.min = in.take<uint32_t>();
		m.ino = in.take<uint64_t>();
		m.generation = in.take<uint64_t>();
		m.prot = in.take<uint32_t>();
		m.flags = in.take<uint32_t>();
	}
	m.filename = text_at(r, r.body.size() - in.left(), attr);
	return m;
}

lost_record parse_lost(const record &r)
{
	return {.id = r.at<uint64_t>(0), .lost = r.at<uint64_t>(8)};
}

} /* namespace device_test */
