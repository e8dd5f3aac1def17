// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/*
 * Leads perf_event_open(2) of a program to the files of /dev/perfbuf. libc has no function for this
 * system call, so programs make it by syscall(3): this library has a function of that name, and
 * stands before libc (LD_PRELOAD, set by perfbuf exec).
 *
 * It runs in a program that is not ours: no exceptions, no allocation, no state but one pointer.
 */
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

using syscall_function = long (*)(long number, ...);

long call_libc(long number, const long (&arguments)[6])
{
	static const auto libc = reinterpret_cast<syscall_function>(::dlsym(RTLD_NEXT, "syscall"));
	if (!libc) {
		errno = ENOSYS;
		return -1;
	}
	return libc(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
		    arguments[5]);
}

// nullptr: the event stays the kernel's.
const char *device_for(const perf_event_attr &attr)
{
	if (attr.type != PERF_TYPE_SOFTWARE)
		return "/dev/perfbuf/pmu";
	switch (attr.config) {
	case PERF_COUNT_SW_BPF_OUTPUT:
		return nullptr; // BPF programs write into it
	case PERF_COUNT_SW_CPU_CLOCK:
	case PERF_COUNT_SW_DUMMY:
		return "/dev/perfbuf/clock";
	default:
		return "/dev/perfbuf/pmu";
	}
}

long open_event(const char *device, const perf_event_attr *attr, int pid, int cpu, int group,
		unsigned long flags)
{
	const int fd = ::open(device, O_RDWR | (flags & PERF_FLAG_FD_CLOEXEC ? O_CLOEXEC : 0));
	if (fd < 0)
		return -1;
	const perfbuf_open wanted{reinterpret_cast<uintptr_t>(attr), pid, cpu, flags};
	const perfbuf_open_group sibling{wanted, group, 0};
	const int done = group < 0 ? ::ioctl(fd, PERFBUF_IOC_OPEN, &wanted)
				   : ::ioctl(fd, PERFBUF_IOC_OPEN_GROUP, &sibling);
	if (done < 0) {
		// A module without groups: perf opens a weak group's siblings alone then.
		const int why = errno == ENOTTY ? EINVAL : errno;
		::close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

} // namespace

extern "C" [[gnu::visibility("default")]] long syscall(long number, ...) noexcept
{
	long arguments[6];
	va_list list;
	va_start(list, number);
	for (long &each : arguments)
		each = va_arg(list, long);
	va_end(list);

	const auto *attr = reinterpret_cast<const perf_event_attr *>(arguments[0]);
	const char *device = number == SYS_perf_event_open && attr ? device_for(*attr) : nullptr;
	if (!device)
		return call_libc(number, arguments);
	return open_event(device, attr, static_cast<int>(arguments[1]),
			  static_cast<int>(arguments[2]), static_cast<int>(arguments[3]),
			  static_cast<unsigned long>(arguments[4]));
}
