// SPDX-License-Identifier: GPL-2.0
/* poll, select and epoll: what wakes, and when it is over. */
#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t period = 1'000'000;
constexpr int wait_ms = std::chrono::milliseconds(patience).count();

/* The events that poll(2) returns, at once or within @timeout. */
short polled(int fd, int timeout = 0)
{
	pollfd entry = {.fd = fd, .events = POLLIN};
	const int n = poll(&entry, 1, timeout);
	return n > 0 ? entry.revents : 0;
}

perf_event_attr every(uint32_t events)
{
	perf_event_attr attr = clock_attr(period);
	attr.wakeup_events = events;
	return attr;
}

perf_event_attr at_bytes(uint32_t bytes)
{
	perf_event_attr attr = clock_attr(period);
	attr.watermark = 1;
	attr.wakeup_watermark = bytes;
	return attr;
}

class wakeup : public testing::TestWithParam<side>
{
protected:
	spinner busy{0};
	recorder open_recorder(const perf_event_attr &attr, size_t pages = 16)
	{
		return recorder(GetParam(), attr, target::every_process(0), pages);
	}
};

TEST_P(wakeup, each_event_wakes_a_reader_that_waits_for_one)
{
	recorder r = open_recorder(every(1));
	enable(r.fd.get());
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(polled(r.fd.get(), wait_ms), POLLIN);
		r.buffer.drain(r.records);
	}
	EXPECT_GE(r.records.size(), 1u);
}

TEST_P(wakeup, a_number_of_events_wakes_the_reader)
{
	recorder r = open_recorder(every(10));
	enable(r.fd.get());
	ASSERT_EQ(polled(r.fd.get(), wait_ms), POLLIN);
	disable(r.fd.get());
	r.buffer.drain(r.records);
	EXPECT_GE(count(r.records, PERF_RECORD_SAMPLE), 10u);
}

TEST_P(wakeup, a_watermark_in_bytes_wakes_the_reader)
{
	recorder r = open_recorder(at_bytes(4096));
	enable(r.fd.get());
	ASSERT_EQ(polled(r.fd.get(), wait_ms), POLLIN);
	EXPECT_GE(r.buffer.unread(), 4096u);
}

TEST_P(wakeup, half_a_ring_wakes_a_reader_that_set_no_watermark)
{
	recorder r = open_recorder(clock_attr(period), 4);
	enable(r.fd.get());
	ASSERT_EQ(polled(r.fd.get(), wait_ms), POLLIN);
	EXPECT_GE(r.buffer.unread(), r.buffer.data_bytes() / 2);
}

TEST_P(wakeup, no_wakeup_comes_before_the_watermark)
{
	recorder r = open_recorder(at_bytes(32768), 16);
	r.sample_until(5);
	ASSERT_LT(r.buffer.head(), 32768u);
	EXPECT_EQ(polled(r.fd.get()), 0);
	EXPECT_EQ(polled(r.fd.get(), 30), 0);
}

TEST_P(wakeup, a_poll_of_a_disabled_event_without_records_returns_nothing)
{
	recorder r = open_recorder(every(1));
	EXPECT_EQ(polled(r.fd.get(), 20), 0);
}

TEST_P(wakeup, a_record_makes_select_return_the_file)
{
	recorder r = open_recorder(every(1));
	enable(r.fd.get());
	fd_set set;
	FD_ZERO(&set);
	FD_SET(r.fd.get(), &set);
	timeval limit = {.tv_sec = patience.count()};
	EXPECT_EQ(select(r.fd.get() + 1, &set, nullptr, nullptr, &limit), 1);
	EXPECT_TRUE(FD_ISSET(r.fd.get(), &set));
}

class poller
{
public:
	poller(int fd, uint32_t mode) : epoll_(epoll_create1(EPOLL_CLOEXEC))
	{
		epoll_event event = {.events = EPOLLIN | mode, .data = {.fd = fd}};
		if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event))
			fail_errno("epoll_ctl", errno);
	}
	uint32_t wait(int timeout) const
	{
		epoll_event event = {};
		return epoll_wait(epoll_.get(), &event, 1, timeout) > 0 ? event.events : 0;
	}

private:
	unique_fd epoll_;
};

TEST_P(wakeup, a_record_makes_level_triggered_epoll_return_the_file)
{
	recorder r = open_recorder(every(1));
	poller poll(r.fd.get(), 0);
	EXPECT_EQ(poll.wait(0), 0u);
	enable(r.fd.get());
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(poll.wait(wait_ms), uint32_t{EPOLLIN});
		r.buffer.drain(r.records);
	}
}

TEST_P(wakeup, a_record_makes_edge_triggered_epoll_return_the_file)
{
	recorder r = open_recorder(every(1));
	poller poll(r.fd.get(), EPOLLET);
	enable(r.fd.get());
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(poll.wait(wait_ms), uint32_t{EPOLLIN});
		r.buffer.drain(r.records);
	}
}

TEST_P(wakeup, a_record_wakes_a_thread_that_waits_already)
{
	recorder r = open_recorder(every(1));
	std::atomic<short> got = 0;
	std::jthread waiter([&] { got = polled(r.fd.get(), wait_ms); });
	pause_for(std::chrono::milliseconds(30));
	enable(r.fd.get());
	waiter.join();
	EXPECT_EQ(got, POLLIN);
}

TEST_P(wakeup, a_record_wakes_the_pollers_of_every_file_of_the_ring)
{
	recorder r = open_recorder(every(1));
	unique_fd second = must_open(GetParam(), every(1), target::every_process(0));
	control(second.get(), PERF_EVENT_IOC_SET_OUTPUT, r.fd.get());
	std::atomic<short> got = 0;
	std::jthread waiter([&] { got = polled(second.get(), wait_ms); });
	pause_for(std::chrono::milliseconds(30));
	enable(r.fd.get());
	waiter.join();
	EXPECT_EQ(got, POLLIN);
}

TEST_P(wakeup, the_end_of_the_target_is_a_hangup)
{
	gate go;
	child process([&] {
		go.wait();
		std::atomic<bool> stop = false;
		std::thread later([&] {
			pause_for(std::chrono::milliseconds(60));
			stop = true;
		});
		spin(stop);
		later.join();
		return 0;
	});
	recorder r(GetParam(), every(1), target::thread(process.pid()));
	enable(r.fd.get());
	EXPECT_EQ(polled(r.fd.get()) & POLLHUP, 0) << "it lives";
	go.open();
	bool over = false;
	EXPECT_TRUE(eventually([&] {
		over = (polled(r.fd.get(), 100) & POLLHUP) != 0;
		return over;
	}));
	EXPECT_TRUE(process.wait().clean());
	/* The records of before are still there. */
	r.buffer.drain(r.records);
	EXPECT_GT(samples_in(r.records, r.attr).size(), 0u);
	EXPECT_NE(polled(r.fd.get()) & POLLHUP, 0) << "for good";
	EXPECT_EQ(ioctl_error(r.fd.get(), PERF_EVENT_IOC_ENABLE), 0);
	EXPECT_NE(polled(r.fd.get()) & POLLHUP, 0) << "ENABLE does not bring it back";
	EXPECT_GT(read_value(r.fd.get()), 0u);
}

TEST_P(wakeup, a_hangup_wakes_a_thread_that_waits)
{
	gate go;
	child process([&] {
		go.wait();
		return 0;
	});
	recorder r(GetParam(), clock_attr(period), target::thread(process.pid()));
	std::atomic<short> got = 0;
	std::jthread waiter([&] { got = polled(r.fd.get(), wait_ms); });
	pause_for(std::chrono::milliseconds(30));
	go.open();
	waiter.join();
	EXPECT_NE(got & POLLHUP, 0);
}

TEST_P(wakeup, a_file_does_not_hang_up_while_an_inherited_child_lives)
{
	gate go, done;
	child parent([&] {
		go.wait();
		/* Left behind; it ends with the gate. */
		if (!fork()) {
			done.wait();
			_exit(0);
		}
		return 0;
	});
	perf_event_attr attr = every(1);
	attr.inherit = 1;
	attr.task = 1;
	session s(GetParam(), attr, parent.pid());
	s.enable();
	go.open();
	EXPECT_TRUE(parent.wait().clean());
	for (const session::cpu_event &e : s.events)
		EXPECT_EQ(polled(e.fd.get(), 20) & POLLHUP, 0);
	done.open();
	for (const session::cpu_event &e : s.events)
		EXPECT_TRUE(eventually([&] { return (polled(e.fd.get(), 50) & POLLHUP) != 0; }));
}

INSTANTIATE_TEST_SUITE_P(on, wakeup, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* Where we differ from perf on purpose. */
class own_wakeup : public testing::TestWithParam<side>
{
protected:
	spinner busy{0};
};

TEST_P(own_wakeup, an_unmapped_file_is_silent_and_not_hung_up)
{
	unique_fd fd = must_open(GetParam(), every(1), target::every_process(0));
	EXPECT_EQ(polled(fd.get(), 20), 0);
	enable(fd.get());
	EXPECT_EQ(polled(fd.get(), 20), 0);
}

TEST_P(own_wakeup, poll_returns_at_once_until_the_records_are_read)
{
	recorder r(GetParam(), every(1), target::every_process(0));
	r.sample_until(1);
	ASSERT_TRUE(eventually([&] { return r.buffer.unread() || !r.records.empty(); }));
	enable(r.fd.get());
	ASSERT_TRUE(eventually([&] { return r.buffer.unread() > 0; }));
	disable(r.fd.get());
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(polled(r.fd.get()), POLLIN) << i;
	r.buffer.drain();
	EXPECT_EQ(polled(r.fd.get()), 0);
}

TEST_P(own_wakeup, a_full_ring_wakes_its_reader_whatever_the_watermark)
{
	/* perf with a watermark of the whole ring never wakes. */
	recorder r(GetParam(), at_bytes(2 * page_size()), target::every_process(0), 2);
	enable(r.fd.get());
	EXPECT_EQ(polled(r.fd.get(), wait_ms), POLLIN);
	EXPECT_GT(r.buffer.unread(), r.buffer.data_bytes() - 128);
}

TEST_P(own_wakeup, a_full_ring_wakes_its_reader_whatever_the_number_of_events)
{
	recorder r(GetParam(), every(UINT32_MAX), target::every_process(0), 1);
	enable(r.fd.get());
	EXPECT_EQ(polled(r.fd.get(), wait_ms), POLLIN);
}

INSTANTIATE_TEST_SUITE_P(on, own_wakeup, testing::ValuesIn(own_side()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_wakeup);

} /* namespace */
