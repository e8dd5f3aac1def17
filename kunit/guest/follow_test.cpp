// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_FOLLOW: an event that follows threads which were there before it was opened. */
#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "support/expect.hpp"
#include "support/parameter.hpp"
#include "support/rights.hpp"
#include "support/session.hpp"
#include "support/shared_page.hpp"
#include "support/user.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

int follow(int fd, pid_t tid, uint32_t flags = 0)
{
	const perfbuf_follow wanted = {.pid = tid, .flags = flags};
	return ioctl_error(fd, PERFBUF_IOC_FOLLOW, &wanted);
}

int poll_now(int fd)
{
	pollfd polled = {fd, POLLIN, 0};
	return poll(&polled, 1, 0) == 1 ? polled.revents : 0;
}

perf_event_attr inherited(uint64_t period = 1'000'000)
{
	perf_event_attr attr = clock_attr(period);
	attr.inherit = 1;
	return attr;
}

/* Shared with a process that has threads. */
struct threads_page {
	std::atomic<pid_t> tids[3];
	std::atomic<pid_t> later;
	std::atomic<bool> more, stop;
};

class own_follow : public testing::TestWithParam<side>
{
protected:
	void TearDown() override { page->stop = true; }

	/* Three busy threads beside the first one, which waits; on request one of them makes a
	 * fourth. */
	int have_threads() const
	{
		std::vector<std::thread> threads;
		for (unsigned i = 0; i < 3; i++)
			threads.emplace_back([this, i] {
				page->tids[i] = current_tid();
				while (i == 0 && !page->more && !page->stop)
					;
				std::thread another;
				if (i == 0 && page->more)
					another = std::thread([this] {
						page->later = current_tid();
						spin(page->stop);
					});
				spin(page->stop);
				if (another.joinable())
					another.join();
			});
		for (std::thread &thread : threads)
			thread.join();
		return 0;
	}
	bool has_started() const
	{
		return eventually([&] { return page->tids[0] && page->tids[1] && page->tids[2]; });
	}
	/* Until there are samples of all threads that are known. */
	bool sees_all(session &s) const
	{
		return s.until([&](const std::vector<record> &) {
			const std::set<pid_t> seen = tids(s);
			return std::all_of(std::begin(page->tids), std::end(page->tids),
					   [&](const auto &tid) { return seen.count(tid); });
		});
	}
	static std::set<pid_t> tids(session &s)
	{
		std::set<pid_t> all;
		for (const sample &sample : s.samples())
			all.insert(*sample.tid);
		return all;
	}
	void follow_all(const session &s) const
	{
		for (const auto &each : s.events)
			for (const auto &tid : page->tids)
				EXPECT_EQ(follow(each.fd.get(), tid), 0);
	}

	shared_page<threads_page> page;
};

TEST_P(own_follow, an_event_follows_threads_that_were_there_before_it_was_opened)
{
	child process([&] { return have_threads(); });
	ASSERT_TRUE(has_started());
	session s(GetParam(), inherited(), process.pid());
	s.enable();
	/* Without the request it follows what it was opened on, and its later children. */
	pause_for(std::chrono::milliseconds(50));
	s.collect();
	EXPECT_EQ(tids(s).count(page->tids[1]), 0u);
	follow_all(s);
	follow_all(s);
	EXPECT_TRUE(sees_all(s));
	page->stop = true;
	EXPECT_TRUE(process.wait().clean());
}

TEST_P(own_follow, a_thread_that_a_followed_thread_makes_later_is_followed)
{
	child process([&] { return have_threads(); });
	ASSERT_TRUE(has_started());
	session s(GetParam(), inherited(), process.pid());
	follow_all(s);
	s.enable();
	page->more = true;
	EXPECT_TRUE(s.until([&](const std::vector<record> &) {
		return page->later && tids(s).count(page->later);
	}));
	page->stop = true;
	EXPECT_TRUE(process.wait().clean());
}

TEST_P(own_follow, the_end_of_a_followed_thread_is_reported_once_to_each_event)
{
	child process([&] { return have_threads(); });
	ASSERT_TRUE(has_started());
	perf_event_attr attr = inherited();
	attr.task = 1;
	session s(GetParam(), attr, process.pid());
	follow_all(s);
	follow_all(s);
	s.enable();
	EXPECT_TRUE(sees_all(s));
	page->stop = true;
	EXPECT_TRUE(process.wait().clean());
	std::map<pid_t, unsigned> ends;
	for (const record &record : s.collect())
		if (record.header.type == PERF_RECORD_EXIT)
			ends[static_cast<pid_t>(parse_task(record).tid)]++;
	/* A thread ends on one CPU, whose event has the record. */
	for (const auto &tid : page->tids)
		EXPECT_EQ(ends[tid], 1u);
}

TEST_P(own_follow, the_event_ends_with_the_last_thread_that_it_follows)
{
	gate first, second;
	child earlier([&] {
		first.wait();
		return 0;
	});
	child later([&] {
		second.wait();
		return 0;
	});
	unique_fd fd = must_open(GetParam(), inherited(), target::thread(earlier.pid(), 0));
	enable(fd.get());
	ASSERT_EQ(follow(fd.get(), later.pid()), 0);
	first.open();
	EXPECT_TRUE(earlier.wait().clean());
	EXPECT_EQ(poll_now(fd.get()) & POLLHUP, 0);
	second.open();
	EXPECT_TRUE(later.wait().clean());
	EXPECT_TRUE(eventually([&] { return poll_now(fd.get()) & POLLHUP; }));
	EXPECT_EQ(follow(fd.get(), 0), ESRCH) << "what it follows has exited";
}

TEST_P(own_follow, an_event_that_cannot_follow_says_why_by_its_errno)
{
	const pid_t self = getpid();
	unique_fd good = must_open(GetParam(), inherited(), target::thread(self, 0));
	EXPECT_EQ(follow(good.get(), 0), 0);
	EXPECT_EQ(follow(good.get(), 0, 1), EINVAL);
	EXPECT_EQ(follow(good.get(), -1), ESRCH);
	EXPECT_EQ(follow(good.get(), 1 << 22), ESRCH);
	EXPECT_EQ(ioctl_error(good.get(), PERFBUF_IOC_FOLLOW, nullptr), EFAULT);
	unique_fd any_cpu = must_open(GetParam(), inherited(), target::thread(self));
	EXPECT_EQ(follow(any_cpu.get(), 0), EINVAL);
	unique_fd alone = must_open(GetParam(), clock_attr(), target::thread(self, 0));
	EXPECT_EQ(follow(alone.get(), 0), EINVAL);
	unique_fd everything = must_open(GetParam(), inherited(), target::every_process(0));
	EXPECT_EQ(follow(everything.get(), 0), EINVAL);
	EXPECT_EQ(follow(open_device().get(), 0), EBADFD);

	unique_fd counter(open("/dev/perfbuf/pmu", O_RDWR | O_CLOEXEC));
	perf_event_attr attr = inherited();
	ASSERT_EQ(configure(counter.get(), &attr, target::thread(self, 0)), 0);
	EXPECT_EQ(follow(counter.get(), 0), EOPNOTSUPP) << "its counters have one task each";
}

/* The errno for a thread of a user without rights that follows itself, beside its first thread. */
int errno_of_own_thread()
{
	return run_in_child([first = getppid()] {
		       become_user(4711);
		       perf_event_attr attr = message_attr();
		       attr.inherit = 1;
		       unique_fd fd = open_message();
		       if (configure(fd.get(), &attr, target::thread(0, 0)))
			       return 200;
		       if (follow(fd.get(), first) != EACCES)
			       return 201;
		       int error = 202;
		       std::thread([&] { error = follow(fd.get(), 0); }).join();
		       return error;
	       })
		.code;
}

TEST_P(own_follow, a_user_without_rights_follows_itself_alone_and_within_its_limits)
{
	const node_for_everybody node;
	EXPECT_EQ(errno_of_own_thread(), 0);
	{
		parameter most("user_members_max", "1");
		EXPECT_EQ(errno_of_own_thread(), EMFILE);
	}
	parameter most("task_events_max", "0");
	EXPECT_EQ(errno_of_own_thread(), 200) << "not even its first thread";
}

TEST_P(own_follow, a_user_whom_root_hands_an_event_extends_it_to_no_other_task)
{
	unique_fd fd = must_open(GetParam(), inherited(), target::thread(current_tid(), 0));
	const auto of_user = run_in_child([&, others = getppid()] {
		become_user(4711);
		return follow(fd.get(), others);
	});
	EXPECT_EQ(of_user.code, EACCES);
}

/* Threads come and go while they are to be followed. */
TEST_P(own_follow, threads_are_followed_while_they_exit_and_the_file_closes)
{
	child process([] {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			std::thread first([] { sched_yield(); }), second([] { pin_to(1); });
			first.join();
			second.join();
		}
		return 0;
	});
	std::atomic<unsigned> uses = 0, met = 0;
	std::vector<std::thread> users;
	for (int n = 0; n < 2; n++)
		users.emplace_back([&, n] {
			while (uses++ < 60) {
				unique_fd fd = must_open(GetParam(), inherited(50'000),
							 target::thread(process.pid(), n));
				enable(fd.get());
				for (pid_t tid = 0; tid < 40; tid++) {
					const int error = follow(fd.get(), process.pid() + tid);
					EXPECT_TRUE(error == 0 || error == ESRCH)
						<< errno_name(error);
					met += !error;
				}
				disable(fd.get());
			}
		});
	for (std::thread &user : users)
		user.join();
	EXPECT_GT(met, 0u);
}

INSTANTIATE_TEST_SUITE_P(on, own_follow, testing::ValuesIn(own_side()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_follow);

} /* namespace */
