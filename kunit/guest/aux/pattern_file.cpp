// SPDX-License-Identifier: GPL-2.0
/* A file of the pattern source, whose AUX area a test checks word by word. */
#include "aux/pattern_file.hpp"

#include <cerrno>

#include <gtest/gtest.h>
#include <poll.h>

namespace device_test
{

perf_event_attr pattern_attr(uint64_t config, uint64_t period_ns)
{
	perf_event_attr attr = {};
	attr.type = PATTERN_TYPE;
	attr.size = sizeof(attr);
	attr.config = config;
	attr.sample_period = period_ns;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.sample_id_all = 1;
	attr.disabled = 1;
	return attr;
}

unique_fd open_pattern(const perf_event_attr &attr, int cpu)
{
	unique_fd fd(::open(pattern_path, O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(pattern_path, errno);
	if (int error = configure(fd.get(), &attr, target::every_process(cpu)))
		fail_errno("PERFBUF_IOC_OPEN of pattern", error);
	return fd;
}

pattern_file::pattern_file(const perf_event_attr &attr, size_t aux_pages, int prot,
			   size_t data_pages)
	: attr(attr), fd(open_pattern(attr)), buffer(fd.get(), data_pages)
{
	if (aux_pages)
		aux.emplace(fd.get(), buffer, aux_pages, prot);
	announced_to = buffer.page()->aux_head;
}

void pattern_file::check_words(uint64_t from, uint64_t to)
{
	for (uint64_t at = from; at != to; at += 8) {
		if (aux->word(at) != pattern_word(at))
			throw std::runtime_error("a word of AUX is not what was written, at " +
						 std::to_string(at));
	}
}

void pattern_file::check_packets(uint64_t from, uint64_t to)
{
	while (from != to) {
		const uint64_t head = aux->word(from);
		const unsigned producer = static_cast<unsigned>(head >> 56) - 0xa0;
		const unsigned bytes = head >> 48 & 0xff;
		if (producer >= PATTERN_PRODUCERS || bytes < 16 || bytes > to - from)
			throw std::runtime_error("no packet at " + std::to_string(from));
		if ((head & 0xffffffffffffULL) != packets[producer]++)
			throw std::runtime_error("a packet is missing at " + std::to_string(from));
		for (unsigned i = 1; i < bytes / 8; i++) {
			if (aux->word(from + 8 * i) != pattern_packet_word(head, i))
				throw std::runtime_error("a packet is torn at " +
							 std::to_string(from));
		}
		from += bytes;
	}
}

uint64_t pattern_file::consume()
{
	const uint64_t before = announced_to;
	for (const record &r : buffer.drain()) {
		if (r.header.type == PERF_RECORD_ITRACE_START)
			starts++;
		if (r.header.type != PERF_RECORD_AUX)
			continue;
		EXPECT_EQ(parse_trailer(r, attr).cpu, 0u);
		const aux_announcement found = parse_aux(r);
		if (found.offset != announced_to)
			throw std::runtime_error("AUX is announced from " +
						 std::to_string(found.offset) + " on, not from " +
						 std::to_string(announced_to));
		flags_seen |= found.flags;
		announced_to += found.size;
	}
	if (attr.config & PATTERN_SHARED)
		check_packets(before, announced_to);
	else
		check_words(before, announced_to);
	/* D */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	buffer.page()->aux_tail = announced_to;
	return announced_to - before;
}

bool pattern_file::consume_until(uint64_t bytes, uint64_t flag)
{
	uint64_t taken = 0;
	return eventually([&] {
		pollfd waiting = {fd.get(), POLLIN, 0};
		poll(&waiting, 1, 10);
		taken += consume();
		/* A reader that was late finds the area full, and the event off. */
		enable(fd.get());
		return taken >= bytes || (flag && flags_seen & flag);
	});
}

} /* namespace device_test */
