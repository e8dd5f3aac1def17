// SPDX-License-Identifier: GPL-2.0
/* A functrace file for tests: opened, filtered, drained and decoded. */
#include "functrace/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

#include <linux/perfbuf.h>
#include <sys/ioctl.h>

namespace device_test
{

namespace reader = perfbuf::reader::functrace;

perf_event_attr functrace_attr(unsigned tick_shift)
{
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = sizeof(attr);
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.config1 = tick_shift;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.sample_id_all = 1;
	attr.disabled = 1;
	return attr;
}

namespace
{

unique_fd open_node()
{
	unique_fd fd(::open(functrace_path, O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(functrace_path, errno);
	return fd;
}

} /* namespace */

int functrace_error(const perf_event_attr &attr, const target &observed)
{
	return configure(open_node().get(), &attr, observed);
}

unique_fd open_functrace(const perf_event_attr &attr, const target &observed)
{
	unique_fd fd = open_node();
	if (int error = configure(fd.get(), &attr, observed))
		fail_errno("PERFBUF_IOC_OPEN of functrace", error);
	return fd;
}

int set_filter(int fd, const std::string &text)
{
	return ioctl_error(fd, PERF_EVENT_IOC_SET_FILTER, text.c_str());
}

void must_filter(int fd, const std::string &text)
{
	if (int error = set_filter(fd, text))
		fail_errno("the filter " + text, error);
}

std::vector<traced> decode(const std::vector<std::byte> &stream, bool cut)
{
	reader::decoder from(stream);
	std::vector<traced> items;

	while (std::optional<reader::item> item = from.next()) {
		if (item->type == reader::kind::cut) {
			if (cut && items.empty() && item->why == reader::reason::no_sync)
				continue;
			throw std::runtime_error("byte " + std::to_string(item->offset) + " of " +
						 std::to_string(stream.size()) + ": " +
						 std::string(reader::to_string(item->why)));
		}
		traced kept = {item->type, item->time, item->address, item->count, item->cpu, 0,
			       0,	   ""};
		if (item->task) {
			kept.pid = item->task->pid;
			kept.tid = item->task->tid;
			kept.comm = item->task->name();
		}
		items.push_back(kept);
	}
	return items;
}

uint64_t lost_calls(const std::vector<traced> &items)
{
	uint64_t lost = 0;
	for (const traced &item : items)
		lost += item.type == reader::kind::lost ? item.count : 0;
	return lost;
}

std::vector<traced> calls_in(const std::vector<traced> &items)
{
	std::vector<traced> calls;
	std::copy_if(items.begin(), items.end(), std::back_inserter(calls),
		     [](const traced &item) { return item.type == reader::kind::call; });
	return calls;
}

const symbols &symbols::get()
{
	static const symbols once;
	return once;
}

symbols::symbols()
{
	std::ifstream file("/proc/kallsyms");
	std::string line;

	while (std::getline(file, line)) {
		std::istringstream words(line);
		uint64_t address;
		char type;
		std::string name;

		if (words >> std::hex >> address >> type >> name && (type == 't' || type == 'T'))
			all_.emplace_back(address, name);
	}
	std::stable_sort(all_.begin(), all_.end(),
			 [](const auto &a, const auto &b) { return a.first < b.first; });
}

std::string symbols::name(uint64_t address) const
{
	auto behind = std::upper_bound(
		all_.begin(), all_.end(), address,
		[](uint64_t wanted, const auto &symbol) { return wanted < symbol.first; });
	return behind == all_.begin() ? std::to_string(address) : std::prev(behind)->second;
}

uint64_t symbols::address(const std::string &name) const
{
	for (const auto &[address, symbol] : all_) {
		if (symbol == name)
			return address;
	}
	return 0;
}

std::vector<std::string> names_of(const std::vector<traced> &calls)
{
	std::vector<std::string> names;
	for (const traced &call : calls)
		names.push_back(symbols::get().name(call.address));
	return names;
}

functrace_file::functrace_file(const std::string &filter, const target &observed, size_t aux_pages,
			       int prot, const perf_event_attr &attr)
	: attr(attr), fd(open_functrace(attr, observed)), buffer(fd.get(), 16)
{
	must_filter(fd.get(), filter);
	if (aux_pages)
		aux.emplace(fd.get(), buffer, aux_pages, prot);
}

uint64_t functrace_file::consume()
{
	const uint64_t before = announced_to;

	for (const record &r : buffer.drain()) {
		if (r.header.type == PERF_RECORD_ITRACE_START)
			starts++;
		if (r.header.type != PERF_RECORD_AUX)
			continue;
		const aux_announcement found = parse_aux(r);
		if (found.offset != announced_to)
			throw std::runtime_error("AUX is announced from " +
						 std::to_string(found.offset) + " on, not from " +
						 std::to_string(announced_to));
		records++;
		flags_seen |= found.flags;
		announced_to += found.size;
	}
	for (uint64_t at = before; at != announced_to; at++)
		stream.push_back(static_cast<std::byte>(aux->base()[at % aux->bytes()]));
	/* D */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	buffer.page()->aux_tail = announced_to;
	return announced_to - before;
}

std::vector<traced> functrace_file::finish()
{
	consume();
	return decode(stream);
}

void read_zero(unsigned times)
{
	unique_fd zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
	char byte;

	for (unsigned i = 0; i < times; i++) {
		if (read(zero.get(), &byte, 1) != 1 ||
		    (i % 3 == 0 && write(zero.get(), &byte, 1) != 1))
			fail_errno("/dev/zero", errno);
	}
}

std::vector<traced> of_this_thread(const std::vector<traced> &calls)
{
	std::vector<traced> mine;
	for (const traced &call : calls) {
		if (call.tid == static_cast<uint32_t>(current_tid()))
			mine.push_back(call);
	}
	return mine;
}

std::string tracefs(const std::string &path)
{
	const std::string direct = "/sys/kernel/tracing/";
	return (std::ifstream(direct + "current_tracer") ? direct : "/sys/kernel/debug/tracing/") +
	       path;
}

} /* namespace device_test */
