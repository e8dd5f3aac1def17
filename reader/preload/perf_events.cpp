// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/*
 * Leads perf_event_open(2) of a program to the files of /dev/perfbuf. libc has no function for this
 * system call, so programs make it by syscall(3): this library has a function of that name, and
 * stands before libc (LD_PRELOAD, set by perfbuf exec).
 *
 * BPF programs are attached to perf's own events alone. So where a program attaches one to a file
 * of ours, by ioctl(2) or by a BPF link, the file becomes an event of perf with the same attribute.
 *
 * It runs in a program that is not ours: no exceptions, no allocation, no state but the addresses
 * of libc's functions and a table of the events that were opened.
 */
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

// How an event of ours was opened, by file descriptor. Pages of the table that no event uses stay
// unused.
struct opened_event {
	perf_event_attr attr;
	dev_t device; // 0: no event
	int pid, cpu;
	unsigned long flags;
};
constexpr int table_size = 8192;
opened_event table[table_size];

bool is_device(int fd, dev_t device)
{
	struct stat about;
	return ::fstat(fd, &about) == 0 && S_ISCHR(about.st_mode) && about.st_rdev == device;
}

void note_opened(int fd, const perf_event_attr &attr, int pid, int cpu, unsigned long flags)
{
	struct stat about;
	if (fd >= table_size || ::fstat(fd, &about) != 0)
		return;
	// attr.size is what the program has of the structure.
	opened_event made{{}, about.st_rdev, pid, cpu, flags};
	size_t bytes = attr.size ? attr.size : PERF_ATTR_SIZE_VER0;
	if (bytes > sizeof(made.attr))
		return;
	__builtin_memcpy(&made.attr, &attr, bytes);
	table[fd] = made;
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
	if (group < 0)
		note_opened(fd, *attr, pid, cpu, flags);
	return fd;
}

// Puts perf's own event in the place of the file fd, if that is an event of ours. errno stays.
bool become_event_of_perf(int fd)
{
	const int before = errno;
	bool done = false;
	if (fd >= 0 && fd < table_size && table[fd].device && is_device(fd, table[fd].device)) {
		opened_event &event = table[fd];
		const long made = call_libc(SYS_perf_event_open,
					    {reinterpret_cast<long>(&event.attr), event.pid,
					     event.cpu, -1, static_cast<long>(event.flags), 0});
		if (made >= 0) {
			const int cloexec = event.flags & PERF_FLAG_FD_CLOEXEC ? O_CLOEXEC : 0;
			done = ::dup3(static_cast<int>(made), fd, cloexec) == fd;
			::close(static_cast<int>(made));
			event.device = 0;
		}
	}
	errno = before;
	return done;
}

// The event that a BPF link is made of, or -1.
int linked_event(long number, const long (&arguments)[6])
{
	const auto *attr = reinterpret_cast<const bpf_attr *>(arguments[1]);
	constexpr size_t needed = offsetof(bpf_attr, link_create.target_fd) + sizeof(int);
	if (number != SYS_bpf || arguments[0] != BPF_LINK_CREATE || !attr ||
	    static_cast<size_t>(arguments[2]) < needed)
		return -1;
	return static_cast<int>(attr->link_create.target_fd);
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
	if (!device) {
		const long done = call_libc(number, arguments);
		if (done < 0 && become_event_of_perf(linked_event(number, arguments)))
			return call_libc(number, arguments);
		return done;
	}
	return open_event(device, attr, static_cast<int>(arguments[1]),
			  static_cast<int>(arguments[2]), static_cast<int>(arguments[3]),
			  static_cast<unsigned long>(arguments[4]));
}

extern "C" [[gnu::visibility("default")]] int ioctl(int fd, unsigned long request, ...) noexcept
{
	using ioctl_function = int (*)(int fd, unsigned long request, ...);
	static const auto libc = reinterpret_cast<ioctl_function>(::dlsym(RTLD_NEXT, "ioctl"));
	va_list list;
	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);

	if (!libc) {
		errno = ENOSYS;
		return -1;
	}
	const int done = libc(fd, request, argument);
	if (done < 0 && request == PERF_EVENT_IOC_SET_BPF && become_event_of_perf(fd))
		return libc(fd, request, argument);
	return done;
}
