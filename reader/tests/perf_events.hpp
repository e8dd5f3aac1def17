// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The kernel's own perf events in place of the device: the contract is the same, and no
 * module is needed. */
#pragma once

#include <linux/perf_event.h>
#include <perfbuf/file.hpp>
#include <sys/syscall.h>
#include <unistd.h>

namespace perfbuf::tests
{

inline reader::result<reader::file> open_perf_event(perf_event_attr attr, pid_t pid, int cpu,
						    unsigned long flags = 0)
{
	attr.size = reader::file::attr_size;
	const long fd =
		::syscall(SYS_perf_event_open, &attr, pid, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return reader::system_error("perf_event_open");
	return reader::file(reader::unique_fd(static_cast<int>(fd)), attr.read_format);
}

} // namespace perfbuf::tests
