// SPDX-License-Identifier: GPL-2.0
/*
 * Tests that the requests of a file concern its own event: no other event loses a record, and no
 * other processor is interrupted. And a program that its user may not look into takes its task out
 * of every event. docs/control-plane.md
 */
#include <atomic>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/registers.hpp"
#include "support/rights.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

/* The interrupts by which processors ask each other to run a function, of all processors. */
uint64_t function_call_interrupts()
{
	std::ifstream file("/proc/interrupts");
	std::string line;
	while (std::getline(file, line)) {
		/* x86 calls the line CAL, arm64 numbers them. */
		if (line.find("Function call interrupts") == std::string::npos)
			continue;
		std::istringstream words(line);
		std::string name;
		words >> name;
		uint64_t all = 0, count;
		while (words >> count)
			all += count;
		return all;
	}
	throw std::runtime_error("/proc/interrupts has no function call interrupts");
}

perf_event_attr page_faults()
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_ADDR;
	attr.read_format = PERFBUF_FORMAT_LOST_CAUSES;
	attr.disabled = 1;
	return attr;
}

void fault_pages(char *pages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pages[i * page_size()] = 1;
	madvise(pages, count * page_size(), MADV_DONTNEED);
}

/* The pending loss of an own event is reported again and again, beside @deed. */
class loss_reporter
{
public:
	loss_reporter()
	{
		perf_event_attr attr = clock_attr(20'000);
		attr.read_format = PERF_FORMAT_LOST;
		thread_ = std::thread([this, attr] {
			spinner busy;
			recorder own(side::clock, attr, target::thread(busy.tid()), 1);
			enable(own.fd.get());
			while (!stop_) {
				/* Full, then space for the report. */
				pollfd polled = {own.fd.get(), POLLIN, 0};
				if (own.buffer.unread() > own.buffer.data_bytes() / 2)
					own.buffer.drain();
				poll(&polled, 1, 0);
				read_value(own.fd.get());
				reports_++;
			}
		});
	}
	~loss_reporter()
	{
		stop_ = true;
		thread_.join();
	}
	size_t reports() const { return reports_; }

private:
	std::atomic<bool> stop_ = false;
	std::atomic<size_t> reports_ = 0;
	std::thread thread_;
};

TEST(private_stop, reports_of_a_loss_take_no_record_from_an_event_of_another_task)
{
	std::atomic<pid_t> victim = 0;
	std::jthread task([&](std::stop_token stop) {
		constexpr size_t count = 64;
		void *pages = mmap(nullptr, count * page_size(), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		victim = current_tid();
		while (!stop.stop_requested())
			fault_pages(static_cast<char *>(pages), count);
		munmap(pages, count * page_size());
	});
	ASSERT_TRUE(eventually([&] { return victim != 0; }));

	const perf_event_attr attr = page_faults();
	unique_fd fd = must_open_pmu(side::clock, attr, target::thread(victim));
	ring buffer(fd.get(), 512);
	size_t records = 0;
	enable(fd.get());
	{
		loss_reporter beside;
		EXPECT_TRUE(eventually([&] {
			records += buffer.drain().size();
			return records > 5'000 && beside.reports() > 200;
		}));
	}
	disable(fd.get());
	/* A slow reader causes a full ring; no reader causes the other losses. */
	uint64_t words[2 + PERFBUF_LOST_CAUSES] = {};
	EXPECT_EQ(read(fd.get(), words, sizeof(words)), static_cast<ssize_t>(sizeof(words)));
	EXPECT_EQ(words[2 + PERFBUF_LOST_RECURSION], 0u) << "of " << records << " records";
	task.request_stop();
	task.join();
}

/* How many function call interrupts @deed makes; the least of some tries, for others make some. */
uint64_t interrupts_of(const std::function<void()> &deed)
{
	uint64_t least = ~0ULL;
	for (int turn = 0; turn < 3; turn++) {
		const uint64_t before = function_call_interrupts();
		deed();
		least = std::min(least, function_call_interrupts() - before);
	}
	return least;
}

class private_stop_of : public testing::TestWithParam<side>
{
};

TEST_P(private_stop_of, enable_and_disable_of_a_task_that_sleeps_interrupts_no_cpu)
{
	constexpr int calls = 500;
	child asleep([] {
		for (;;)
			pause();
		return 0;
	});
	unique_fd fd = must_open(GetParam(), clock_attr(), target::thread(asleep.pid()));
	const uint64_t seen = interrupts_of([&] {
		for (int i = 0; i < calls; i++) {
			enable(fd.get());
			disable(fd.get());
		}
	});
	/* perf asks the CPU that the task ran on last. */
	if (GetParam() == side::clock)
		EXPECT_LT(seen, calls / 10u);
	else
		EXPECT_LT(seen, 2u * calls + calls / 10u);
}

TEST_P(private_stop_of, enable_and_disable_of_a_task_that_runs_interrupts_its_cpu_alone)
{
	constexpr int calls = 500;
	const outcome done = run_in_child([&] {
		pin_to(0);
		spinner busy(1);
		unique_fd fd = must_open(GetParam(), clock_attr(), target::thread(busy.tid()));
		const uint64_t seen = interrupts_of([&] {
			for (int i = 0; i < calls; i++) {
				enable(fd.get());
				disable(fd.get());
			}
		});
		/* One for each call, on one of the CPUs. */
		if (seen >= 2u * calls + calls / 10u)
			fprintf(stderr, "%llu interrupts\n", static_cast<unsigned long long>(seen));
		return seen >= 2u * calls + calls / 10u;
	});
	EXPECT_TRUE(done.clean());
}

/* The records of a task that moves while another reports its losses are whole: drain() throws. */
TEST_P(private_stop_of, report_of_a_loss_while_the_task_moves_leaves_every_record_whole)
{
	std::atomic<pid_t> mover = 0;
	std::jthread task([&](std::stop_token stop) {
		mover = current_tid();
		for (int cpu = 0; !stop.stop_requested(); cpu ^= 1) {
			pin_to(cpu);
			std::this_thread::sleep_for(std::chrono::microseconds(200));
		}
	});
	ASSERT_TRUE(eventually([&] { return mover != 0; }));
	perf_event_attr attr = clock_attr(20'000);
	attr.read_format = PERF_FORMAT_LOST;
	attr.comm = attr.task = attr.mmap = 1;
	recorder r(GetParam(), attr, target::thread(mover), 1);
	enable(r.fd.get());
	size_t records = 0;
	EXPECT_TRUE(eventually([&] {
		for (int i = 0; i < 20; i++) {
			pollfd polled = {r.fd.get(), POLLIN, 0};
			poll(&polled, 1, 0);
			read_value(r.fd.get(), 1);
		}
		const std::vector<record> got = r.buffer.drain();
		records += got.size();
		return records > 300;
	}));
	task.request_stop();
	task.join();
}

INSTANTIATE_TEST_SUITE_P(on, private_stop_of, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* ---------------------------------------------------------------- secure exec */

/* A copy of this program, with @mode and of root. */
std::string program_with_mode(mode_t mode)
{
	const std::string path = scratch() + "/secured_" + std::to_string(mode);
	std::ifstream from("/proc/self/exe", std::ios::binary);
	std::ofstream to(path, std::ios::binary | std::ios::trunc);
	to << from.rdbuf();
	to.close();
	if (chown(path.c_str(), 0, 0) || chmod(path.c_str(), mode))
		fail_errno("chmod", errno);
	/* Its folder is one that a user may look for it in. */
	chmod(scratch().c_str(), 0755);
	return path;
}

class secure_exec : public testing::TestWithParam<side>
{
protected:
	/* An unprivileged task that executes @path on request, and is busy from then on. */
	child user_that_executes(const std::string &path, int cpu = -1)
	{
		return child([this, path, cpu] {
			if (cpu >= 0)
				pin_to(cpu);
			become_nobody();
			ready_.open();
			go_.wait();
			execl(path.c_str(), "secured", spin_argument, nullptr);
			return 1;
		});
	}

	static perf_event_attr everything()
	{
		perf_event_attr attr = clock_attr(200'000);
		attr.sample_type |= PERF_SAMPLE_STACK_USER | PERF_SAMPLE_REGS_USER;
		attr.sample_stack_user = 512;
		attr.sample_regs_user = 1ULL << reg_ip;
		attr.comm = attr.mmap = attr.mmap2 = attr.task = 1;
		return attr;
	}

	static bool is_hung_up(int fd)
	{
		pollfd polled = {fd, POLLIN, 0};
		return poll(&polled, 1, 0) == 1 && polled.revents & POLLHUP;
	}

	static bool runs_program(pid_t pid, const std::string &path)
	{
		char link[4096];
		const std::string of = "/proc/" + std::to_string(pid) + "/exe";
		const ssize_t bytes = readlink(of.c_str(), link, sizeof(link));
		return bytes > 0 && std::string(link, static_cast<size_t>(bytes)) == path;
	}

	/* Nothing of the program that @process executes is in an event of root on that process. */
	void expect_nothing_of(const std::string &path, bool inherit, int cpu)
	{
		child process = user_that_executes(path, cpu);
		ready_.wait();
		perf_event_attr attr = everything();
		attr.inherit = inherit;
		recorder r(GetParam(), attr, target::thread(process.pid(), cpu), 256);
		enable(r.fd.get());
		go_.open();
		EXPECT_TRUE(eventually([&] { return runs_program(process.pid(), path); }));
		EXPECT_TRUE(eventually([&] { return is_hung_up(r.fd.get()); }));
		pause_for(std::chrono::milliseconds(50));

		bool executed = false;
		for (const record &record : r.buffer.drain()) {
			if (record.header.type == PERF_RECORD_COMM)
				executed = executed || parse_comm(record, attr).exec;
			else if (executed && record.header.type == PERF_RECORD_MMAP2)
				ADD_FAILURE()
					<< "a mapping of " << parse_map(record, attr).filename;
			else if (executed && record.header.type == PERF_RECORD_SAMPLE)
				EXPECT_TRUE(parse_sample(record, attr).kernel())
					<< "a sample of the program";
		}
		EXPECT_TRUE(executed) << "the name of the program is the last that is reported";
	}

	gate ready_, go_;
};

TEST_P(secure_exec, setuid_program_ends_the_event_of_its_task)
{
	expect_nothing_of(program_with_mode(04755), false, -1);
}

TEST_P(secure_exec, setuid_program_ends_the_event_of_its_task_on_one_cpu)
{
	expect_nothing_of(program_with_mode(04755), true, online_cpus().back());
}

TEST_P(secure_exec, unreadable_program_ends_the_event_of_its_task)
{
	expect_nothing_of(program_with_mode(0711), false, -1);
}

TEST_P(secure_exec, readable_program_of_the_same_user_goes_on_being_sampled)
{
	const std::string path = program_with_mode(0755);
	child process = user_that_executes(path);
	ready_.wait();
	recorder r(GetParam(), everything(), target::thread(process.pid()), 256);
	enable(r.fd.get());
	go_.open();
	ASSERT_TRUE(eventually([&] { return runs_program(process.pid(), path); }));
	r.buffer.drain();
	EXPECT_NO_THROW(r.sample_until(20));
	EXPECT_FALSE(is_hung_up(r.fd.get()));
}

INSTANTIATE_TEST_SUITE_P(on, secure_exec, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
