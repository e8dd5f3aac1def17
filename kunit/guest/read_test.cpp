// SPDX-License-Identifier: GPL-2.0
/* read(2): every read_format, and what the numbers mean. */
#include <array>
#include <bit>
#include <vector>

#include <gtest/gtest.h>
#include <sys/uio.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

/* One reading, taken apart by its format. */
struct reading {
	uint64_t value = 0, enabled = 0, running = 0, id = 0, lost = 0, nr = 1;
};

size_t size_of(uint64_t format)
{
	return 8 * (1 + std::popcount(format));
}

reading parse(uint64_t format, const uint64_t *at)
{
	reading r;
	const bool group = format & PERF_FORMAT_GROUP;
	if (group)
		r.nr = *at++;
	else
		r.value = *at++;
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		r.enabled = *at++;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		r.running = *at++;
	if (group)
		r.value = *at++;
	if (format & PERF_FORMAT_ID)
		r.id = *at++;
	if (format & PERF_FORMAT_LOST)
		r.lost = *at++;
	return r;
}

reading read_all(int fd, uint64_t format)
{
	std::array<uint64_t, 16> words = {};
	EXPECT_EQ(read(fd, words.data(), sizeof(words)), static_cast<ssize_t>(size_of(format)));
	return parse(format, words.data());
}

unique_fd open_format(side s, uint64_t format, bool disabled = true)
{
	perf_event_attr attr = clock_attr();
	attr.read_format = format;
	attr.disabled = disabled;
	return must_open(s, attr);
}

struct both {
	side s;
	uint64_t format;
};

std::vector<both> every_format()
{
	std::vector<both> all;
	for (side s : sides()) {
		for (uint64_t format = 0; format < PERF_FORMAT_MAX; format++)
			all.push_back({s, format});
	}
	return all;
}

class read_format : public testing::TestWithParam<both>
{
};

TEST_P(read_format, a_read_returns_the_fields_of_its_format_in_order)
{
	const auto [s, format] = GetParam();
	unique_fd fd = open_format(s, format, false);
	ASSERT_TRUE(eventually([&] { return read_all(fd.get(), format).value > 0; }));
	const reading r = read_all(fd.get(), format);
	EXPECT_EQ(r.nr, 1u);
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		EXPECT_GT(r.enabled, 0u);
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		EXPECT_GT(r.running, 0u);
	if ((format & times) == times)
		EXPECT_LE(r.running, r.enabled);
	if (format & PERF_FORMAT_ID)
		EXPECT_EQ(r.id, event_id(fd.get()));
	EXPECT_EQ(r.lost, 0u);
}

TEST_P(read_format, a_read_needs_space_for_all_fields)
{
	const auto [s, format] = GetParam();
	unique_fd fd = open_format(s, format);
	std::array<uint64_t, 17> words;
	words.fill(~0ULL);
	for (size_t space = 0; space < size_of(format); space++) {
		ASSERT_EQ(read(fd.get(), words.data(), space), -1) << space;
		ASSERT_EQ(errno, ENOSPC) << space;
	}
	EXPECT_EQ(words[0], ~0ULL) << "nothing was written";
	EXPECT_EQ(read(fd.get(), words.data(), size_of(format)),
		  static_cast<ssize_t>(size_of(format)));
	EXPECT_EQ(words[size_of(format) / 8], ~0ULL) << "written behind its end";
}

INSTANTIATE_TEST_SUITE_P(every, read_format, testing::ValuesIn(every_format()),
			 [](const testing::TestParamInfo<both> &info) {
				 return std::string(name(info.param.s)) + "_" +
					std::to_string(info.param.format);
			 });

TEST(read, a_read_into_a_bad_address_is_efault)
{
	check_both({{EFAULT}}, [](side s) {
		unique_fd fd = open_format(s, 0);
		void *volatile nowhere = reinterpret_cast<void *>(8);
		return read(fd.get(), nowhere, 64) < 0 ? errno : 0;
	});
}

TEST(read, a_read_at_any_position_returns_the_count)
{
	for (off_t at : {off_t{0}, off_t{8}, off_t{1} << 40}) {
		check_both({{}}, [&](side s) {
			uint64_t value;
			return pread(open_format(s, 0).get(), &value, 8, at) < 0 ? errno : 0;
		});
	}
}

TEST(read, write_seek_and_fsync_answer_as_perf_does)
{
	check_both({{EINVAL}}, [](side s) {
		return write(open_format(s, 0).get(), "12345678", 8) < 0 ? errno : 0;
	});
	check_both({{}}, [](side s) {
		return lseek(open_format(s, 0).get(), 8, SEEK_SET) < 0 ? errno : 0;
	});
	check_both({{EINVAL}},
		   [](side s) { return fsync(open_format(s, 0).get()) < 0 ? errno : 0; });
}

class count_of : public testing::TestWithParam<side>
{
};

TEST_P(count_of, the_count_of_a_disabled_event_is_zero)
{
	unique_fd fd = open_format(GetParam(), times);
	const reading r = read_all(fd.get(), times);
	EXPECT_EQ(r.value, 0u);
	EXPECT_EQ(r.enabled, 0u);
	EXPECT_EQ(r.running, 0u);
}

TEST_P(count_of, the_count_of_an_enabled_event_grows_in_nanoseconds)
{
	unique_fd fd = open_format(GetParam(), times);
	enable(fd.get());
	reading last = read_all(fd.get(), times);
	for (int i = 0; i < 20; i++) {
		ASSERT_TRUE(
			eventually([&] { return read_all(fd.get(), times).value > last.value; }));
		const reading now = read_all(fd.get(), times);
		EXPECT_GE(now.enabled, last.enabled);
		EXPECT_GE(now.running, last.running);
		EXPECT_LE(now.running, now.enabled);
		last = now;
	}
	/* The clock ran while the event did: the same within a wide margin. */
	ASSERT_TRUE(eventually([&] { return read_all(fd.get(), times).running > 20'000'000; }));
	last = read_all(fd.get(), times);
	EXPECT_GT(last.value, last.running / 4);
	EXPECT_LT(last.value, last.running * 4);
}

TEST_P(count_of, the_count_of_an_event_disabled_again_is_stable_and_goes_on_from_there)
{
	unique_fd fd = open_format(GetParam(), times);
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return read_all(fd.get(), times).value > 1'000'000; }));
	disable(fd.get());
	const reading stopped = read_all(fd.get(), times);
	pause_for(std::chrono::milliseconds(30));
	const reading later = read_all(fd.get(), times);
	EXPECT_EQ(later.value, stopped.value);
	EXPECT_EQ(later.enabled, stopped.enabled);
	EXPECT_EQ(later.running, stopped.running);
	enable(fd.get());
	EXPECT_GE(read_all(fd.get(), times).value, stopped.value);
}

TEST_P(count_of, a_reset_sets_the_count_to_zero_and_not_the_times)
{
	unique_fd fd = open_format(GetParam(), times);
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return read_all(fd.get(), times).value > 1'000'000; }));
	disable(fd.get());
	const reading before = read_all(fd.get(), times);
	control(fd.get(), PERF_EVENT_IOC_RESET);
	const reading after = read_all(fd.get(), times);
	EXPECT_EQ(after.value, 0u);
	EXPECT_EQ(after.enabled, before.enabled);
	EXPECT_EQ(after.running, before.running);
}

TEST_P(count_of, a_reset_of_a_running_event_starts_the_count_again)
{
	unique_fd fd = open_format(GetParam(), 0);
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return read_value(fd.get()) > 50'000'000; }));
	control(fd.get(), PERF_EVENT_IOC_RESET);
	disable(fd.get());
	EXPECT_LT(read_value(fd.get()), 50'000'000u);
}

TEST_P(count_of, counting_event_has_no_samples)
{
	perf_event_attr attr = clock_attr(0);
	unique_fd fd = must_open(GetParam(), attr);
	ring buffer(fd.get(), 4);
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return read_value(fd.get()) > 5'000'000; }));
	disable(fd.get());
	EXPECT_EQ(buffer.unread(), 0u);
}

TEST_P(count_of, the_count_of_a_sleeping_thread_does_not_grow)
{
	gate done;
	child sleeper([&] {
		done.wait();
		return 0;
	});
	perf_event_attr attr = clock_attr();
	attr.read_format = times;
	unique_fd fd = must_open(GetParam(), attr, target::thread(sleeper.pid()));
	enable(fd.get());
	pause_for(std::chrono::milliseconds(20));
	const reading first = read_all(fd.get(), times);
	pause_for(std::chrono::milliseconds(50));
	const reading second = read_all(fd.get(), times);
	EXPECT_EQ(second.value, first.value);
	EXPECT_EQ(second.running, first.running);
	done.open();
	EXPECT_TRUE(sleeper.wait().clean());
}

TEST_P(count_of, the_count_of_a_processor_grows_without_a_ring)
{
	perf_event_attr attr = clock_attr();
	attr.read_format = times;
	for (int cpu : online_cpus()) {
		unique_fd fd = must_open(GetParam(), attr, target::every_process(cpu));
		enable(fd.get());
		EXPECT_TRUE(eventually([&] { return read_value(fd.get()) > 5'000'000; })) << cpu;
	}
}

INSTANTIATE_TEST_SUITE_P(on, count_of, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
