// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU's counter as the clock of records: docs/clock-parameters.md. For a kernel whose clock it
 * is, as perf's own user page says; on x86 in QEMU, for one that is booted with tsc=reliable.
 */
#include <array>
#include <atomic>
#include <fstream>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "support/absence.hpp"
#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/record.hpp"

using namespace device_test;

namespace
{

constexpr const char *inject_node = "/dev/perfbuf/inject";
constexpr const char *is_on_file = "/sys/module/perfbuf/parameters/tsc_clock_is_on";
constexpr const char *parameter = "/sys/module/perfbuf/parameters/tsc_clock";

/* The clock's parameters on a user page. */
struct clock_page {
	bool has_time, has_zero, has_short;
	uint32_t mult;
	uint16_t shift;
	uint64_t zero, offset, enabled, cycles, mask;

	bool operator==(const clock_page &other) const
	{
		return has_time == other.has_time && has_zero == other.has_zero &&
		       has_short == other.has_short && cycles == other.cycles &&
		       mask == other.mask &&
		       (!has_time || (mult == other.mult && shift == other.shift)) &&
		       (!has_zero || zero == other.zero);
	}
	/* perf_event_open(2), with the whole product. */
	uint64_t product(uint64_t ticks) const
	{
		if (has_short)
			ticks = cycles + ((ticks - cycles) & mask);
		return static_cast<uint64_t>(static_cast<unsigned __int128>(ticks) * mult >> shift);
	}
	uint64_t time(uint64_t ticks) const { return zero + product(ticks); }
};

clock_page read_page(const mapping &of)
{
	return of.between_updates([](const volatile perf_event_mmap_page &page) {
		return clock_page{.has_time = static_cast<bool>(page.cap_user_time),
				  .has_zero = static_cast<bool>(page.cap_user_time_zero),
				  .has_short = static_cast<bool>(page.cap_user_time_short),
				  .mult = page.time_mult,
				  .shift = page.time_shift,
				  .zero = page.time_zero,
				  .offset = page.time_offset,
				  .enabled = page.time_enabled,
				  .cycles = page.time_cycles,
				  .mask = page.time_mask};
	});
}

perf_event_attr message_attr()
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	std::ifstream("/sys/class/perfbuf/inject/events/message/id") >> attr.config;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TIME;
	return attr;
}

/* A record of ours for each stamp(), with the time that the kernel gave it. */
class messages
{
public:
	explicit messages(int cpu, perf_event_attr attr = message_attr())
		: attr_(attr), fd_(open(inject_node, O_RDWR | O_CLOEXEC)),
		  configured_(configure(fd_.get(), &attr_, target::every_process(cpu))),
		  buffer_(fd_.get(), 64)
	{
		EXPECT_EQ(configured_, 0);
	}
	void write_one() const { EXPECT_EQ(write(fd_.get(), "stamp", 5), 5); }
	uint64_t time_of_next()
	{
		const std::vector<sample> found = samples_in(buffer_.drain(), attr_);
		if (found.size() != 1)
			throw std::runtime_error("not one record");
		return *found[0].time;
	}
	uint64_t stamp()
	{
		write_one();
		return time_of_next();
	}
	const mapping &pages() const { return buffer_; }
	int fd() const { return fd_.get(); }

private:
	perf_event_attr attr_;
	unique_fd fd_;
	int configured_;
	ring buffer_;
};

/* A record of perf's own for each stamp(): a page fault of this thread. */
class faults
{
public:
	faults()
		: attr_(fault_attr()), fd_(must_open(side::perf, attr_)), buffer_(fd_.get(), 64),
		  page_(static_cast<char *>(mmap(nullptr, page_size(), PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
	{
	}
	~faults() { munmap(page_, page_size()); }
	faults(const faults &) = delete;
	uint64_t stamp()
	{
		madvise(page_, page_size(), MADV_DONTNEED);
		buffer_.drain();
		*static_cast<volatile char *>(page_) = 1;
		const std::vector<sample> found = samples_in(buffer_.drain(), attr_);
		/* Reading the ring may have faulted before. */
		if (found.empty())
			throw std::runtime_error("no fault");
		return *found.back().time;
	}
	const mapping &pages() const { return buffer_; }

private:
	static perf_event_attr fault_attr()
	{
		perf_event_attr attr = {};
		attr.size = sizeof(attr);
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_PAGE_FAULTS;
		attr.sample_period = 1;
		attr.sample_type = PERF_SAMPLE_TIME;
		return attr;
	}

	const perf_event_attr attr_;
	unique_fd fd_;
	ring buffer_;
	char *const page_;
};

#ifdef __x86_64__
/* Records are stamped by the counter, so the page gives their times to the nanosecond. */
constexpr bool stamps_records = true;
constexpr uint64_t error_ns = 0;

uint64_t ticks()
{
	_mm_lfence();
	const uint64_t now = __rdtsc();
	_mm_lfence();
	return now;
}
#else
/* Records are stamped by local_clock(), whose parameters the page's are but for a rounding. */
constexpr bool stamps_records = false;
constexpr uint64_t error_ns = 1;

uint64_t ticks()
{
	uint64_t now;
	asm volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(now)::"memory");
	return now;
}
#endif

class tsc_clock : public testing::Test
{
protected:
	tsc_clock()
	{
		sched_getaffinity(0, sizeof(before_), &before_);
		pin_to(0);
	}
	~tsc_clock() override
	{
		write_file(parameter, "1");
		sched_setaffinity(0, sizeof(before_), &before_);
	}

	/* The kernel does not calibrate any more, and the module has seen that. */
	static testing::AssertionResult is_on(const messages &of)
	{
		const bool on = eventually([&] { return read_page(of.pages()).has_zero; });
		return on ? testing::AssertionSuccess()
			  : testing::AssertionFailure() << "the clock does not come on";
	}

private:
	cpu_set_t before_;
};

TEST_F(tsc_clock, user_page_has_the_parameters_of_perf)
{
	messages ours(0);
	ASSERT_TRUE(is_on(ours));
	for (const int cpu : online_cpus()) {
		pin_to(cpu);
		/* perf writes what it finds on the CPU that maps. */
		faults perfs;
		const clock_page its = read_page(perfs.pages());
		EXPECT_TRUE(its.has_zero);
		EXPECT_NE(its.mult, 0u);
		EXPECT_EQ(read_page(ours.pages()), its) << "processor " << cpu;
		EXPECT_EQ(read_page(ours.pages()).zero, its.zero);
		EXPECT_EQ(read_page(ours.pages()).mult, its.mult);
	}
}

TEST_F(tsc_clock, user_page_of_another_clock_has_no_zero)
{
	messages ours(0);
	ASSERT_TRUE(is_on(ours));
	perf_event_attr attr = message_attr();
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	messages other(0, attr);
	const clock_page found = read_page(other.pages());
	EXPECT_TRUE(found.has_time);
	EXPECT_FALSE(found.has_zero);
	EXPECT_EQ(found.zero, 0u);
	EXPECT_EQ(found.mult, read_page(ours.pages()).mult);
}

TEST_F(tsc_clock, record_has_a_time_between_two_readings_of_the_counter)
{
	messages ours(0);
	ASSERT_TRUE(is_on(ours));
	const clock_page clock = read_page(ours.pages());
	for (int i = 0; i < 20'000; i++) {
		const uint64_t before = clock.time(ticks());
		const uint64_t time = ours.stamp();
		const uint64_t after = clock.time(ticks());
		ASSERT_LE(before, time + error_ns) << i;
		ASSERT_LE(time, after + error_ns) << i;
	}
	EXPECT_EQ(read_page(ours.pages()), clock);
}

TEST_F(tsc_clock, record_has_a_time_between_two_records_of_perf_on_each_processor)
{
	for (const int cpu : online_cpus()) {
		pin_to(cpu);
		messages ours(cpu);
		ASSERT_TRUE(is_on(ours));
		faults perfs;
		for (int i = 0; i < 5'000; i++) {
			const uint64_t before = perfs.stamp();
			const uint64_t time = ours.stamp();
			const uint64_t after = perfs.stamp();
			ASSERT_LE(before, time) << "processor " << cpu << ", " << i;
			ASSERT_LE(time, after) << "processor " << cpu << ", " << i;
		}
	}
}

/* Two threads write in turn, each on its processor: the order is known without any clock. */
TEST_F(tsc_clock, times_never_go_back_from_one_processor_to_another)
{
	const std::vector<int> cpus = online_cpus();
	ASSERT_GE(cpus.size(), 2u);
	/* local_clock() is the kernel's own to keep in order. */
	constexpr unsigned turns = stamps_records ? 20'000 : 2'000;
	std::vector<uint64_t> times(turns);
	std::atomic<unsigned> turn = 0;
	std::atomic<bool> failed = false;
	{
		messages probe(0);
		ASSERT_TRUE(is_on(probe));
	}

	std::array<std::thread, 2> threads;
	for (unsigned self = 0; self < threads.size(); self++)
		threads[self] = std::thread([&, self] {
			try {
				pin_to(cpus[self]);
				messages ours(cpus[self]);
				for (unsigned mine = self; mine < turns && !failed; mine += 2) {
					while (turn != mine && !failed)
						;
					times[mine] = ours.stamp();
					turn = mine + 1;
				}
			} catch (const std::exception &) {
				failed = true;
			}
		});
	for (std::thread &each : threads)
		each.join();
	ASSERT_FALSE(failed);
	for (unsigned i = 1; i < turns; i++)
		ASSERT_LE(times[i - 1], times[i]) << i;
}

TEST_F(tsc_clock, time_since_the_page_was_written_is_what_the_counter_adds)
{
	messages ours(0);
	ASSERT_TRUE(is_on(ours));
	control(ours.fd(), PERF_EVENT_IOC_ENABLE);
	const uint64_t before = ticks();
	control(ours.fd(), PERF_EVENT_IOC_RESET);
	const uint64_t after = ticks();
	const clock_page page = read_page(ours.pages());
	/* time_offset: minus the time at which the page was written. */
	EXPECT_LE(page.product(before), error_ns - page.offset);
	EXPECT_LE(0 - page.offset, page.product(after) + error_ns);
}

TEST_F(tsc_clock, turning_the_clock_off_by_its_parameter_leaves_the_times_as_they_are)
{
	/* The checks of the files before have ended; one file is enough for them to go on. */
	pause_for(std::chrono::milliseconds(1500));
	messages ours(0);
	ASSERT_TRUE(is_on(ours));
	const clock_page clock = read_page(ours.pages());
	faults perfs;
	for (const char *value : {"0", "1"}) {
		ASSERT_EQ(write_file(parameter, value), 0);
		const bool wanted = *value == '1';
		uint64_t last = perfs.stamp();
		/* Across the change, in which no time may go back. */
		EXPECT_TRUE(eventually([&] {
			for (int i = 0; i < 100; i++) {
				const uint64_t time = ours.stamp(), after = perfs.stamp();
				EXPECT_LE(last, time);
				EXPECT_LE(time, after);
				last = after;
			}
			return read_page(ours.pages()).has_zero == wanted;
		}));
		EXPECT_EQ(read_file(is_on_file), wanted && stamps_records ? "Y\n" : "N\n");
	}
	EXPECT_EQ(read_page(ours.pages()), clock);
	EXPECT_NE(write_file(is_on_file, "N"), 0);
}

TEST_F(tsc_clock, processor_that_comes_back_does_not_change_it)
{
	messages ours(0);
	ASSERT_TRUE(is_on(ours));
	const clock_page clock = read_page(ours.pages());
	for (int i = 0; i < 3; i++) {
		absence away;
		EXPECT_EQ(read_page(ours.pages()), clock);
		away.end();
		pause_for(std::chrono::milliseconds(1500));
		EXPECT_EQ(read_page(ours.pages()), clock);
	}
}

} /* namespace */
