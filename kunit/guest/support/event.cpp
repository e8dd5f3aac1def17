// SPDX-License-Identifier: GPL-2.0
/* Opens and configures files of perf and of ours, and names errnos. */
#include "support/event.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <linux/hw_breakpoint.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

namespace device_test
{

void fail_errno(const std::string &message, int error)
{
	throw std::runtime_error(message + ": " + errno_name(error));
}

std::string errno_name(int error)
{
	if (!error)
		return "success";
	const char *text = strerrorname_np(error);
	return text ? text : std::to_string(error);
}

unique_fd open_device(int flags)
{
	int fd = open(device_path, flags);
	if (fd < 0)
		fail_errno(device_path, errno);
	return unique_fd(fd);
}

int configure(int fd, const void *attr, const target &observed)
{
	perfbuf_open request = {
		.attr = reinterpret_cast<uintptr_t>(attr),
		.pid = observed.pid,
		.cpu = observed.cpu,
		.flags = observed.flags,
	};
	if (observed.group == -1)
		return ioctl_error(fd, PERFBUF_IOC_OPEN, &request);
	perfbuf_open_group sibling = {.open = request, .group_fd = observed.group};
	return ioctl_error(fd, PERFBUF_IOC_OPEN_GROUP, &sibling);
}

namespace
{

int open_on(side s, const char *path, const void *attr, const target &observed)
{
	if (s == side::perf) {
		long fd = syscall(SYS_perf_event_open, attr, observed.pid, observed.cpu,
				  observed.group, observed.flags);
		return fd < 0 ? -errno : static_cast<int>(fd);
	}
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (int error = configure(fd, attr, observed)) {
		close(fd);
		return -error;
	}
	return fd;
}

unique_fd must_be_open(int fd, const char *kind, side s)
{
	if (fd < 0)
		fail_errno(std::string("opening an event of ") + kind + " on " + name(s), -fd);
	return unique_fd(fd);
}

} /* namespace */

int open_event(side s, const void *attr, const target &observed)
{
	return open_on(s, device_path, attr, observed);
}

int open_pmu(side s, const perf_event_attr &attr, const target &observed)
{
	return open_on(s, "/dev/perfbuf/pmu", &attr, observed);
}

unique_fd must_open(side s, const perf_event_attr &attr, const target &observed)
{
	return must_be_open(open_event(s, &attr, observed), "the clock", s);
}

unique_fd must_open_pmu(side s, const perf_event_attr &attr, const target &observed)
{
	return must_be_open(open_pmu(s, attr, observed), "pmu", s);
}

perf_event_attr clock_attr(uint64_t period_ns)
{
	return clock_attr(period_ns, PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
					     PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD);
}

perf_event_attr clock_attr(uint64_t period_ns, uint64_t sample_type)
{
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = sizeof(attr);
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_period = period_ns;
	attr.sample_type = sample_type;
	attr.disabled = 1;
	return attr;
}

perf_event_attr write_breakpoint(const volatile uint32_t &word)
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_BREAKPOINT;
	attr.bp_type = HW_BREAKPOINT_W;
	attr.bp_addr = reinterpret_cast<uintptr_t>(&word);
	attr.bp_len = sizeof(word);
	attr.sample_period = 1;
	attr.exclude_kernel = attr.exclude_hv = 1;
	attr.disabled = 1;
	return attr;
}

int ioctl_error(int fd, unsigned long request, unsigned long arg)
{
	return ioctl(fd, request, arg) < 0 ? errno : 0;
}

int ioctl_error(int fd, unsigned long request, const void *arg)
{
	return ioctl_error(fd, request, reinterpret_cast<unsigned long>(arg));
}

void control(int fd, unsigned long request, unsigned long arg)
{
	if (int error = ioctl_error(fd, request, arg))
		fail_errno("ioctl", error);
}

void enable(int fd)
{
	control(fd, PERF_EVENT_IOC_ENABLE);
}

void disable(int fd)
{
	control(fd, PERF_EVENT_IOC_DISABLE);
}

uint64_t event_id(int fd)
{
	uint64_t id = 0;
	control(fd, PERF_EVENT_IOC_ID, reinterpret_cast<unsigned long>(&id));
	return id;
}

uint64_t read_value(int fd, unsigned index)
{
	std::array<uint64_t, 16> values = {};
	ssize_t length = read(fd, values.data(), sizeof(values));
	if (length < 0)
		fail_errno("read", errno);
	if (static_cast<size_t>(length) < (index + 1) * sizeof(uint64_t))
		throw std::runtime_error("read: too short");
	return values[index];
}

} /* namespace device_test */
