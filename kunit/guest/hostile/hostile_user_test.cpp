// SPDX-License-Identifier: GPL-2.0
/*
 * Users without rights who attack through a node that they may open, beside a reader of root's
 * and a writer: docs/security.md. What they may get at, and what they may not spoil.
 */
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/mapping.hpp"
#include "support/parameter.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"
#include "support/session.hpp"
#include "support/user.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uid_t mallory = 1001;

int code_of(const std::function<int()> &body)
{
	const outcome done = run_in_child(body);
	return done.signal ? 200 + done.signal : done.code;
}

int answer(const perf_event_attr &attr, const target &observed)
{
	unique_fd fd = open_message();
	return configure(fd.get(), &attr, observed);
}

class hostile_user : public testing::Test
{
protected:
	node_for_everybody open_to_all;
};

/* ---------------------------------------------------------------- what it gets at */

TEST_F(hostile_user, a_user_without_rights_is_refused_every_field_about_the_kernel_or_a_task)
{
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  for (uint64_t field : std::initializer_list<uint64_t>{
				       PERF_SAMPLE_IP, PERF_SAMPLE_ADDR, PERF_SAMPLE_CALLCHAIN,
				       PERF_SAMPLE_REGS_USER, PERF_SAMPLE_STACK_USER}) {
				  perf_event_attr attr = message_attr();
				  attr.sample_type |= field;
				  attr.sample_regs_user = 1;
				  attr.sample_stack_user = 64;
				  for (const target &observed :
				       {target::every_process(0), target::thread(0)})
					  if (answer(attr, observed) != EACCES)
						  return 1;
			  }
			  perf_event_attr attr = message_attr();
			  attr.mmap = 1;
			  if (answer(attr, target::thread(0)) != EACCES)
				  return 2;
			  attr = message_attr();
			  attr.mmap2 = 1;
			  return answer(attr, target::thread(0)) == EACCES ? 0 : 3;
		  }),
		  0);
}

TEST_F(hostile_user, a_user_without_rights_gets_its_own_count_in_samples_and_no_group)
{
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  perf_event_attr attr = message_attr();
			  attr.sample_type |= PERF_SAMPLE_READ;
			  if (answer(attr, target::every_process(0)) != 0)
				  return 1;
			  attr.read_format = PERF_FORMAT_GROUP;
			  return answer(attr, target::every_process(0)) == EACCES ? 0 : 2;
		  }),
		  0);
}

TEST_F(hostile_user, a_user_without_rights_follows_no_task_but_its_own)
{
	child victim([] { return pause(); });
	EXPECT_EQ(code_of([&] {
			  become_user(mallory);
			  const perf_event_attr attr = message_attr();
			  for (pid_t pid : {pid_t{1}, victim.pid(), getppid(), getpid()})
				  if (answer(attr, target::thread(pid)) != EACCES)
					  return 1;
			  return answer(attr, target::thread(0));
		  }),
		  0);
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  perf_event_attr attr = message_attr();
			  attr.task = attr.comm = 1;
			  if (answer(attr, target::every_process(0)) != EACCES)
				  return 1;
			  return answer(attr, target::thread(0));
		  }),
		  0)
		<< "forks and names of all tasks, and of the own";
}

TEST_F(hostile_user, a_user_without_rights_opens_no_node_for_tracers_whatever_its_mode)
{
	for (const char *node : {"/dev/perfbuf/clock", "/dev/perfbuf/pmu", "/dev/perfbuf/ftrace",
				 "/dev/perfbuf/functrace"}) {
		ASSERT_EQ(chmod(node, 0666), 0);
		EXPECT_EQ(code_of([&] {
				  become_user(mallory);
				  return open(node, O_RDWR) < 0 ? errno : 0;
			  }),
			  EACCES)
			<< node;
		EXPECT_EQ(chmod(node, 0600), 0);
	}
}

TEST_F(hostile_user, a_user_with_a_write_only_node_reads_nothing)
{
	ASSERT_EQ(chmod(open_node, 0222), 0);
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  if (open(open_node, O_RDWR) != -1 || errno != EACCES)
				  return 1;
			  unique_fd fd = open_message(O_WRONLY | O_CLOEXEC);
			  perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT,
						  .size = sizeof(attr)};
			  if (configure(fd.get(), &attr, target::every_process(0)) != EBADF)
				  return 2;
			  if (map_error(fd.get(), 9 * page_size(), PROT_READ) != EACCES)
				  return 3;
			  return write(fd.get(), "x", 1) == 1 ? 0 : 4;
		  }),
		  0);
}

/* uid 0 and every capability there: none of it counts here. */
TEST_F(hostile_user, root_of_a_user_namespace_has_no_more_rights_or_limits)
{
	parameter most("user_events_max", "4");
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  /* Unmapped ids would be the overflow uid; the capabilities are there. */
			  prctl(PR_SET_DUMPABLE, 1);
			  if (unshare(CLONE_NEWUSER) ||
			      write_file("/proc/self/setgroups", "deny") ||
			      write_file("/proc/self/uid_map",
					 "0 " + std::to_string(mallory) + " 1") ||
			      getuid())
				  return 1;
			  if (open("/dev/perfbuf/clock", O_RDWR) != -1 || errno != EACCES)
				  return 2;
			  perf_event_attr attr = message_attr();
			  attr.sample_type |= PERF_SAMPLE_IP;
			  if (answer(attr, target::every_process(0)) != EACCES)
				  return 3;
			  attr = message_attr();
			  std::vector<unique_fd> files;
			  for (int i = 0; i < 5; i++) {
				  files.push_back(open_message());
				  const int error = configure(files.back().get(), &attr,
							      target::every_process(0));
				  if (error != (i < 4 ? 0 : EMFILE))
					  return 4;
			  }
			  unique_fd rates(
				  open((std::string(open_node_class) + "rates").c_str(), O_RDONLY));
			  char text[64];
			  return read(rates.get(), text, sizeof(text)) == -1 && errno == EPERM ? 0
											       : 5;
		  }),
		  0);
}

/* A file has the rights of its opener, as with perf: root gives it away at root's risk. */
TEST_F(hostile_user, a_file_that_is_passed_to_a_user_keeps_the_rights_of_its_opener)
{
	unique_fd given = message_event();
	EXPECT_EQ(code_of([&] {
			  become_user(mallory);
			  mapping m(given.get(), 8);
			  enable(given.get());
			  unique_fd second = open_message();
			  const perf_event_attr attr = message_attr();
			  return configure(second.get(), &attr, target::every_process(0));
		  }),
		  0);
	unique_fd bare = open_message();
	EXPECT_EQ(code_of([&] {
			  become_user(mallory);
			  perf_event_attr attr = message_attr();
			  attr.sample_type |= PERF_SAMPLE_IP;
			  return configure(bare.get(), &attr, target::every_process(0));
		  }),
		  0);
}

/* Calls of functions on other CPUs since boot. */
uint64_t calls_on_cpus()
{
	std::ifstream file("/proc/interrupts");
	for (std::string line; std::getline(file, line);) {
		std::istringstream words(line);
		std::string name;
		uint64_t sum = 0, count;
		if (!(words >> name) || name != "CAL:")
			continue;
		while (words >> count)
			sum += count;
		return sum;
	}
	return 0;
}

/* They share an answer: what they cost the others does not depend on how many there are. */
TEST_F(hostile_user, requesting_fences_without_end_does_not_interrupt_every_cpu_for_each)
{
	constexpr uint64_t requests = 5000;
	const uint64_t before = calls_on_cpus();
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  unique_fd fd = open_message();
			  const perf_event_attr attr = message_attr();
			  if (configure(fd.get(), &attr, target::thread(0)))
				  return 1;
			  for (uint64_t i = 0, time; i < requests; i++)
				  if (ioctl(fd.get(), PERFBUF_IOC_FENCE, &time))
					  return 2;
			  return 0;
		  }),
		  0);
	EXPECT_LT(calls_on_cpus() - before, requests / 2);
}

/*
 * The kernel's code is patched for the first event and after the last, which interrupts every CPU.
 * Against what one first event costs: within a second nothing is patched again.
 */
TEST_F(hostile_user, opening_and_closing_events_without_end_does_not_interrupt_every_cpu_for_each)
{
	constexpr uint64_t opens = 300;
	const auto calls_of = [](uint64_t times) {
		const uint64_t before = calls_on_cpus();
		EXPECT_EQ(code_of([=] {
				  become_user(mallory);
				  for (uint64_t i = 0; i < times; i++)
					  message_event(target::thread(0));
				  return 0;
			  }),
			  0);
		return calls_on_cpus() - before;
	};
	/* Until the hooks of the tests before have gone. */
	pause_for(std::chrono::milliseconds(2500));
	const uint64_t first = calls_of(1);
	EXPECT_GT(first, 0u);
	EXPECT_LT(calls_of(opens), opens * first / 4);
}

/* A kernel with lockdep warns where the rule of limits.md is broken. */
TEST_F(hostile_user, allocations_of_a_user_are_charged_under_no_lock_of_others)
{
	constexpr unsigned long warned = 1 << 9;
	const auto taint = [] { return std::stoul(read_file("/proc/sys/kernel/tainted")); };
	const unsigned long before = taint();
	EXPECT_EQ(code_of([] {
			  become_user(mallory);
			  unique_fd fd = message_event(target::thread(0));
			  mapping ring(fd.get(), 8);
			  char text[] = "common_pid == 1";
			  perfbuf_filter_check check = {};
			  check.text = reinterpret_cast<uintptr_t>(text);
			  if (ioctl(fd.get(), PERFBUF_IOC_CHECK_FILTER, &check) || check.error)
				  return 1;
			  return ioctl(fd.get(), PERF_EVENT_IOC_SET_FILTER, text) ? 2 : 0;
		  }),
		  0);
	EXPECT_EQ(taint() & warned, before & warned) << "see the kernel's log";
}

/* ---------------------------------------------------------------- what it spoils */

/* Does its worst until it is killed. */
child attacker(const std::function<void()> &deed)
{
	gate begun;
	child made([&] {
		become_user(mallory);
		try {
			for (int i = 0;; i++) {
				deed();
				if (i == 3)
					begun.open();
			}
		} catch (const std::exception &failed) {
			fprintf(stderr, "the attacker: %s\n", failed.what());
			begun.open();
		}
		return 1;
	});
	begun.wait();
	return made;
}

class hostile_to_root : public hostile_user
{
protected:
	/*
	 * Root writes and reads, and accounts for each record: what it reads is what it wrote, in
	 * order, and nothing is lost.
	 */
	void expect_each_record()
	{
		pin_to(0);
		unique_fd fd = message_event(target::every_process(0));
		ring buffer(fd.get(), 64);
		enable(fd.get());
		unique_fd writer = open_message(O_WRONLY | O_CLOEXEC);
		const perf_event_attr attr = message_attr();
		const pid_t own = current_tid();
		uint64_t written = 0, next = 0, strange = 0;
		std::vector<record> records;
		for (int turn = 0; turn < 200; turn++) {
			for (int i = 0; i < 50; i++, written++)
				ASSERT_EQ(write(writer.get(), &written, sizeof(written)),
					  static_cast<ssize_t>(sizeof(written)));
			records.clear();
			buffer.drain(records);
			EXPECT_EQ(lost_in(records), 0u);
			for (const sample &sample : samples_in(records, attr)) {
				if (*sample.tid != own) {
					strange++;
					continue;
				}
				uint64_t number;
				ASSERT_GE(sample.raw->size(), 20u);
				memcpy(&number, &sample.raw->at(12), sizeof(number));
				EXPECT_EQ(number, next);
				next = number + 1;
			}
		}
		EXPECT_EQ(next, written) << strange << " of others between them";
	}

	/* It was at it to the end. */
	void expect_at_work(const child &attacking)
	{
		siginfo_t none = {};
		EXPECT_EQ(waitid(P_PID, static_cast<id_t>(attacking.pid()), &none,
				 WEXITED | WNOHANG | WNOWAIT),
			  0);
		EXPECT_EQ(none.si_pid, 0);
	}

	cpu_set_t before_;
	void SetUp() override { sched_getaffinity(0, sizeof(before_), &before_); }
	void TearDown() override { sched_setaffinity(0, sizeof(before_), &before_); }
};

TEST_F(hostile_to_root, opening_configuring_mapping_and_closing_all_the_time_costs_no_record)
{
	child child = attacker([] {
		unique_fd fd = message_event(target::every_process(0));
		mapping m(fd.get(), 8);
		enable(fd.get());
		read_value(fd.get());
		disable(fd.get());
	});
	expect_each_record();
	expect_at_work(child);
}

TEST_F(hostile_to_root, events_of_its_own_on_any_cpu_read_all_the_time_cost_no_record)
{
	std::vector<unique_fd> files;
	child child = attacker([&] {
		/* As many as one user may have of one event. */
		while (files.size() < 32) {
			files.push_back(message_event(target::thread(0)));
			enable(files.back().get());
		}
		for (const unique_fd &each : files)
			read_value(each.get());
	});
	expect_each_record();
	expect_at_work(child);
}

TEST_F(hostile_to_root, a_scribbled_page_0_of_its_own_ring_costs_no_record)
{
	child child = attacker([] {
		static unique_fd fd = message_event(target::every_process(0));
		static mapping m(fd.get(), 1);
		static uint64_t random = 1;
		enable(fd.get());
		auto *words = reinterpret_cast<volatile uint64_t *>(m.base());
		for (size_t i = 0; i < page_size() / 8; i++)
			words[i] = random = random * 6364136223846793005 + 1442695040888963407;
	});
	expect_each_record();
	expect_at_work(child);
}

TEST_F(hostile_to_root, filters_and_redirections_all_the_time_cost_no_record)
{
	child child = attacker([] {
		static unique_fd to = message_event(target::every_process(0));
		static mapping m(to.get(), 8);
		unique_fd fd = message_event(target::every_process(0));
		enable(fd.get());
		ioctl_error(fd.get(), PERF_EVENT_IOC_SET_OUTPUT,
			    static_cast<unsigned long>(to.get()));
		ioctl_error(fd.get(), PERF_EVENT_IOC_SET_FILTER, "common_pid == 1");
	});
	expect_each_record();
	expect_at_work(child);
}

TEST_F(hostile_to_root, all_that_a_user_may_have_leaves_root_what_it_needs)
{
	parameter total("total_pages_max", "4000");
	parameter free("mlock_kb", "1000000");
	gate full;
	child child([&] {
		become_user(mallory);
		std::vector<unique_fd> files;
		std::vector<mapping> rings;
		for (;;) {
			files.push_back(message_event(target::every_process(0)));
			if (map_error(files.back().get(), 33 * page_size()))
				break;
			rings.emplace_back(files.back().get(), 32);
		}
		full.open();
		for (;;)
			pause();
		return 0;
	});
	full.wait();
	expect_each_record();
	spinner busy(0);
	recorder samples(side::clock, clock_attr(), target::every_process(0), 512);
	EXPECT_NO_THROW(samples.sample_until(20));
}

TEST_F(hostile_to_root, a_stopped_reader_of_its_own_costs_no_record)
{
	gate ready;
	child child([&] {
		become_user(mallory);
		unique_fd fd = message_event(target::every_process(0));
		mapping m(fd.get(), 1);
		enable(fd.get());
		ready.open();
		for (;;)
			pause();
		return 0;
	});
	ready.wait();
	expect_each_record();
	expect_at_work(child);
}

} /* namespace */
