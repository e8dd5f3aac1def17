/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opening an event on either side. Failures come back as numbers where a test
 * looks at them, and as exceptions where it cannot go on without the event.
 */
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/types.h>
#include <unistd.h>

#include "support/mode.hpp"

namespace device_test
{

inline constexpr const char *device_path = "/dev/perfbuf/clock";

class unique_fd
{
public:
	unique_fd() = default;
	explicit unique_fd(int fd) : fd_(fd) {}
	unique_fd(unique_fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
	unique_fd &operator=(unique_fd &&other) noexcept
	{
		reset(std::exchange(other.fd_, -1));
		return *this;
	}
	~unique_fd() { reset(); }

	int get() const { return fd_; }
	bool valid() const { return fd_ >= 0; }
	void reset(int fd = -1)
	{
		if (fd_ >= 0)
			close(fd_);
		fd_ = fd;
	}

private:
	int fd_ = -1;
};

/* The target of an event. The default is the calling thread, on any CPU. */
struct target {
	pid_t pid = 0;
	int cpu = -1;
	unsigned long flags = 0;
	int group = -1; /* the file of the group's leader */

	static target every_process(int cpu) { return {-1, cpu}; }
	static target thread(pid_t tid, int cpu = -1) { return {tid, cpu}; }
	static target sibling(int of_leader) { return {.group = of_leader}; }
};

/* A file descriptor, or a negative errno. @attr is the address as the kernel gets it. */
int open_event(side s, const void *attr, const target &observed = {});
/* The same, of the source pmu. */
int open_pmu(side s, const perf_event_attr &attr, const target &observed = {});

/* The same; throws on an error. */
unique_fd must_open(side s, const perf_event_attr &attr, const target &observed = {});
unique_fd must_open_pmu(side s, const perf_event_attr &attr, const target &observed = {});

/* An unconfigured file of the device: open(2) only. Throws on an error. */
unique_fd open_device(int flags = O_RDWR | O_CLOEXEC);
/* PERFBUF_IOC_OPEN on it, or _OPEN_GROUP: 0 or an errno. */
int configure(int fd, const void *attr, const target &observed = {});

/* Disabled, one sample each @period_ns, with the common sample fields. */
perf_event_attr clock_attr(uint64_t period_ns = 1'000'000);
perf_event_attr clock_attr(uint64_t period_ns, uint64_t sample_type);
/* Of the source pmu: disabled, an event for each write of user space to @word. */
perf_event_attr write_breakpoint(const volatile uint32_t &word);

/* 0 or an errno. */
int ioctl_error(int fd, unsigned long request, unsigned long arg = 0);
int ioctl_error(int fd, unsigned long request, const void *arg);
/* Throws on an error. */
void control(int fd, unsigned long request, unsigned long arg = 0);
void enable(int fd);
void disable(int fd);

uint64_t event_id(int fd);
/* The n-th value of a read(); throws on an error. */
uint64_t read_value(int fd, unsigned index = 0);

[[noreturn]] void fail_errno(const std::string &message, int error);
std::string errno_name(int error);

} /* namespace device_test */
