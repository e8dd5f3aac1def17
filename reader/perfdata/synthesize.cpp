// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes records for processes and maps that were there before the recording began.
#include "perfdata/synthesize.hpp"

#include <cstddef>
#include <linux/perf_event.h>
#include <sys/mman.h>

#include "perfdata/format.hpp"

namespace perfbuf::perfdata
{

namespace
{

size_t open_record(bytes &to, uint32_t type, uint16_t misc)
{
	const size_t begin = to.size();
	to.put(perf_event_header{type, misc, 0});
	return begin;
}

} // namespace

void synthesizer::close(size_t begin)
{
	to_.zeros(identity_size_);
	to_.patch(begin + offsetof(perf_event_header, size),
		  static_cast<uint16_t>(to_.size() - begin));
}

void synthesizer::kernel(const kernel_map &map)
{
	const size_t begin = open_record(to_, PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL);
	to_.put(UINT32_MAX); // pid -1: the kernel
	to_.put(uint32_t{0});
	to_.put(map.start);
	to_.put(map.length);
	to_.put(map.offset);
	to_.put_padded(map.name, 8);
	close(begin);
}

void synthesizer::process(const perfdata::process &of)
{
	for (const auto &thread : of.threads) {
		task(PERF_RECORD_FORK, of, thread.tid);
		comm(of.pid, thread.tid, thread.name);
	}
	for (const auto &each : of.maps)
		map(of.pid, each);
}

void synthesizer::task(uint32_t type, const perfdata::process &of, uint32_t tid)
{
	const size_t begin = open_record(to_, type, misc_fork_exec);
	// The parent of a process is another; the parent of a thread is taken to be the first
	// thread.
	const uint32_t parent = tid == of.pid ? of.parent : of.pid;
	to_.put(of.pid);
	to_.put(parent);
	to_.put(tid);
	to_.put(parent);
	to_.put(uint64_t{0});
	close(begin);
}

void synthesizer::comm(uint32_t pid, uint32_t tid, std::string_view name)
{
	const size_t begin = open_record(to_, PERF_RECORD_COMM, 0);
	to_.put(pid);
	to_.put(tid);
	to_.put_padded(name, 8);
	close(begin);
}

void synthesizer::map(uint32_t pid, const process_map &map)
{
	const bool code = map.protection & PROT_EXEC;
	const auto misc = static_cast<uint16_t>(PERF_RECORD_MISC_USER |
						(code ? 0 : PERF_RECORD_MISC_MMAP_DATA));
	const size_t begin = open_record(to_, PERF_RECORD_MMAP2, misc);
	to_.put(pid);
	to_.put(pid);
	to_.put(map.start);
	to_.put(map.length);
	to_.put(map.offset);
	to_.put(map.major);
	to_.put(map.minor);
	to_.put(map.inode);
	to_.put(uint64_t{0}); // inode generation: /proc does not report it
	to_.put(map.protection);
	to_.put(map.flags);
	to_.put_padded(map.name, 8);
	close(begin);
}

} // namespace perfbuf::perfdata
