/* SPDX-License-Identifier: GPL-2.0 */
/* A file of /dev/perfbuf/functrace, its ring, its AUX area, and a reader of all that. */
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <perfbuf/functrace.hpp>

#include "support/aux.hpp"
#include "support/event.hpp"
#include "support/process.hpp"

namespace device_test
{

inline constexpr const char *functrace_path = "/dev/perfbuf/functrace";

/* Disabled. */
perf_event_attr functrace_attr(unsigned tick_shift = 0);

/* 0 or the errno of PERFBUF_IOC_OPEN. */
int functrace_error(const perf_event_attr &attr, const target &observed = target::every_process(0));
unique_fd open_functrace(const perf_event_attr &attr = functrace_attr(),
			 const target &observed = target::every_process(0));
/* 0 or the errno of PERF_EVENT_IOC_SET_FILTER. */
int set_filter(int fd, const std::string &text);
void must_filter(int fd, const std::string &text);

/* An item of a trace that stays. */
struct traced {
	perfbuf::reader::functrace::kind type;
	uint64_t time, address, count;
	uint32_t cpu, pid, tid;
	std::string comm;
};

/* Throws where bytes say nothing, but for those before the first sync if @cut is allowed. */
std::vector<traced> decode(const std::vector<std::byte> &stream, bool cut = false);
uint64_t lost_calls(const std::vector<traced> &items);
std::vector<traced> calls_in(const std::vector<traced> &items);

/* Where functions are, by /proc/kallsyms. */
class symbols
{
public:
	static const symbols &get();
	/* The function that @address is in, or its number. */
	std::string name(uint64_t address) const;
	/* 0: there is none. */
	uint64_t address(const std::string &name) const;

private:
	symbols();
	std::vector<std::pair<uint64_t, std::string>> all_;
};
std::vector<std::string> names_of(const std::vector<traced> &calls);

struct functrace_file {
	explicit functrace_file(const std::string &filter,
				const target &observed = target::every_process(0),
				size_t aux_pages = 64, int prot = rw,
				const perf_event_attr &attr = functrace_attr());

	/* Appends the announced bytes to @stream and frees their space. Returns their number. */
	uint64_t consume();
	/* The event is off: all that is there, decoded. */
	std::vector<traced> finish();

	perf_event_attr attr;
	unique_fd fd;
	ring buffer;
	std::optional<aux_mapping> aux;
	std::vector<std::byte> stream;
	uint64_t announced_to = 0; /* up to this position, by the records read so far */
	uint64_t flags_seen = 0;   /* of all of them */
	size_t starts = 0;	   /* PERF_RECORD_ITRACE_START */
	size_t records = 0;	   /* PERF_RECORD_AUX */
};

/* That many calls of vfs_read, and a third as many of vfs_write, by this thread. */
void read_zero(unsigned times);
std::vector<traced> of_this_thread(const std::vector<traced> &calls);

/* A path in tracefs, wherever that is. */
std::string tracefs(const std::string &path);

} /* namespace device_test */
