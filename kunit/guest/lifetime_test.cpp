// SPDX-License-Identifier: GPL-2.0
/* Files and mappings end in every order, and several at once. scripts/vm --check-dmesg reads the
 * kernel's log. */
#include <atomic>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

class lifetime : public testing::TestWithParam<side>
{
protected:
	static perf_event_attr running()
	{
		perf_event_attr attr = clock_attr(100'000);
		attr.disabled = 0;
		return attr;
	}
	unique_fd open_running(int cpu = 0)
	{
		return must_open(GetParam(), running(), target::every_process(cpu));
	}
	/* All of @deeds at the same moment, @turns times. */
	static void together(int turns, const std::function<void(int)> &before,
			     const std::vector<std::function<void()>> &deeds,
			     const std::function<void()> &after = {})
	{
		for (int turn = 0; turn < turns; turn++) {
			before(turn);
			std::atomic<size_t> arrived = 0;
			std::vector<std::thread> threads;
			for (const auto &deed : deeds)
				threads.emplace_back([&] {
					arrived++;
					while (arrived < deeds.size())
						std::this_thread::yield();
					deed();
				});
			for (std::thread &t : threads)
				t.join();
			if (after)
				after();
		}
	}
};

TEST_P(lifetime, killing_a_process_that_maps_a_ring_frees_the_ring)
{
	for (int turn = 0; turn < 20; turn++) {
		gate ready;
		child process([&] {
			unique_fd fd = open_running(turn % 2);
			mapping m(fd.get(), 8);
			ready.open();
			for (;;)
				m.page()->data_tail = m.page()->data_head;
			return 0;
		});
		ready.wait();
		pause_for(std::chrono::milliseconds(turn % 4));
		process.kill(SIGKILL);
		EXPECT_EQ(process.wait().signal, SIGKILL);
	}
}

TEST_P(lifetime, an_exec_of_a_process_that_maps_a_ring_frees_the_ring)
{
	const outcome done = run_in_child([&] {
		/* Without O_CLOEXEC the file stays, the mapping does not. */
		unique_fd fd = open_running();
		unique_fd copy(dup(fd.get()));
		mapping m(fd.get(), 8);
		execl("/proc/self/exe", "device_test", "--perf-only", "--gtest_filter=nothing",
		      nullptr);
		return 1;
	});
	EXPECT_TRUE(done.clean());
}

TEST_P(lifetime, closing_two_duplicated_fds_concurrently_frees_the_file_once)
{
	int fds[2] = {};
	together(200,
		 [&](int turn) {
			 unique_fd fd = open_running(turn % 2);
			 fds[0] = dup(fd.get());
			 fds[1] = dup(fd.get());
		 },
		 {[&] { close(fds[0]); }, [&] { close(fds[1]); }});
}

TEST_P(lifetime, a_mapping_and_its_file_can_end_concurrently)
{
	unique_fd fd;
	std::unique_ptr<mapping> map;
	together(200,
		 [&](int turn) {
			 fd = open_running(turn % 2);
			 map = std::make_unique<mapping>(fd.get(), 4);
		 },
		 {[&] { map.reset(); }, [&] { fd.reset(); }});
}

TEST_P(lifetime, two_mappings_can_end_while_a_third_begins)
{
	unique_fd fd;
	std::unique_ptr<mapping> first, second;
	std::atomic<int> odd = 0;
	together(200,
		 [&](int turn) {
			 fd = open_running(turn % 2);
			 first = std::make_unique<mapping>(fd.get(), 4);
			 second = std::make_unique<mapping>(fd.get(), 4);
		 },
		 {[&] { first.reset(); }, [&] { second.reset(); },
		  [&] { odd += map_error(fd.get(), 5 * page_size()) != 0; }});
	EXPECT_EQ(odd, 0) << "a mapping of the same size failed";
}

TEST_P(lifetime, mappings_of_two_sizes_that_race_give_one_ring)
{
	unique_fd fd = open_running();
	std::atomic<int> wrong = 0;
	auto map = [&](size_t pages) {
		for (int i = 0; i < 10; i++) {
			const int error = map_error(fd.get(), (1 + pages) * page_size());
			wrong += error && error != EINVAL;
		}
	};
	together(10, [](int) {}, {[&] { map(4); }, [&] { map(8); }});
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(map_error(fd.get(), 2 * page_size()), 0);
}

TEST_P(lifetime, a_redirection_and_its_target_can_end_concurrently)
{
	unique_fd to, from;
	std::unique_ptr<mapping> map;
	together(200,
		 [&](int turn) {
			 to = open_running(turn % 2);
			 from = open_running(turn % 2);
			 map = std::make_unique<mapping>(to.get(), 4);
		 },
		 {[&] { ioctl_error(from.get(), PERF_EVENT_IOC_SET_OUTPUT, to.get()); },
		  [&] { map.reset(); }});
}

TEST_P(lifetime, two_files_can_be_redirected_into_each_other_concurrently)
{
	unique_fd a = open_running(), b = open_running();
	together(200, [](int) {},
		 {[&] { ioctl_error(a.get(), PERF_EVENT_IOC_SET_OUTPUT, b.get()); },
		  [&] { ioctl_error(b.get(), PERF_EVENT_IOC_SET_OUTPUT, a.get()); }});
}

TEST_P(lifetime, requests_can_run_while_the_file_is_closed)
{
	unique_fd fd;
	together(
		100, [&](int turn) { fd = open_running(turn % 2); },
		{[&] {
			 /* A copy, or the number could be another file's. */
			 const int copy = dup(fd.get());
			 ioctl_error(copy, PERF_EVENT_IOC_DISABLE);
			 ioctl_error(copy, PERF_EVENT_IOC_ENABLE);
			 close(copy);
		 },
		 [&] {
			 const int copy = dup(fd.get());
			 ioctl_error(copy, PERF_EVENT_IOC_REFRESH, 3);
			 ioctl_error(copy, PERF_EVENT_IOC_RESET);
			 close(copy);
		 }},
		[&] { fd.reset(); });
}

TEST_P(lifetime, a_task_can_end_while_an_event_on_it_opens)
{
	for (int turn = 0; turn < 100; turn++) {
		child process([] { return 0; });
		const perf_event_attr attr = running();
		const int fd = open_event(GetParam(), &attr, target::thread(process.pid()));
		EXPECT_TRUE(fd >= 0 || fd == -ESRCH) << errno_name(-fd);
		unique_fd owner(fd >= 0 ? fd : -1);
		process.wait();
		if (fd >= 0)
			read_value(fd);
	}
}

TEST_P(lifetime, each_record_of_an_inherited_family_that_comes_and_goes_is_whole)
{
	gate go;
	child parent([&] {
		go.wait();
		for (int i = 0; i < 100; i++) {
			std::thread other([] {});
			if (!run_in_child([] { return 0; }).clean())
				return 1;
			other.join();
		}
		return 0;
	});
	perf_event_attr attr = running();
	attr.inherit = attr.task = attr.comm = 1;
	session s(GetParam(), attr, parent.pid(), 256);
	go.open();
	/* Opened and closed underneath as well. */
	for (int i = 0; i < 50; i++)
		unique_fd(open_event(GetParam(), &attr, target::thread(parent.pid(), i % 2)));
	s.collect();
	EXPECT_TRUE(parent.wait().clean());
	EXPECT_NO_THROW(s.collect());
}

TEST_P(lifetime, a_file_works_after_the_process_that_mapped_it_first_has_ended)
{
	/* The child opens and hands over; the file goes on. */
	spinner busy(0);
	unique_fd fd = open_running();
	EXPECT_TRUE(run_in_child([&] {
			    mapping m(fd.get(), 4);
			    return 0;
		    }).clean());
	ring buffer(fd.get(), 8);
	EXPECT_TRUE(eventually([&] { return buffer.unread() > 0; }));
}

INSTANTIATE_TEST_SUITE_P(on, lifetime, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
