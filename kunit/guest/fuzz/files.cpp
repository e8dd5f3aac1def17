// SPDX-License-Identifier: GPL-2.0
/* open(2), close(2), and what makes a file an event. */
#include <cstring>

#include <fcntl.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz/world.hpp"

namespace fuzz
{

namespace
{

int open_node(actor &by)
{
	const char *node = by.role & tracer
				   ? by.one_of({"clock", "clock", "inject", "inject", "pmu",
						"ftrace", "functrace", "testdev", "initdev"})
				   : by.one_of({"inject", "inject", "inject", "testdev", "clock"});
	const int flags = by.one_of({O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY});
	const int fd = open((std::string("/dev/perfbuf/") + node).c_str(), flags | O_CLOEXEC);
	if (fd < 0)
		return errno;
	by.keep_file(fd);
	return 0;
}

int close_file(actor &by)
{
	const int fd = by.file_slot().exchange(-1);
	return fd < 0 ? 0 : error_of(close(fd));
}

int duplicate(actor &by)
{
	const int fd = fcntl(by.file(), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return errno;
	by.keep_file(fd);
	return 0;
}

perfbuf_open wanted(actor &by, perf_event_attr &attr)
{
	attr = some_attr(by);
	perfbuf_open request = {.attr = reinterpret_cast<uintptr_t>(&attr)};
	switch (by.below(8)) {
	case 0:
	case 1:
	case 2:
		request.pid = -1;
		request.cpu = static_cast<int32_t>(by.below(2));
		break;
	case 3:
	case 4:
		request.cpu = -1;
		break;
	case 5:
		request.cpu = static_cast<int32_t>(by.below(2));
		break;
	case 6:
		request.pid = by.one_of({gettid(), getppid(), 1, 1 << 22});
		request.cpu = by.one_of({-1, 0});
		break;
	default:
		request.pid = by.one_of({-1, 0, -2, by.of.cgroups[by.below(cgroup_count)]});
		request.cpu = by.one_of({-1, 0, 1, 7, 100000});
		request.flags = by.one_of<uint64_t>(
			{0, 8, 1, 1ULL << 40, PERF_FLAG_PID_CGROUP, PERF_FLAG_PID_CGROUP});
		if (by.once_in(8))
			request.attr = by.one_of<uint64_t>({0, 8, ~0ULL});
	}
	/* Other processes do not ignore the signal. */
	if (attr.sigtrap && request.pid > 0)
		request.pid = 0;
	return request;
}

int ioc_open(actor &by)
{
	perf_event_attr attr;
	perfbuf_open request = wanted(by, attr);
	return error_of(ioctl(by.file(), PERFBUF_IOC_OPEN, &request));
}

/* So that there are files with an event, even if all other operations fail. */
int open_event(actor &by)
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	const bool typed = !(by.role & tracer) || by.once_in(2);
	const int fd =
		open(typed ? "/dev/perfbuf/inject" : "/dev/perfbuf/clock", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno;
	by.keep_file(fd);
	do
		attr = some_attr(by);
	while (attr.type != (typed ? PERF_TYPE_TRACEPOINT : PERF_TYPE_SOFTWARE));
	perfbuf_open request = {.attr = reinterpret_cast<uintptr_t>(&attr), .pid = -1};
	request.cpu = static_cast<int32_t>(by.below(2));
	if (by.once_in(3)) {
		request.pid = 0;
		request.cpu = by.one_of({-1, 0, 1});
	}
	return error_of(ioctl(fd, PERFBUF_IOC_OPEN, &request));
}

int ioc_open_linked(actor &by)
{
	perf_event_attr attr;
	perfbuf_open_linked request = {};
	request.open = wanted(by, attr);
	request.aux_fd = by.file();
	request.reserved = by.once_in(16);
	return error_of(ioctl(by.file(), PERFBUF_IOC_OPEN_LINKED, &request));
}

/* @pages of the file's ring, and @aux_pages behind them; 0 or an errno. The area is kept. */
int map_ring(actor &by, int fd, size_t pages, size_t aux_pages)
{
	const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	const size_t bytes = (1 + pages) * page;
	void *base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return errno;
	int error = 0;
	if (aux_pages) {
		auto *first = static_cast<volatile perf_event_mmap_page *>(base);
		first->aux_offset = bytes;
		first->aux_size = aux_pages * page;
		void *aux = mmap(nullptr, aux_pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				 static_cast<off_t>(bytes));
		error = aux == MAP_FAILED ? errno : 0;
		if (!error)
			by.keep_area(aux, aux_pages * page, true);
	}
	by.keep_area(base, bytes, true);
	return error;
}

/*
 * A function trace with its AUX area, and a clock whose samples copy, pause or resume it: all that
 * PERFBUF_IOC_OPEN_LINKED needs fits together. Other threads get the files, and take them apart.
 */
int open_linked_pair(actor &by)
{
	const int trace = open("/dev/perfbuf/functrace", O_RDWR | O_CLOEXEC);
	const int clock = open("/dev/perfbuf/clock", O_RDWR | O_CLOEXEC);
	if (trace < 0 || clock < 0) {
		const int error = errno;
		close(trace);
		close(clock);
		return error;
	}

	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.disabled = 1;
	const perf_event_attr of_trace = attr;
	attr.sample_period = 1'000'000;
	const uint32_t action = by.one_of<uint32_t>({0, PERFBUF_AUX_PAUSE, PERFBUF_AUX_RESUME});
	if (action) {
		/* The word that later headers name aux_action. */
		memcpy(&attr.aux_sample_size + 1, &action, sizeof(action));
	} else {
		attr.sample_type |= PERF_SAMPLE_AUX;
		attr.aux_sample_size = by.one_of<uint32_t>({8, 256, 4096});
	}
	perfbuf_open request = {.attr = reinterpret_cast<uintptr_t>(&of_trace), .pid = -1};
	request.cpu = static_cast<int32_t>(by.below(2));
	if (by.once_in(2)) {
		request.pid = 0;
		request.cpu = by.one_of({-1, 0, 1});
	}

	int error = error_of(ioctl(trace, PERFBUF_IOC_OPEN, &request));
	/* Few functions: the guest has other things to do. */
	if (!error)
		error = error_of(ioctl(trace, PERF_EVENT_IOC_SET_FILTER, "vfs_*"));
	perfbuf_open_linked linked = {};
	linked.open = request;
	linked.open.attr = reinterpret_cast<uintptr_t>(&attr);
	linked.aux_fd = trace;
	if (!error)
		error = error_of(ioctl(clock, PERFBUF_IOC_OPEN_LINKED, &linked));
	if (!error)
		error = map_ring(by, trace, 8, by.one_of<size_t>({1, 16}));
	if (!error)
		error = map_ring(by, clock, 8, 0);
	for (int fd : {trace, clock})
		if (!error)
			error = error_of(ioctl(fd, PERF_EVENT_IOC_ENABLE, 0));
	by.keep_file(trace);
	by.keep_file(clock);
	return error;
}

int ioc_open_group(actor &by)
{
	perf_event_attr attr;
	perfbuf_open_group request = {};
	request.open = wanted(by, attr);
	request.group_fd = by.once_in(8) ? -1 : by.file();
	request.reserved = by.once_in(16);
	return error_of(ioctl(by.file(), PERFBUF_IOC_OPEN_GROUP, &request));
}

int read_file(actor &by)
{
	uint64_t words[32];
	return error_of(read(by.file(), words, by.one_of<size_t>({sizeof(words), 8, 1, 0})));
}

int write_file(actor &by)
{
	static char data[PERFBUF_WRITE_MAX + 1];
	const void *from = by.once_in(12) ? reinterpret_cast<void *>(8) : data;
	return error_of(write(
		by.file(), from,
		by.one_of<size_t>({1, 8, 300, 5000, PERFBUF_WRITE_MAX, PERFBUF_WRITE_MAX + 1})));
}

int writev_file(actor &by)
{
	char data[64] = {};
	const iovec parts[] = {{data, 8}, {data, 64}, {data, 0}};
	return error_of(writev(by.file(), parts, 3));
}

int ioc_write(actor &by)
{
	static char data[5000];
	perfbuf_write_part parts[8];
	for (perfbuf_write_part &part : parts)
		part = {reinterpret_cast<uintptr_t>(by.once_in(30) ? nullptr : data),
			by.one_of<uint64_t>({0, 8, 100, sizeof(data)})};
	perfbuf_write all = {reinterpret_cast<uintptr_t>(parts), 8, by.once_in(16)};
	if (by.once_in(8))
		all.count = by.one_of<uint32_t>({0, PERFBUF_WRITE_PARTS + 1, ~0u});
	if (by.once_in(16))
		all.parts = 8;
	return error_of(ioctl(by.file(), PERFBUF_IOC_WRITE, &all));
}

int poll_files(actor &by)
{
	pollfd some[] = {{by.file(), POLLIN, 0}, {by.file(), POLLIN | POLLOUT, 0}};
	return error_of(poll(some, 2, static_cast<int>(by.one_of({0, 0, 2}))));
}

int epoll_file(actor &by)
{
	const int set = epoll_create1(EPOLL_CLOEXEC);
	if (set < 0)
		return errno;
	epoll_event wanted = {.events = EPOLLIN | (by.once_in(2) ? EPOLLET : 0u)}, came;
	int error = error_of(epoll_ctl(set, EPOLL_CTL_ADD, by.file(), &wanted));
	if (!error)
		error = error_of(epoll_wait(set, &came, 1, 1));
	close(set);
	return error;
}

int async(actor &by)
{
	const int fd = by.file();
	const int error = error_of(fcntl(fd, F_SETOWN, by.one_of({0, getpid(), gettid()})));
	return error ? error
		     : error_of(fcntl(fd, F_SETFL, by.once_in(2) ? O_ASYNC | O_NONBLOCK : 0));
}

int seek(actor &by)
{
	char byte;
	return by.once_in(2) ? error_of(lseek(by.file(), 0, SEEK_SET))
			     : error_of(pread(by.file(), &byte, 1, 8));
}

} /* namespace */

std::vector<operation> file_operations()
{
	/* And what the kernel itself says of a number that is no file, or one of its own: another
	 * thread may have closed it, and the number is given to the next. */
	return {
		{"open",
		 readers,
		 10,
		 open_node,
		 {EACCES, ENOENT, ENXIO, EMFILE, ENODEV, ENOMEM, EINTR, EPERM}},
		{"close", readers, 4, close_file, {EBADF}},
		{"dup", readers, 2, duplicate, {EBADF, EMFILE}},
		{"PERFBUF_IOC_OPEN",
		 readers,
		 16,
		 ioc_open,
		 {EBADF, ENOTTY, EACCES, EBUSY, EINVAL, EOPNOTSUPP, ENOENT, ESRCH, ENODEV, E2BIG,
		  EFAULT, EMFILE, ENOMEM, EPERM, EAGAIN, ENOSPC, EOVERFLOW, EIO}},
		{"open and PERFBUF_IOC_OPEN",
		 readers,
		 16,
		 open_event,
		 {EACCES, ENOENT, EINVAL, EOPNOTSUPP, ENODEV, E2BIG, EMFILE, ENOMEM, ENXIO, EBADF,
		  EBUSY, ENOSPC, EOVERFLOW, EIO, ENOTTY, EAGAIN}},
		{"PERFBUF_IOC_OPEN_LINKED",
		 readers,
		 6,
		 ioc_open_linked,
		 {EBADF, ENOTTY, EBADFD, EACCES, EBUSY, EINVAL, EOPNOTSUPP, ENOENT, ESRCH, ENODEV,
		  E2BIG, EFAULT, EMFILE, ENOMEM, EPERM, EAGAIN, ENOSPC, EOVERFLOW, EIO}},
		{"a trace, and samples linked to its AUX",
		 tracer,
		 3,
		 open_linked_pair,
		 {ENOENT, ENXIO, EMFILE, ENOMEM, ENODEV, EPERM, ENOSPC, EINTR}},
		{"PERFBUF_IOC_OPEN_GROUP",
		 readers,
		 12,
		 ioc_open_group,
		 {EBADF, ENOTTY, EBADFD, EACCES, EBUSY, EINVAL, EOPNOTSUPP, ENOENT, ESRCH, ENODEV,
		  E2BIG, EFAULT, EMFILE, ENOMEM, EPERM, EAGAIN, ENOSPC, EOVERFLOW, EIO}},
		{"read",
		 readers,
		 6,
		 read_file,
		 {EBADF, EBADFD, ENOSPC, EAGAIN, EINVAL, EISDIR, ENOMEM}},
		{"write",
		 readers,
		 8,
		 write_file,
		 {EBADF, EINVAL, E2BIG, EFAULT, ENODEV, ENOMEM, EAGAIN}},
		{"writev", readers, 3, writev_file, {EBADF, EINVAL, ENODEV}},
		{"PERFBUF_IOC_WRITE",
		 readers,
		 6,
		 ioc_write,
		 {EBADF, ENOTTY, EINVAL, E2BIG, EFAULT, ENODEV, ENOMEM}},
		{"poll", readers, 6, poll_files, {EINTR}},
		{"epoll", readers, 3, epoll_file, {EBADF, EPERM, EINTR, EINVAL, ELOOP}},
		{"F_SETOWN, O_ASYNC", readers, 3, async, {EBADF, EINVAL, ESRCH, EPERM}},
		{"lseek, pread", readers, 1, seek, {EBADF, ESPIPE}},
	};
}

} /* namespace fuzz */
