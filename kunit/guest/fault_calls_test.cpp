// SPDX-License-Identifier: GPL-2.0
/*
 * Every call of the device with each of its allocations, and each of its copies from and to user
 * space, failing in turn. What fault_test.cpp has, open, configuration and mmap, is not repeated.
 * Of fork(2) only what cannot wait for memory fails, as ours does: what else fails there writes to
 * the kernel's log.
 */
#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

#include "support/fault.hpp"
#include "support/process.hpp"
#include "support/session.hpp"
#include "support/user.hpp"

using namespace device_test;

namespace
{

int error_of(long result)
{
	return result < 0 ? errno : 0;
}

perf_event_attr followed_attr()
{
	perf_event_attr attr = clock_attr();
	attr.comm = attr.mmap = attr.mmap2 = attr.task = 1;
	attr.enable_on_exec = attr.inherit = 1;
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	return attr;
}

/* A mapped clock of CPU 0, an event of the own thread, and a typed event. */
struct files {
	unique_fd clock = must_open(side::clock, clock_attr(), target::every_process(0));
	mapping ring{clock.get(), 8};
	unique_fd followed = must_open(side::clock, followed_attr(), target::thread(0, 0));
	unique_fd typed = message_event(target::every_process(0));
	std::string large = std::string(20000, 'x');
};

struct call_row {
	const char *name;
	int (*call)(files &of);
};

void PrintTo(const call_row &row, std::ostream *out)
{
	*out << row.name;
}

int sysfs(const char *name)
{
	unique_fd fd(open((std::string("/sys/class/perfbuf/clock/") + name).c_str(),
			  O_RDONLY | O_CLOEXEC));
	char text[1000];
	return fd.valid() ? error_of(read(fd.get(), text, sizeof(text))) : errno;
}

const call_row calls[] = {
	{"enable_and_disable",
	 [](files &of) {
		 const int error = ioctl_error(of.followed.get(), PERF_EVENT_IOC_ENABLE);
		 return error ? error : ioctl_error(of.followed.get(), PERF_EVENT_IOC_DISABLE);
	 }},
	{"reset", [](files &of) { return ioctl_error(of.clock.get(), PERF_EVENT_IOC_RESET); }},
	{"refresh",
	 [](files &of) {
		 const int error = ioctl_error(of.clock.get(), PERF_EVENT_IOC_REFRESH, 1000ul);
		 return error ? error : ioctl_error(of.clock.get(), PERF_EVENT_IOC_DISABLE);
	 }},
	{"period",
	 [](files &of) {
		 uint64_t value = 2'000'000;
		 return ioctl_error(of.clock.get(), PERF_EVENT_IOC_PERIOD, &value);
	 }},
	{"id",
	 [](files &of) {
		 uint64_t value = 0;
		 return ioctl_error(of.clock.get(), PERF_EVENT_IOC_ID, &value);
	 }},
	{"pause_output",
	 [](files &of) {
		 const int error = ioctl_error(of.clock.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1ul);
		 return error ? error : ioctl_error(of.clock.get(), PERF_EVENT_IOC_PAUSE_OUTPUT);
	 }},
	{"set_filter",
	 [](files &of) {
		 return ioctl_error(of.typed.get(), PERF_EVENT_IOC_SET_FILTER,
				    "common_pid == 1 || common_flags != 3");
	 }},
	{"set_output",
	 [](files &of) {
		 const int error = ioctl_error(of.typed.get(), PERF_EVENT_IOC_SET_OUTPUT,
					       static_cast<unsigned long>(of.clock.get()));
		 return error ? error
			      : ioctl_error(of.typed.get(), PERF_EVENT_IOC_SET_OUTPUT, ~0ul);
	 }},
	{"ring",
	 [](files &of) {
		 perfbuf_ring wanted = {.size = sizeof(wanted), .wakeup_latency = 1'000'000};
		 const int error = ioctl_error(of.clock.get(), PERFBUF_IOC_RING, &wanted);
		 wanted.wakeup_latency = 0;
		 return error ? error : ioctl_error(of.clock.get(), PERFBUF_IOC_RING, &wanted);
	 }},
	{"write", [](files &of) { return error_of(write(of.typed.get(), of.large.data(), 8)); }},
	{"write_of_20000_bytes",
	 [](files &of) {
		 return error_of(write(of.typed.get(), of.large.data(), of.large.size()));
	 }},
	{"ioc_write",
	 [](files &of) {
		 const perfbuf_write_part parts[] = {
			 {reinterpret_cast<uintptr_t>(of.large.data()), 5000},
			 {reinterpret_cast<uintptr_t>(of.large.data()), 8}};
		 const perfbuf_write all = {reinterpret_cast<uintptr_t>(parts), 2, 0};
		 return ioctl_error(of.typed.get(), PERFBUF_IOC_WRITE, &all);
	 }},
	{"read",
	 [](files &of) {
		 uint64_t words[16];
		 return error_of(read(of.clock.get(), words, sizeof(words)));
	 }},
	{"poll",
	 [](files &of) {
		 pollfd polled = {of.clock.get(), POLLIN, 0};
		 return error_of(poll(&polled, 1, 0));
	 }},
	{"epoll",
	 [](files &of) {
		 unique_fd set(epoll_create1(EPOLL_CLOEXEC));
		 if (!set.valid())
			 return errno;
		 epoll_event wanted = {.events = EPOLLIN};
		 return error_of(epoll_ctl(set.get(), EPOLL_CTL_ADD, of.clock.get(), &wanted));
	 }},
	{"fasync",
	 [](files &of) {
		 const int error = error_of(fcntl(of.clock.get(), F_SETFL, O_ASYNC));
		 return error ? error : error_of(fcntl(of.clock.get(), F_SETFL, 0));
	 }},
	{"mmap_of_the_statistics",
	 [](files &of) {
		 return map_error(of.clock.get(), page_size(), PROT_READ, MAP_SHARED,
				  static_cast<off_t>(PERFBUF_MMAP_STATS));
	 }},
	{"second_mmap", [](files &of) { return map_error(of.clock.get(), 9 * page_size()); }},
	{"open_linked",
	 [](files &of) {
		 /* There is no AUX: EINVAL stands for success here. */
		 perf_event_attr attr = clock_attr();
		 unique_fd fd(open(device_path, O_RDWR | O_CLOEXEC));
		 if (!fd.valid())
			 return errno;
		 perfbuf_open_linked wanted = {
			 .open = {.attr = reinterpret_cast<uintptr_t>(&attr), .pid = -1},
			 .aux_fd = of.clock.get()};
		 const int error = ioctl_error(fd.get(), PERFBUF_IOC_OPEN_LINKED, &wanted);
		 return error == EINVAL ? 0 : error;
	 }},
	{"name_of_a_followed_task", [](files &) { return error_of(prctl(PR_SET_NAME, "faulty")); }},
	{"map_of_a_followed_task",
	 [](files &) {
		 void *base = mmap(nullptr, page_size(), PROT_READ | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		 return base == MAP_FAILED ? errno : error_of(munmap(base, page_size()));
	 }},
	{"sysfs_readers", [](files &) { return sysfs("readers"); }},
	{"sysfs_records", [](files &) { return sysfs("records"); }},
};

class fault_of : public testing::TestWithParam<call_row>
{
protected:
	void SetUp() override { arm(); }
};

TEST_P(fault_of, call_is_enomem_or_efault_and_the_call_works_afterwards)
{
	files of;
	enable(of.typed.get());
	enable(of.followed.get());
	fail_each([&] { return GetParam().call(of); });
	EXPECT_EQ(GetParam().call(of), 0);
}

class fault_of_fork : public testing::TestWithParam<unsigned>
{
protected:
	void SetUp() override
	{
		arm();
		fail_only_what_cannot_wait();
	}
	void TearDown() override { arm(); }
};

/* More children than the module has prepared memory for. */
TEST_P(fault_of_fork, fork_of_a_followed_task_succeeds_without_memory)
{
	constexpr int children = 64;
	perf_event_attr attr = clock_attr();
	attr.inherit = 1;
	attr.task = 1;
	unique_fd followed = must_open(side::clock, attr, target::thread(0));
	enable(followed.get());
	std::vector<child> all;
	for (int i = 0; i < children; i++) {
		const countdown failing;
		failing.set(GetParam());
		/* Throws if the fork fails. */
		all.emplace_back([] { return 0; });
		failing.set(0);
	}
	for (child &child : all)
		EXPECT_TRUE(child.wait().clean());
	EXPECT_EQ(ioctl_error(followed.get(), PERF_EVENT_IOC_DISABLE), 0);
}

std::vector<unsigned> all_allocations()
{
	if (own_side().empty() || !can_inject())
		return {};
	return {1, 2, 3};
}

INSTANTIATE_TEST_SUITE_P(nth, fault_of_fork, testing::ValuesIn(all_allocations()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(fault_of_fork);

std::vector<call_row> all_calls()
{
	if (own_side().empty() || !can_inject())
		return {};
	return {std::begin(calls), std::end(calls)};
}

INSTANTIATE_TEST_SUITE_P(each, fault_of, testing::ValuesIn(all_calls()),
			 [](const auto &info) { return std::string(info.param.name); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(fault_of);

} /* namespace */
