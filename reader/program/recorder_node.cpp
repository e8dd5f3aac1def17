// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Opens and reads /dev/perfbuf_recorders.
#include "program/recorder_node.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>

#include "program/failure.hpp"

namespace perfbuf::program
{

reader::unique_fd open_recorder_node()
{
	reader::unique_fd fd(::open(recorder_node, O_RDONLY | O_CLOEXEC));
	if (fd.get() >= 0)
		return fd;
	if (errno == ENOENT)
		throw failure(exit_failed, fmt::format("there is no {}: load the module with "
						       "modprobe perfbuf",
						       recorder_node));
	if (errno == EACCES || errno == EPERM)
		throw failure(exit_failed, "to read a recorder takes root or CAP_PERFMON");
	throw failure(exit_failed,
		      fmt::format("{}: {}", recorder_node, std::generic_category().message(errno)));
}

present_memory::present_memory(std::size_t bytes)
	: at_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)),
	  bytes_(bytes)
{
	if (at_ == MAP_FAILED)
		throw failure(exit_failed, "there is no memory for the snapshot");
}

present_memory::~present_memory()
{
	::munmap(at_, bytes_);
}

} // namespace perfbuf::program
