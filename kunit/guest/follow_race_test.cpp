// SPDX-License-Identifier: GPL-2.0
/* Tasks that come, go and move while their events are opened, switched, polled and closed. */
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

class follow_race : public testing::TestWithParam<side>
{
protected:
	/* A process that has threads and children without end, on one processor and another. */
	static int be_restless()
	{
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (unsigned turn = 0;; turn++) {
			pin_to(static_cast<int>(turn % 2));
			std::thread([] { sched_yield(); }).join();
			const pid_t child = fork();
			if (!child) {
				if (turn % 4 == 0)
					execl("/bin/true", "true", nullptr);
				_exit(0);
			}
			waitpid(child, nullptr, 0);
		}
	}

	/* One event from open to close. */
	void use_one(pid_t pid, unsigned turn) const
	{
		perf_event_attr attr = clock_attr(50'000);
		attr.inherit = turn % 2;
		attr.enable_on_exec = turn % 3 == 0;
		attr.comm = attr.task = attr.mmap = attr.mmap2 = turn % 5 != 0;
		attr.read_format = PERF_FORMAT_LOST;
		const int cpu = attr.inherit || turn % 4 == 0 ? static_cast<int>(turn / 2 % 2) : -1;
		recorder r(GetParam(), attr, target::thread(pid, cpu), 1);
		for (int i = 0; i < 3; i++) {
			enable(r.fd.get());
			for (int j = 0; j < 10; j++) {
				pollfd polled = {r.fd.get(), POLLIN, 0};
				poll(&polled, 1, 0);
				read_value(r.fd.get(), 1);
				r.buffer.drain();
				std::this_thread::yield();
			}
			disable(r.fd.get());
		}
	}
};

TEST_P(follow_race, events_on_a_task_that_forks_and_moves_come_and_go_and_every_record_is_whole)
{
	child process(be_restless);
	std::atomic<unsigned> uses = 0;
	std::atomic<bool> failed = false;
	std::vector<std::thread> users;
	for (unsigned n = 0; n < 3; n++)
		users.emplace_back([&, n] {
			try {
				for (unsigned turn = n; uses < 90 && !failed; turn += 3, uses++)
					use_one(process.pid(), turn);
			} catch (const std::exception &e) {
				failed = true;
				fprintf(stderr, "%s\n", e.what());
			}
		});
	for (std::thread &user : users)
		user.join();
	EXPECT_FALSE(failed);
}

/* The sets of a task that exits are closed at the same time. */
TEST_P(follow_race, events_are_closed_while_their_task_exits)
{
	for (int turn = 0; turn < 40; turn++) {
		gate go;
		child process([&] {
			go.wait();
			return 0;
		});
		perf_event_attr attr = clock_attr(50'000);
		attr.inherit = turn % 2;
		attr.task = 1;
		std::vector<unique_fd> fds;
		for (int i = 0; i < 20; i++) {
			fds.push_back(must_open(GetParam(), attr,
						target::thread(process.pid(), i % 3 - 1)));
			enable(fds.back().get());
		}
		go.open();
		fds.clear();
		EXPECT_TRUE(process.wait().clean());
	}
}

INSTANTIATE_TEST_SUITE_P(on, follow_race, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
