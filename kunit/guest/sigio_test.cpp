// SPDX-License-Identifier: GPL-2.0
/* Wakeups as signals. */
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

/* The signals stay blocked, and are taken one by one. */
class sigio : public testing::TestWithParam<side>
{
protected:
	void SetUp() override
	{
		sigemptyset(&set);
		sigaddset(&set, SIGIO);
		sigaddset(&set, SIGRTMIN + 3);
		pthread_sigmask(SIG_BLOCK, &set, &before);
	}
	void TearDown() override
	{
		timespec now = {};
		while (sigtimedwait(&set, nullptr, &now) > 0)
			;
		pthread_sigmask(SIG_SETMASK, &before, nullptr);
	}
	/* The next one, or 0 after @limit. */
	int next(siginfo_t &info, timespec limit = {.tv_sec = patience.count()})
	{
		const int signal = sigtimedwait(&set, &info, &limit);
		return signal > 0 ? signal : 0;
	}
	void ask(const recorder &r, int signal = 0) { ask(r.fd.get(), signal); }
	void ask(int fd, int signal = 0)
	{
		ASSERT_EQ(fcntl(fd, F_SETOWN, getpid()), 0);
		if (signal)
			ASSERT_EQ(fcntl(fd, F_SETSIG, signal), 0);
		ASSERT_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC), 0);
	}
	static perf_event_attr each_event()
	{
		perf_event_attr attr = clock_attr(1'000'000);
		attr.wakeup_events = 1;
		return attr;
	}

	sigset_t set, before;
};

TEST_P(sigio, a_signal_comes_with_the_samples)
{
	/* Started with the signals blocked, as every thread here. */
	spinner busy(0);
	recorder r(GetParam(), each_event(), target::every_process(0));
	ask(r);
	enable(r.fd.get());
	siginfo_t info = {};
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(next(info), SIGIO);
		r.buffer.drain(r.records);
	}
	EXPECT_FALSE(r.records.empty());
}

TEST_P(sigio, a_signal_of_a_chosen_number_names_the_file_and_the_reason)
{
	spinner busy(0);
	recorder r(GetParam(), each_event(), target::every_process(0));
	ask(r, SIGRTMIN + 3);
	enable(r.fd.get());
	siginfo_t info = {};
	EXPECT_EQ(next(info), SIGRTMIN + 3);
	EXPECT_EQ(info.si_fd, r.fd.get());
	EXPECT_EQ(info.si_code, POLL_IN);
	EXPECT_NE(info.si_band & 1, 0);
}

TEST_P(sigio, the_signal_of_the_last_refreshed_sample_says_hangup)
{
	spinner busy(0);
	recorder r(GetParam(), each_event(), target::every_process(0));
	ask(r, SIGRTMIN + 3);
	control(r.fd.get(), PERF_EVENT_IOC_REFRESH, 1);
	siginfo_t info = {};
	bool hangup = false;
	while (!hangup && next(info))
		hangup = info.si_code == POLL_HUP;
	EXPECT_TRUE(hangup);
	r.buffer.drain(r.records);
	EXPECT_EQ(count(r.records, PERF_RECORD_SAMPLE), 1u);
}

TEST_P(sigio, an_event_without_a_ring_signals_its_samples)
{
	spinner busy(0);
	unique_fd fd = must_open(GetParam(), each_event(), target::every_process(0));
	ask(fd.get(), SIGRTMIN + 3);
	enable(fd.get());
	for (int i = 0; i < 5; i++) {
		siginfo_t info = {};
		EXPECT_EQ(next(info), SIGRTMIN + 3);
		EXPECT_EQ(info.si_fd, fd.get());
		EXPECT_EQ(info.si_code, POLL_IN);
	}
}

TEST_P(sigio, the_limit_of_an_event_without_a_ring_is_one_signal_that_says_hangup)
{
	spinner busy(0);
	unique_fd fd = must_open(GetParam(), each_event(), target::every_process(0));
	ask(fd.get(), SIGRTMIN + 3);
	control(fd.get(), PERF_EVENT_IOC_REFRESH, 1);
	siginfo_t info = {};
	EXPECT_EQ(next(info), SIGRTMIN + 3);
	EXPECT_EQ(info.si_code, POLL_HUP);
	EXPECT_EQ(next(info, {.tv_nsec = 50'000'000}), 0);
}

TEST_P(sigio, a_side_band_record_of_an_event_without_a_ring_sends_no_signal)
{
	perf_event_attr attr = each_event();
	attr.sample_period = 0;
	attr.comm = attr.task = 1;
	unique_fd fd = must_open(GetParam(), attr);
	ask(fd.get());
	enable(fd.get());
	char name[16] = {};
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "another");
	prctl(PR_SET_NAME, name);
	siginfo_t info = {};
	EXPECT_EQ(next(info, {.tv_nsec = 20'000'000}), 0);
}

/* Of the kernel's perf, "Breakpoint overflow" tests the same. */
volatile uint32_t watched;
volatile sig_atomic_t signalled;

TEST_P(sigio, each_write_to_a_watched_word_is_a_signal_before_the_next_instruction)
{
	perf_event_attr attr = write_breakpoint(watched);
	attr.sample_type = PERF_SAMPLE_IP;
	attr.wakeup_events = 1;
	unique_fd fd = must_open_pmu(GetParam(), attr);
	struct sigaction action = {}, old;
	action.sa_handler = [](int) { signalled = signalled + 1; };
	sigaction(SIGRTMIN + 4, &action, &old);
	ask(fd.get(), SIGRTMIN + 4);
	signalled = 0;
	enable(fd.get());
	for (int i = 1; i <= 50; i++) {
		watched = i;
		EXPECT_EQ(signalled, i);
	}
	disable(fd.get());
	EXPECT_EQ(read_value(fd.get()), 50u);
	sigaction(SIGRTMIN + 4, &old, nullptr);
}

TEST_P(sigio, no_signal_comes_without_FASYNC)
{
	spinner busy(0);
	recorder r(GetParam(), each_event(), target::every_process(0));
	r.sample_until(20);
	siginfo_t info = {};
	EXPECT_EQ(next(info, {.tv_nsec = 20'000'000}), 0);
}

TEST_P(sigio, signals_stop_when_FASYNC_is_turned_off)
{
	spinner busy(0);
	recorder r(GetParam(), each_event(), target::every_process(0));
	ask(r);
	enable(r.fd.get());
	siginfo_t info = {};
	ASSERT_EQ(next(info), SIGIO);
	ASSERT_EQ(fcntl(r.fd.get(), F_SETFL, fcntl(r.fd.get(), F_GETFL) & ~O_ASYNC), 0);
	disable(r.fd.get());
	/* A signal that was on its way. */
	while (next(info, {.tv_nsec = 50'000'000}))
		;
	r.sample_until(r.records.size() + 10);
	EXPECT_EQ(next(info, {.tv_nsec = 50'000'000}), 0);
}

TEST_P(sigio, a_file_closed_with_FASYNC_on_sends_no_signal)
{
	spinner busy(0);
	for (int i = 0; i < 20; i++) {
		recorder r(GetParam(), each_event(), target::every_process(0));
		ask(r);
		enable(r.fd.get());
	}
}

INSTANTIATE_TEST_SUITE_P(on, sigio, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
