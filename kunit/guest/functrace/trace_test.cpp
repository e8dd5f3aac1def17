// SPDX-License-Identifier: GPL-2.0
/* The trace of functrace, held against the calls that were made and the kernel's own function
 * tracer.
 */
#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <perfbuf/functrace.hpp>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "functrace/file.hpp"

using namespace device_test;
using perfbuf::reader::functrace::kind;

namespace
{

TEST(functrace, each_call_on_one_processor_is_recorded_once)
{
	pin_to(0);
	functrace_file file("vfs_read,vfs_write");
	enable(file.fd.get());
	read_zero(300);
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();
	const std::vector<traced> calls = calls_in(items);
	const std::vector<traced> mine = of_this_thread(calls);
	std::map<std::string, unsigned> seen;

	for (const std::string &name : names_of(mine))
		seen[name]++;
	EXPECT_EQ(seen, (std::map<std::string, unsigned>{{"vfs_read", 300}, {"vfs_write", 100}}));
	EXPECT_EQ(lost_calls(items), 0u);
	EXPECT_EQ(calls.size(), read_value(file.fd.get()));
	EXPECT_EQ(items.back().type, kind::end);
	EXPECT_EQ(file.starts, 1u);
	for (size_t i = 1; i < calls.size(); i++)
		ASSERT_LE(calls[i - 1].time, calls[i].time);
	for (const traced &item : mine) {
		EXPECT_EQ(item.cpu, 0u);
		EXPECT_EQ(item.pid, static_cast<uint32_t>(getpid()));
		EXPECT_EQ(item.comm, "perfbuf_functra");
	}
}

uint64_t monotonic_ns()
{
	timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

/* With the fast path of a call, and with a clock that has every call take the slow one. */
TEST(functrace, an_area_that_is_gone_around_has_every_call)
{
	pin_to(0);
	for (bool own_clock : {false, true}) {
		perf_event_attr attr = functrace_attr();
		attr.use_clockid = own_clock;
		attr.clockid = own_clock ? CLOCK_MONOTONIC : 0;
		functrace_file file("vfs_read,vfs_write", target::every_process(0), 2, rw, attr);
		const uint64_t before = monotonic_ns();
		enable(file.fd.get());
		for (int i = 0; i < 100; i++) {
			read_zero(300);
			file.consume();
		}
		disable(file.fd.get());
		const std::vector<traced> items = file.finish();
		const uint64_t after = monotonic_ns();
		const std::vector<traced> calls = calls_in(items);

		EXPECT_EQ(of_this_thread(calls).size(), 100u * 400);
		EXPECT_GT(file.announced_to, 4 * file.aux->bytes());
		EXPECT_EQ(lost_calls(items), 0u);
		EXPECT_EQ(calls.size(), read_value(file.fd.get()));
		for (size_t i = 1; i < calls.size(); i++)
			ASSERT_LE(calls[i - 1].time, calls[i].time);
		if (own_clock) {
			EXPECT_LE(before, calls.front().time);
			EXPECT_LE(calls.back().time, after);
		}
	}
}

/* A tick of a microsecond: what follows as before is a byte, or two where a call comes late. */
TEST(functrace, a_loop_of_calls_takes_two_bytes_each_at_most_but_for_syncs)
{
	pin_to(0);
	functrace_file file("vfs_read,vfs_write", target::every_process(0), 64, rw,
			    functrace_attr(10));
	enable(file.fd.get());
	read_zero(3000);
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();
	const size_t calls = calls_in(items).size();

	EXPECT_GE(calls, 4000u);
	EXPECT_EQ(calls, read_value(file.fd.get()));
	EXPECT_LT(file.stream.size(), calls * 5 / 2);
}

/* Of an area of up to 256 KiB; so a reader that begins anywhere loses no more. */
TEST(functrace, a_sync_comes_after_4096_bytes_of_calls_on_the_fast_path)
{
	constexpr size_t every = 4096, call_bytes_max = 84;
	constexpr uint8_t mark[] = {0x7f, 0x7f, 0x7f, 0x7f, 0x80};
	pin_to(0);
	functrace_file file("vfs_read", target::thread(0, 0), 64);
	enable(file.fd.get());
	read_zero(12000);
	disable(file.fd.get());
	EXPECT_EQ(of_this_thread(calls_in(file.finish())).size(), 12000u);

	size_t syncs = 0;
	auto at = file.stream.begin();
	for (;; syncs++) {
		const auto next = std::search(
			at + (syncs != 0), file.stream.end(), std::begin(mark), std::end(mark),
			[](std::byte a, uint8_t b) { return std::to_integer<uint8_t>(a) == b; });
		if (next == file.stream.end())
			break;
		ASSERT_LE(next - at, ptrdiff_t{every + call_bytes_max});
		at = next;
	}
	EXPECT_GE(syncs, file.stream.size() / (every + call_bytes_max));
}

/* The fast path compares all of the name: these differ in the last letter that is stored. */
TEST(functrace, a_thread_that_renames_itself_has_the_new_name_from_its_next_call_on)
{
	pin_to(0);
	functrace_file file("vfs_read", target::thread(0, 0));
	char before[16] = {};
	ASSERT_EQ(prctl(PR_GET_NAME, before), 0);
	unique_fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
	const auto read_one = [&] {
		char byte;
		ASSERT_EQ(read(zero.get(), &byte, 1), 1);
	};
	const char *const names[] = {"fifteen_lettersA", "fifteen_letters", "fifteen_letterB",
				     "fourteen_lett", "FOurteen_lett"};
	enable(file.fd.get());
	for (const char *name : names) {
		ASSERT_EQ(prctl(PR_SET_NAME, name), 0);
		for (int i = 0; i < 20; i++)
			read_one();
	}
	disable(file.fd.get());
	prctl(PR_SET_NAME, before);
	const std::vector<traced> mine = of_this_thread(calls_in(file.finish()));

	ASSERT_EQ(mine.size(), 100u);
	for (size_t i = 0; i < mine.size(); i++)
		EXPECT_EQ(mine[i].comm, std::string(names[i / 20]).substr(0, 15)) << i;
}

/* Reads on processor 0 for as long as it lives. */
class reading_thread
{
public:
	reading_thread()
		: thread_([this] {
			  pin_to(0);
			  while (!stop_)
				  read_zero(30);
		  })
	{
	}
	~reading_thread()
	{
		stop_ = true;
		thread_.join();
	}

private:
	std::atomic<bool> stop_ = false;
	std::thread thread_;
};

/* The kernel's own function tracer, of this thread alone. */
class kernels_tracer
{
public:
	explicit kernels_tracer(const std::string &filter)
	{
		if (mkdir(path_.c_str(), 0700))
			fail_errno(path_, errno);
		set("tracing_on", "0");
		set("set_ftrace_filter", filter);
		set("set_ftrace_pid", std::to_string(current_tid()));
		set("current_tracer", "function");
	}
	~kernels_tracer()
	{
		set("current_tracer", "nop");
		rmdir(path_.c_str());
	}
	void set(const std::string &file, const std::string &value)
	{
		std::ofstream to(path_ + "/" + file);
		if (!(to << value << std::flush))
			throw std::runtime_error(file + " does not take " + value);
	}
	std::vector<std::string> names() const
	{
		std::ifstream from(path_ + "/trace");
		std::vector<std::string> found;
		for (std::string line; std::getline(from, line);) {
			const size_t caller = line.find(" <-"), name = line.rfind(' ', caller - 1);
			if (line[0] != '#' && caller != std::string::npos)
				found.push_back(line.substr(name + 1, caller - name - 1));
		}
		return found;
	}

private:
	const std::string path_ = tracefs("instances/functrace_test");
};

TEST(functrace, the_trace_agrees_call_by_call_with_the_kernels_function_tracer)
{
	pin_to(0);
	functrace_file file("vfs_*", target::thread(0, 0), 256);
	kernels_tracer kernels("vfs_*");
	enable(file.fd.get());
	kernels.set("tracing_on", "1");
	for (int i = 0; i < 100; i++) {
		struct stat about;
		read_zero(i % 7);
		if (stat("/proc/self", &about))
			fail_errno("stat", errno);
		unique_fd fd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
		fstat(fd.get(), &about);
	}
	kernels.set("tracing_on", "0");
	disable(file.fd.get());

	const std::vector<std::string> theirs = kernels.names();
	const std::vector<traced> items = file.finish();
	const std::vector<std::string> ours = names_of(of_this_thread(calls_in(items)));

	EXPECT_EQ(lost_calls(items), 0u);
	EXPECT_GT(theirs.size(), 600u);
	/* Ours begins earlier and ends later. */
	const auto found = std::search(ours.begin(), ours.end(), theirs.begin(), theirs.end());
	EXPECT_NE(found, ours.end())
		<< ours.size() << " of ours, " << theirs.size() << " of theirs";
}

TEST(functrace, a_trace_of_one_thread_has_no_calls_of_another)
{
	functrace_file file("vfs_read", {});
	const reading_thread other;
	enable(file.fd.get());
	read_zero(500);
	disable(file.fd.get());
	const std::vector<traced> calls = calls_in(file.finish());

	EXPECT_EQ(calls.size(), 500u);
	EXPECT_EQ(read_value(file.fd.get()), 500u);
	EXPECT_EQ(of_this_thread(calls).size(), 500u);
}

TEST(functrace, a_full_area_turns_tracing_off_and_losses_are_reported)
{
	pin_to(0);
	functrace_file file("vfs_read", target::every_process(0), 1);
	for (int round = 0; round < 5; round++) {
		enable(file.fd.get());
		/* Far more than fits into a page. */
		read_zero(5000);
		const uint64_t counted = read_value(file.fd.get());
		read_zero(10);
		EXPECT_EQ(read_value(file.fd.get()), counted) << "it is off";
		EXPECT_GT(file.consume(), 3000u);
		EXPECT_TRUE(file.flags_seen & PERF_AUX_FLAG_TRUNCATED);
	}
	enable(file.fd.get());
	read_zero(10);
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();

	EXPECT_GT(lost_calls(items), 0u);
	EXPECT_EQ(calls_in(items).size() + lost_calls(items), read_value(file.fd.get()));
}

TEST(functrace, every_snapshot_decodes_from_its_first_sync)
{
	functrace_file file("vfs_*", target::every_process(0), 16, PROT_READ);
	const reading_thread busy;
	enable(file.fd.get());
	size_t calls = 0;
	for (int i = 0; i < 50; i++) {
		std::vector<std::byte> copy(file.aux->bytes());
		uint64_t head = 0;
		/* Something new in each, and all of the area in most. */
		ASSERT_TRUE(eventually([&] {
			const uint64_t now =
				__atomic_load_n(&file.buffer.page()->aux_head, __ATOMIC_ACQUIRE);
			return now > head + 8192 * (i % 3) && now ? (head = now) : 0;
		}));
		for (uint64_t at = 0; at < copy.size(); at++)
			copy[at] = static_cast<std::byte>(file.aux->base()[at]);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		/* The bytes that a transaction may have written beyond it by now. */
		const uint64_t later = file.buffer.page()->aux_head + 2 * 4096;
		const uint64_t from = later > copy.size() ? later - copy.size() : 0;
		if (from >= head)
			continue;
		std::vector<std::byte> stream;
		for (uint64_t at = from; at < head; at++)
			stream.push_back(copy[at % copy.size()]);
		calls += calls_in(decode(stream, true)).size();
	}
	EXPECT_GT(calls, 0u);
}

/* All functions of the kernel, those among them that we call to write it down. On a slow machine
 * more of them are called meanwhile, so the area is emptied again and again. */
TEST(functrace, every_call_is_written_or_reported_as_lost)
{
	pin_to(0);
	functrace_file file("", target::every_process(0), 4096);
	enable(file.fd.get());
	for (int i = 0; i < 20; i++) {
		read_zero(1);
		file.consume();
	}
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();
	const std::vector<traced> calls = calls_in(items);
	unsigned reads = 0;

	for (const std::string &name : names_of(of_this_thread(calls)))
		reads += name == "vfs_read";
	EXPECT_EQ(reads, 20u);
	EXPECT_EQ(calls.size() + lost_calls(items), read_value(file.fd.get()));
}

/* Of ours what closes a transaction for a reader asks that clock, which is then entered on top. */
TEST(functrace, a_trace_of_the_clocks_own_functions_reaches_the_reader)
{
	pin_to(0);
	perf_event_attr attr = functrace_attr();
	attr.use_clockid = 1;
	attr.clockid = CLOCK_REALTIME;
	functrace_file file("vfs_read,vfs_write,ktime_get_*", target::every_process(0), 64, rw,
			    attr);
	enable(file.fd.get());
	for (int i = 0; i < 20; i++) {
		read_zero(3);
		read_value(file.fd.get());
		file.consume();
	}
	/* Lost calls are reported before the next one that is written. */
	read_zero(1);
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();
	const std::vector<traced> calls = calls_in(items);

	EXPECT_GE(of_this_thread(calls).size(), 20u * 4);
	EXPECT_EQ(calls.size() + lost_calls(items), read_value(file.fd.get()));
}

TEST(functrace, a_filter_changes_while_it_runs)
{
	pin_to(0);
	functrace_file file("vfs_read", target::thread(0, 0));
	enable(file.fd.get());
	read_zero(30);
	must_filter(file.fd.get(), "vfs_write");
	EXPECT_EQ(set_filter(file.fd.get(), "no_such_function_there_is"), ENOENT);
	read_zero(30);
	disable(file.fd.get());
	std::map<std::string, unsigned> seen;
	for (const std::string &name : names_of(calls_in(file.finish())))
		seen[name]++;
	EXPECT_EQ(seen, (std::map<std::string, unsigned>{{"vfs_read", 30}, {"vfs_write", 10}}));
}

/* The guest's output goes through virtio_console, which is a module of Debian's kernels. */
TEST(functrace, a_filter_by_module_records_the_functions_of_that_module)
{
	std::ifstream modules("/proc/modules");
	std::string name, size, rest;
	while (modules >> name >> size && std::getline(modules, rest) && name != "virtio_console")
		;
	if (name != "virtio_console") {
		unique_fd fd = open_functrace();
		EXPECT_EQ(set_filter(fd.get(), ":mod:virtio_console"), ENOENT);
		return;
	}
	pin_to(0);
	functrace_file file("*:mod:virtio_console", target::thread(0, 0));
	enable(file.fd.get());
	printf("functrace: to the port\n");
	fflush(stdout);
	disable(file.fd.get());
	const std::vector<traced> calls = calls_in(file.finish());
	ASSERT_FALSE(calls.empty());
	std::map<uint64_t, std::string> owners;
	std::ifstream symbols("/proc/kallsyms");
	for (std::string line; std::getline(symbols, line);) {
		const size_t module = line.find("\t[");
		if (module != std::string::npos)
			owners[strtoull(line.c_str(), nullptr, 16)] = line.substr(module + 1);
	}
	for (const traced &call : calls) {
		auto behind = owners.upper_bound(call.address);
		ASSERT_NE(behind, owners.begin());
		EXPECT_EQ(std::prev(behind)->second, "[virtio_console]");
	}
}

/* On a kernel with KASAN and lockdep, this is what they look at. */
TEST(functrace, tracing_survives_readers_that_open_map_filter_and_close_at_once)
{
	constexpr int rounds = 20;
	const reading_thread busy;
	unique_fd fd = open_functrace(), other = open_functrace();
	mapping ring(fd.get(), 8);
	must_filter(fd.get(), "vfs_read,vfs_write");
	std::vector<std::thread> threads;
	const auto run = [&](auto call) {
		threads.emplace_back([=] {
			for (int i = 0; i < rounds; i++)
				call(i);
		});
	};
	run([&](int) {
		ioctl_error(fd.get(), PERF_EVENT_IOC_ENABLE);
		ioctl_error(other.get(), PERF_EVENT_IOC_ENABLE);
	});
	run([&](int) { ioctl_error(fd.get(), PERF_EVENT_IOC_DISABLE); });
	for (int twice = 0; twice < 2; twice++)
		run([&](int i) { aux_error(fd.get(), ring.page(), ring.bytes(), 4096 << i % 3); });
	run([&](int) {
		ioctl_error(other.get(), PERF_EVENT_IOC_SET_OUTPUT, fd.get());
		ioctl_error(other.get(), PERF_EVENT_IOC_SET_OUTPUT, ~0ul);
	});
	run([&](int i) {
		if (i % 2 == 0)
			set_filter(fd.get(), i % 4 ? "vfs_*" : "vfs_read,!vfs_write");
	});
	run([&](int) { unique_fd(open_functrace()).reset(); });
	for (std::thread &thread : threads)
		thread.join();
	ioctl_error(fd.get(), PERF_EVENT_IOC_ENABLE);
	ioctl_error(fd.get(), PERF_EVENT_IOC_DISABLE);

	/* And it works still. */
	pin_to(0);
	functrace_file file("vfs_read", target::thread(0, 0));
	enable(file.fd.get());
	read_zero(20);
	disable(file.fd.get());
	EXPECT_EQ(calls_in(file.finish()).size(), 20u);
}

} /* namespace */
