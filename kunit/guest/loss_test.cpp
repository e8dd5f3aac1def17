// SPDX-License-Identifier: GPL-2.0
/* A record that does not fit is counted and reported, and never lost silently. */
#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "support/session.hpp"
#include "support/soak.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

perf_event_attr counted(uint64_t period = 100'000)
{
	perf_event_attr attr = clock_attr(period);
	attr.read_format = PERF_FORMAT_LOST;
	return attr;
}

uint64_t lost(const recorder &r)
{
	return read_value(r.fd.get(), 1);
}

class loss : public testing::TestWithParam<side>
{
protected:
	spinner busy{0};
	recorder open_recorder(size_t pages, perf_event_attr attr = counted())
	{
		return recorder(GetParam(), attr, target::every_process(0), pages);
	}
	/* Fills the ring and makes it lose @n more. */
	static void overflow(recorder &r, uint64_t n)
	{
		const uint64_t before = lost(r);
		enable(r.fd.get());
		if (!eventually([&] { return lost(r) >= before + n; }))
			throw std::runtime_error("the ring does not overflow");
		disable(r.fd.get());
	}
	/* All records, with a sample more so that perf reports its loss. */
	static void read_out(recorder &r) { let_one_through(r.fd.get(), r.buffer, r.records); }
};

TEST_P(loss, a_loss_of_a_ring_without_a_reader_is_counted)
{
	recorder r = open_recorder(1);
	overflow(r, 10);
	EXPECT_EQ(count(r.buffer.drain(), PERF_RECORD_LOST), 0u) << "nothing fits any more";
}

/* The words that read() returns of a file with PERFBUF_FORMAT_LOST_CAUSES: the total, n, and n
 * counts. */
struct by_cause {
	explicit by_cause(int fd)
	{
		std::array<uint64_t, 16> words = {};
		const ssize_t got = read(fd, words.data(), sizeof(words));
		if (got != static_cast<ssize_t>((3 + PERFBUF_LOST_CAUSES) * sizeof(uint64_t)) ||
		    words[2] != PERFBUF_LOST_CAUSES)
			throw std::runtime_error("read() has another layout");
		total = words[1];
		std::copy_n(words.begin() + 3, PERFBUF_LOST_CAUSES, lost.begin());
	}
	uint64_t total;
	std::array<uint64_t, PERFBUF_LOST_CAUSES> lost;
};

TEST(own_loss, each_file_reads_its_losses_by_cause)
{
	spinner busy(0);
	perf_event_attr attr = counted();
	attr.read_format |= PERFBUF_FORMAT_LOST_CAUSES;
	recorder r(side::clock, attr, target::every_process(0), 1);
	unique_fd without_ring = must_open(side::clock, attr, target::every_process(0));

	enable(r.fd.get());
	ASSERT_TRUE(eventually([&] { return by_cause(r.fd.get()).lost[PERFBUF_LOST_FULL] >= 10; }));
	ASSERT_EQ(ioctl(r.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1), 0);
	ASSERT_TRUE(
		eventually([&] { return by_cause(r.fd.get()).lost[PERFBUF_LOST_PAUSED] >= 10; }));
	disable(r.fd.get());
	const by_cause mapped(r.fd.get());
	EXPECT_EQ(mapped.total, mapped.lost[PERFBUF_LOST_FULL] + mapped.lost[PERFBUF_LOST_PAUSED]);
	EXPECT_EQ(mapped.lost[PERFBUF_LOST_NO_RING], 0u);
	EXPECT_EQ(mapped.lost[PERFBUF_LOST_TOO_BIG], 0u);
	EXPECT_EQ(mapped.lost[PERFBUF_LOST_RECURSION], 0u);

	enable(without_ring.get());
	ASSERT_TRUE(eventually(
		[&] { return by_cause(without_ring.get()).lost[PERFBUF_LOST_NO_RING] >= 10; }));
	EXPECT_EQ(by_cause(without_ring.get()).total, 0u)
		<< "PERF_FORMAT_LOST is of rings, as in perf";
}

TEST(own_loss, a_read_of_losses_by_cause_needs_space_for_all_causes)
{
	perf_event_attr attr = counted();
	attr.read_format |= PERFBUF_FORMAT_LOST_CAUSES;
	unique_fd fd = must_open(side::clock, attr);
	std::array<uint64_t, 3 + PERFBUF_LOST_CAUSES> words;

	EXPECT_EQ(read(fd.get(), words.data(), sizeof(words) - 1), -1);
	EXPECT_EQ(errno, ENOSPC);
	EXPECT_EQ(read(fd.get(), words.data(), sizeof(words)), static_cast<ssize_t>(sizeof(words)));
}

TEST_P(loss, a_loss_is_reported_once_there_is_space_again)
{
	recorder r = open_recorder(1);
	overflow(r, 10);
	read_out(r);
	EXPECT_GE(lost_in(r.records), 10u);
	EXPECT_EQ(lost_in(r.records), lost(r));
}

TEST_P(loss, a_loss_is_reported_with_the_id_of_the_event)
{
	recorder r = open_recorder(1);
	overflow(r, 5);
	read_out(r);
	size_t reported = 0;
	for (const record &record : r.records) {
		if (record.header.type != PERF_RECORD_LOST)
			continue;
		EXPECT_EQ(parse_lost(record).id, event_id(r.fd.get()));
		EXPECT_EQ(record.header.size, 24);
		reported++;
	}
	EXPECT_GE(reported, 1u);
}

TEST_P(loss, a_loss_record_has_the_trailer)
{
	perf_event_attr attr = counted();
	attr.sample_id_all = 1;
	recorder r = open_recorder(1, attr);
	overflow(r, 5);
	read_out(r);
	ASSERT_GE(count(r.records, PERF_RECORD_LOST), 1u);
	for (const record &record : r.records) {
		if (record.header.type == PERF_RECORD_LOST) {
			EXPECT_EQ(record.header.size, 24 + trailer_size(attr));
			EXPECT_NE(*parse_trailer(record, attr).time, 0u);
		}
	}
}

TEST_P(loss, losses_and_records_of_many_rounds_add_up)
{
	recorder r = open_recorder(1);
	for (int turn = 0; turn < 20; turn++) {
		overflow(r, 3);
		read_out(r);
		ASSERT_EQ(lost_in(r.records), lost(r)) << "turn " << turn;
	}
}

TEST_P(loss, losses_and_records_of_many_sizes_add_up)
{
	perf_event_attr attr = counted();
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_STACK_USER;
	attr.sample_stack_user = 1000;
	recorder r = open_recorder(2, attr);
	for (int turn = 0; turn < 10; turn++) {
		overflow(r, 3);
		read_out(r);
		ASSERT_EQ(lost_in(r.records), lost(r)) << "turn " << turn;
	}
}

TEST_P(loss, a_record_of_an_unmapped_event_is_not_counted_as_lost)
{
	unique_fd fd = must_open(GetParam(), counted(), target::every_process(0));
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return read_value(fd.get()) > 10'000'000; }));
	EXPECT_EQ(read_value(fd.get(), 1), 0u);
}

TEST_P(loss, a_slow_reader_gets_whole_records_in_order)
{
	/* drain() throws on a broken stream. */
	recorder r = open_recorder(1);
	enable(r.fd.get());
	/* A few at a time, always less than what was lost meanwhile. */
	for (uint64_t turn = 1; turn <= 30; turn++) {
		ASSERT_TRUE(eventually([&] { return lost(r) >= 2 * turn; }));
		r.buffer.drain(r.records, 3);
	}
	disable(r.fd.get());
	read_out(r);
	uint64_t last = 0;
	for (const sample &s : samples_in(r.records, r.attr)) {
		EXPECT_GE(*s.time, last);
		last = *s.time;
	}
	EXPECT_EQ(lost_in(r.records), lost(r));
}

TEST_P(loss, losses_and_records_of_a_reader_that_is_stopped_and_continued_add_up)
{
	const soak_result result =
		run_soak({.source = GetParam(), .seconds = 3, .frequency = 4000, .data_pages = 1});
	EXPECT_TRUE(result.exact()) << result.line();
	EXPECT_GT(result.received, 0u);
	EXPECT_GT(result.counted, 0u) << "it was never behind";
	EXPECT_EQ(result.backwards, 0u) << result.line();
}

INSTANTIATE_TEST_SUITE_P(on, loss, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

/* Where perf stays silent we do not, and we know what was produced. */
class own_loss : public loss
{
protected:
	static void poll_once(const recorder &r)
	{
		pollfd polled = {.fd = r.fd.get(), .events = POLLIN};
		poll(&polled, 1, 0);
	}
};

TEST_P(own_loss, a_pending_loss_is_reported_to_a_reader_that_polls)
{
	recorder r = open_recorder(1);
	overflow(r, 10);
	r.buffer.drain(r.records);
	/* No further sample comes. */
	EXPECT_TRUE(eventually([&] {
		poll_once(r);
		r.buffer.drain(r.records);
		return lost_in(r.records) >= 10;
	}));
	EXPECT_EQ(lost_in(r.records), lost(r));
}

TEST_P(own_loss, a_pending_loss_is_reported_to_a_reader_that_reads)
{
	recorder r = open_recorder(1);
	overflow(r, 10);
	r.buffer.drain(r.records);
	EXPECT_TRUE(eventually([&] {
		read_value(r.fd.get());
		r.buffer.drain(r.records);
		return lost_in(r.records) >= 10;
	}));
	EXPECT_EQ(lost_in(r.records), lost(r));
}

TEST_P(own_loss, the_loss_of_a_pause_is_reported_after_it)
{
	recorder r = open_recorder(4);
	control(r.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	overflow(r, 10);
	control(r.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 0UL);
	EXPECT_TRUE(eventually([&] {
		poll_once(r);
		r.buffer.drain(r.records);
		return lost_in(r.records) >= 10;
	}));
	EXPECT_EQ(lost_in(r.records), lost(r));
	EXPECT_EQ(count(r.records, PERF_RECORD_SAMPLE), 0u);
}

TEST_P(own_loss, the_loss_of_a_record_larger_than_the_ring_is_reported)
{
	/* The dump of the stack alone is more than the one page. */
	perf_event_attr attr = counted(1'000'000);
	attr.sample_type |= PERF_SAMPLE_STACK_USER;
	attr.sample_stack_user = 32768;
	recorder r(GetParam(), attr, target::thread(busy.tid()), 1);
	enable(r.fd.get());
	ASSERT_TRUE(eventually([&] { return lost(r) >= 5; }));
	disable(r.fd.get());
	EXPECT_TRUE(eventually([&] {
		poll_once(r);
		r.buffer.drain(r.records);
		return lost_in(r.records) == lost(r);
	}));
	EXPECT_EQ(count(r.records, PERF_RECORD_SAMPLE), 0u);
}

TEST_P(own_loss, losses_and_received_records_are_the_produced_ones)
{
	const source_counters before = read_source_counters();
	recorder r = open_recorder(1);
	for (int turn = 0; turn < 5; turn++) {
		overflow(r, 5);
		r.buffer.drain(r.records);
	}
	ASSERT_TRUE(eventually([&] {
		poll_once(r);
		r.buffer.drain(r.records);
		return lost_in(r.records) == lost(r);
	}));
	const source_counters after = read_source_counters();
	EXPECT_EQ(after.records - before.records, count(r.records, PERF_RECORD_SAMPLE));
	EXPECT_EQ(after.lost - before.lost, lost(r));
}

INSTANTIATE_TEST_SUITE_P(on, own_loss, testing::ValuesIn(own_side()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_loss);

} /* namespace */
