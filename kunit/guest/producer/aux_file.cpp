// SPDX-License-Identifier: GPL-2.0
/* A file of a producer whose AUX area a test consumes. */
#include "producer/aux_file.hpp"

#include <cerrno>
#include <stdexcept>

#include <gtest/gtest.h>
#include <poll.h>

namespace device_test
{

perf_event_attr aux_event_attr(const std::string &source, const std::string &event)
{
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config =
		std::stoull(read_file("/sys/class/perfbuf/" + source + "/events/" + event + "/id"));
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;
	attr.sample_id_all = 1;
	attr.disabled = 1;
	return attr;
}

static unique_fd opened(const std::string &source, const perf_event_attr &attr,
			const target &observed)
{
	unique_fd fd(open(("/dev/perfbuf/" + source).c_str(), O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(source, errno);
	if (int error = configure(fd.get(), &attr, observed))
		fail_errno("PERFBUF_IOC_OPEN of " + source, error);
	return fd;
}

aux_file::aux_file(const std::string &source, const perf_event_attr &attr, check looks,
		   size_t aux_pages, int prot, size_t data_pages, const target &observed)
	: attr(attr), fd(opened(source, attr, observed)), buffer(fd.get(), data_pages),
	  looks(std::move(looks))
{
	if (aux_pages)
		aux.emplace(fd.get(), buffer, aux_pages, prot);
	announced_to = buffer.page()->aux_head;
}

uint64_t aux_file::consume()
{
	const uint64_t before = announced_to;
	for (const record &r : buffer.drain()) {
		if (r.header.type == PERF_RECORD_SAMPLE)
			samples.push_back(r);
		if (r.header.type == PERF_RECORD_ITRACE_START)
			traced.insert(r.at<uint32_t>(4));
		if (r.header.type != PERF_RECORD_AUX)
			continue;
		cpus_seen |= 1ull << parse_trailer(r, attr).cpu.value();
		const aux_announcement found = parse_aux(r);
		if (found.offset != announced_to)
			throw std::runtime_error("AUX is announced from " +
						 std::to_string(found.offset) + " on, not from " +
						 std::to_string(announced_to));
		flags_seen |= found.flags;
		announced_to += found.size;
		announced.push_back(found);
	}
	looks(*this, before, announced_to);
	/* D */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	buffer.page()->aux_tail = announced_to;
	return announced_to - before;
}

bool aux_file::consume_until(uint64_t bytes)
{
	uint64_t taken = 0;
	return eventually([&] {
		pollfd waiting = {fd.get(), POLLIN, 0};
		poll(&waiting, 1, 10);
		taken += consume();
		enable(fd.get());
		return taken >= bytes;
	});
}

void check_positions(const aux_file &file, uint64_t from, uint64_t to)
{
	for (uint64_t at = from; at != to; at += 8) {
		if (file.aux->word(at) != at)
			throw std::runtime_error("a word of AUX is not what was written, at " +
						 std::to_string(at));
	}
}

} /* namespace device_test */
