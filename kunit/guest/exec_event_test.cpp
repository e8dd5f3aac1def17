// SPDX-License-Identifier: GPL-2.0
/* attr.remove_on_exec, and attr.sigtrap, which needs it. */
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

[[noreturn]] void become_busy_program()
{
	execl("/proc/self/exe", "test", spin_argument, nullptr);
	_exit(1);
}

class remove_on_exec : public testing::TestWithParam<side>
{
};

TEST_P(remove_on_exec, a_task_that_executes_a_program_ends_its_event)
{
	gate opened;
	child process([&] {
		opened.wait();
		become_busy_program();
		return 0;
	});
	perf_event_attr attr = clock_attr();
	attr.remove_on_exec = 1;
	attr.disabled = 0;
	unique_fd fd = must_open(GetParam(), attr, target::thread(process.pid()));
	/* Without a ring perf's file hangs up from the beginning. */
	mapping ring(fd.get(), 8);
	pollfd polled = {fd.get(), POLLIN, 0};
	EXPECT_EQ(poll(&polled, 1, 0) == 1 && polled.revents & POLLHUP, false);
	opened.open();
	EXPECT_TRUE(
		eventually([&] { return poll(&polled, 1, 10) == 1 && polled.revents & POLLHUP; }));
	const uint64_t before = read_value(fd.get());
	pause_for(std::chrono::milliseconds(50));
	EXPECT_EQ(read_value(fd.get()), before);
}

TEST_P(remove_on_exec, a_child_that_executes_a_program_leaves_the_event_of_its_parent)
{
	perf_event_attr attr = clock_attr();
	attr.remove_on_exec = attr.inherit = 1;
	attr.disabled = 0;
	unique_fd fd = must_open(GetParam(), attr);
	gate executing;
	child process([&] {
		executing.open();
		become_busy_program();
		return 0;
	});
	executing.wait();
	/* It counts until its exec, which comes soon, and this task while it does not sleep. */
	EXPECT_TRUE(eventually([&] {
		const uint64_t before = read_value(fd.get());
		pause_for(std::chrono::milliseconds(200));
		return read_value(fd.get()) - before < 100'000'000;
	}));
	const uint64_t before = read_value(fd.get());
	while (read_value(fd.get()) - before < 1'000'000)
		;
}

INSTANTIATE_TEST_SUITE_P(on, remove_on_exec, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* --- sigtrap */

volatile uint32_t watched;

struct trap_seen {
	int code, type;
	uint64_t data;
	const void *address;
	pid_t thread;
};

/* arm64 stops before the write, and again after each return from the handler, while the event is
 * enabled. */
#ifdef __aarch64__
constexpr bool stops_before_the_write = true;
#else
constexpr bool stops_before_the_write = false;
#endif
std::atomic<int> watching_fd = -1;

constexpr size_t traps_max = 4096;
trap_seen traps[traps_max];
std::atomic<size_t> trap_count;

/* struct siginfo of the kernel, of which libc has not every field. */
struct perf_siginfo {
	int signo, error, code, pad;
	const void *address;
	uint64_t data;
	uint32_t type, flags;
};

void on_trap(int, siginfo_t *info, void *)
{
	perf_siginfo got;
	memcpy(&got, info, sizeof(got));
	const size_t which = trap_count++;
	if (which < traps_max)
		traps[which] = {got.code, static_cast<int>(got.type), got.data, got.address,
				static_cast<pid_t>(syscall(SYS_gettid))};
	if (stops_before_the_write)
		ioctl(watching_fd, PERF_EVENT_IOC_DISABLE, 0);
}

void write_watched(int fd, uint32_t value)
{
	if (stops_before_the_write) {
		watching_fd = fd;
		enable(fd);
	}
	watched = value;
}

perf_event_attr breakpoint(uint64_t data)
{
	perf_event_attr attr = write_breakpoint(watched);
	attr.remove_on_exec = attr.sigtrap = 1;
	attr.sig_data = data;
	return attr;
}

TEST(pmu_remove_on_exec, an_exec_ends_the_counter_and_the_event_of_the_task)
{
	gate opened;
	child process([&] {
		opened.wait();
		become_busy_program();
		return 0;
	});
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.remove_on_exec = 1;
	unique_fd fd = must_open_pmu(side::clock, attr, target::thread(process.pid()));
	opened.open();
	pollfd polled = {fd.get(), POLLIN, 0};
	EXPECT_TRUE(
		eventually([&] { return poll(&polled, 1, 10) == 1 && polled.revents & POLLHUP; }));
	const uint64_t before = read_value(fd.get());
	pause_for(std::chrono::milliseconds(50));
	EXPECT_EQ(read_value(fd.get()), before);
}

class sigtrap : public testing::TestWithParam<side>
{
protected:
	sigtrap()
	{
		struct sigaction action = {};
		action.sa_sigaction = on_trap;
		action.sa_flags = SA_SIGINFO | SA_NODEFER;
		sigaction(SIGTRAP, &action, &before_);
		trap_count = 0;
	}
	~sigtrap() override { sigaction(SIGTRAP, &before_, nullptr); }

private:
	struct sigaction before_;
};

TEST_P(sigtrap, each_write_to_the_watched_word_is_a_signal_with_its_data)
{
	unique_fd fd = must_open_pmu(GetParam(), breakpoint(0x1234567890));
	watched = 1;
	EXPECT_EQ(trap_count, 0u);
	enable(fd.get());
	for (size_t i = 1; i <= 100; i++) {
		write_watched(fd.get(), static_cast<uint32_t>(i));
		ASSERT_EQ(trap_count, i) << "the signal comes before the next instruction";
	}
	disable(fd.get());
	watched = 2;
	EXPECT_EQ(trap_count, 100u);
	constexpr int trap_perf = 6;
	for (size_t i = 0; i < 100; i++) {
		EXPECT_EQ(traps[i].code, trap_perf);
		EXPECT_EQ(traps[i].type, PERF_TYPE_BREAKPOINT);
		EXPECT_EQ(traps[i].data, 0x1234567890u);
		EXPECT_EQ(traps[i].address, const_cast<uint32_t *>(&watched));
		EXPECT_EQ(traps[i].thread, current_tid());
	}
}

TEST_P(sigtrap, a_thread_that_inherits_it_gets_its_own_signals)
{
	perf_event_attr attr = breakpoint(7);
	attr.inherit = attr.inherit_thread = 1;
	unique_fd fd = must_open_pmu(GetParam(), attr);
	enable(fd.get());
	pid_t tid = 0;
	std::thread([&] {
		tid = current_tid();
		for (int i = 0; i < 50; i++)
			write_watched(fd.get(), 3);
	}).join();
	ASSERT_EQ(trap_count, 50u);
	for (size_t i = 0; i < 50; i++)
		EXPECT_EQ(traps[i].thread, tid);
}

/* perf also lets it signal what it may trace with ptrace(2). */
TEST_P(sigtrap, an_event_of_another_process_needs_cap_kill)
{
	gate over;
	child other([&] {
		over.wait();
		return 0;
	});
	const auto error_with = [&](uint64_t rights, const target &of) {
		return run_in_child([&] {
			       set_rights(rights);
			       perf_event_attr attr = breakpoint(1);
			       const int fd = open_pmu(GetParam(), attr, of);
			       return fd < 0 ? -fd : 0;
		       })
			.code;
	};
	/* Debian's perf_event_open(2) does not ask for CAP_PERFMON. */
	constexpr uint64_t admin = 1ULL << CAP_SYS_ADMIN, kill = 1ULL << CAP_KILL;
	EXPECT_EQ(error_with(admin, target::thread(other.pid())), EACCES);
	EXPECT_EQ(error_with(admin | kill, target::thread(other.pid())), 0);
	EXPECT_EQ(error_with(admin, {}), 0);
	over.open();
}

#ifdef __aarch64__
INSTANTIATE_TEST_SUITE_P(on, sigtrap, testing::Values(side::perf),
			 side_name<testing::TestParamInfo<side>>);

/* The kernel steps over a breakpoint for perf's own handlers alone (docs/architectures.md). */
TEST(pmu_breakpoint, a_breakpoint_that_would_be_met_for_ever_is_refused_with_eopnotsupp)
{
	perf_event_attr attr = breakpoint(1);
	EXPECT_EQ(open_pmu(side::clock, attr), -EOPNOTSUPP);
	attr.sigtrap = 0;
	EXPECT_EQ(open_pmu(side::clock, attr), -EOPNOTSUPP);
	attr.bp_type = HW_BREAKPOINT_X;
	attr.bp_len = sizeof(long);
	EXPECT_EQ(open_pmu(side::clock, attr), -EOPNOTSUPP);
}
#else
/* With PREEMPT_RT an interrupt may not take the locks of signals: ours are refused (docs/pmu.md).
 */
bool is_realtime()
{
	utsname kernel;
	return !uname(&kernel) && strstr(kernel.version, "PREEMPT_RT");
}

std::vector<side> sides_that_signal()
{
	std::vector<side> all = sides();
	if (is_realtime())
		std::erase_if(all, [](side each) { return each != side::perf; });
	return all;
}

INSTANTIATE_TEST_SUITE_P(on, sigtrap, testing::ValuesIn(sides_that_signal()),
			 side_name<testing::TestParamInfo<side>>);

/* The file was opened with the right, the process that configures it has not the right. */
TEST(sigtrap_refused, a_file_of_root_gives_a_process_without_cap_kill_no_signals)
{
	gate over;
	child other([&] {
		over.wait();
		return 0;
	});
	EXPECT_EQ(run_in_child([&] {
			  unique_fd fd(open("/dev/perfbuf/pmu", O_RDWR | O_CLOEXEC));
			  set_rights(0);
			  perf_event_attr attr = breakpoint(1);
			  return configure(fd.get(), &attr, target::thread(other.pid()));
		  }).code,
		  is_realtime() ? EINVAL : EACCES);
	over.open();
}

/* Where the signal could not be sent at the instruction; readers ask again without the bit. */
TEST(sigtrap_refused, an_event_that_cannot_send_the_signal_is_refused_with_einval)
{
	perf_event_attr attr = breakpoint(1);
	const int of_a_task = open_pmu(side::clock, attr);
	if (is_realtime())
		EXPECT_EQ(of_a_task, -EINVAL);
	else
		EXPECT_GE(of_a_task, 0);
	if (of_a_task >= 0)
		close(of_a_task);
	attr.exclude_kernel = 0;
	EXPECT_EQ(open_pmu(side::clock, attr), -EINVAL);
	attr = breakpoint(1);
	EXPECT_EQ(open_pmu(side::clock, attr, target::every_process(0)), -EINVAL);
	attr = clock_attr();
	attr.remove_on_exec = attr.sigtrap = attr.exclude_kernel = 1;
	EXPECT_EQ(open_error(side::clock, &attr), EINVAL);
}
#endif

} /* namespace */
