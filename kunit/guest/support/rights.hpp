/* SPDX-License-Identifier: GPL-2.0 */
/* Capabilities of the calling thread. Only ever in a child: they do not come back. */
#pragma once

#include <cerrno>
#include <fcntl.h>
#include <initializer_list>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/event.hpp"
#include "support/process.hpp"

namespace device_test
{

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

inline void set_rights(uint64_t mask)
{
	__user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	__user_cap_data_struct data[2] = {};
	for (int half = 0; half < 2; half++)
		data[half].effective = data[half].permitted =
			static_cast<uint32_t>(mask >> (32 * half));
	if (syscall(SYS_capset, &header, data))
		fail_errno("capset", errno);
}

inline uint64_t rights()
{
	__user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	__user_cap_data_struct data[2] = {};
	if (syscall(SYS_capget, &header, data))
		fail_errno("capget", errno);
	return data[0].permitted | static_cast<uint64_t>(data[1].permitted) << 32;
}

inline void drop_rights(int capability)
{
	set_rights(rights() & ~(1ULL << capability));
}

inline void drop_all_rights()
{
	set_rights(0);
}

/* Opens @path as a user whose capabilities are these. The mode of a file of that user's does not
 * refuse it. */
inline int errno_of_open_with_rights(std::initializer_list<int> capabilities, const char *path)
{
	const outcome opened = run_in_child([&] {
		uint64_t mask = 0;
		for (const int each : capabilities)
			mask |= 1ULL << each;
		set_rights(mask);
		return open(path, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
	});
	return opened.code;
}

inline void become_nobody()
{
	if (setgid(65534) || setuid(65534))
		fail_errno("setuid", errno);
}

} /* namespace device_test */
