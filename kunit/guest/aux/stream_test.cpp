// SPDX-License-Identifier: GPL-2.0
/* The bytes of an AUX area, and the records that announce them to a reader. */
#include <cstring>

#include <gtest/gtest.h>
#include <poll.h>

#include "aux/pattern_file.hpp"

using namespace device_test;

namespace
{

/* 0 or what poll() says at once. */
short ready(int fd)
{
	pollfd waiting = {fd, POLLIN, 0};
	poll(&waiting, 1, 0);
	return waiting.revents;
}

TEST(aux_stream, records_announce_every_byte_of_the_area_without_a_gap)
{
	pattern_file file(pattern_attr());
	enable(file.fd.get());
	EXPECT_TRUE(file.consume_until(20 * file.aux->bytes()));
	disable(file.fd.get());
	EXPECT_GE(file.starts, 1u) << "PERF_RECORD_ITRACE_START";
	file.consume();
	EXPECT_EQ(file.announced_to, file.buffer.page()->aux_head);
}

TEST(aux_stream, the_flags_of_the_source_are_in_its_records)
{
	pattern_file file(pattern_attr(PATTERN_PARTIAL));
	enable(file.fd.get());
	EXPECT_TRUE(file.consume_until(4096));
	EXPECT_EQ(file.flags_seen & ~uint64_t{PERF_AUX_FLAG_TRUNCATED},
		  uint64_t{PERF_AUX_FLAG_PARTIAL | PATTERN_FORMAT});
}

TEST(aux_stream, a_full_area_is_truncated_and_the_event_off_until_it_is_enabled)
{
	pattern_file file(pattern_attr());
	for (unsigned round = 0; round < 3; round++) {
		enable(file.fd.get());
		ASSERT_TRUE(eventually([&] { return ready(file.fd.get()) & POLLIN; }));
		/* No reader frees space: the area fills, and the source stops. */
		ASSERT_TRUE(eventually([&] {
			const uint64_t head = file.buffer.page()->aux_head;
			const uint64_t ticks = read_value(file.fd.get());
			pause_for(std::chrono::milliseconds(20));
			return head == file.buffer.page()->aux_head &&
			       ticks == read_value(file.fd.get());
		}));
		file.flags_seen = 0;
		EXPECT_EQ(file.consume(), file.aux->bytes() - 8);
		EXPECT_TRUE(file.flags_seen & PERF_AUX_FLAG_TRUNCATED);
	}
}

TEST(aux_stream, a_reader_is_woken_when_the_watermark_is_reached)
{
	/* Slowly: in a full area the event would go off, and no wakeup follow. */
	perf_event_attr attr = pattern_attr(0, 5'000'000);
	attr.aux_watermark = 8 * PATTERN_STEP;
	pattern_file file(attr);
	enable(file.fd.get());
	for (unsigned i = 0; i < 5; i++) {
		pollfd waiting = {file.fd.get(), POLLIN, 0};
		ASSERT_EQ(poll(&waiting, 1, 60'000), 1);
		const uint64_t head =
			__atomic_load_n(&file.buffer.page()->aux_head, __ATOMIC_ACQUIRE);
		/* Each multiple of it that the stream passes. */
		EXPECT_GT(head / attr.aux_watermark, file.announced_to / attr.aux_watermark);
		file.consume();
	}
}

TEST(aux_stream, fewer_bytes_than_the_watermark_wake_no_reader)
{
	perf_event_attr attr = pattern_attr(0, 1'000'000'000);
	attr.aux_watermark = 2 * PATTERN_STEP;
	pattern_file file(attr);
	enable(file.fd.get());
	ASSERT_TRUE(eventually([&] { return file.buffer.page()->aux_head >= PATTERN_STEP; }));
	disable(file.fd.get());
	if (file.buffer.page()->aux_head < 2 * PATTERN_STEP)
		EXPECT_EQ(ready(file.fd.get()), 0);
}

TEST(aux_stream, a_tail_that_makes_no_sense_stops_its_owner_alone)
{
	pattern_file file(pattern_attr());
	pattern_file other(pattern_attr());
	file.buffer.page()->aux_tail = 1ULL << 40;
	enable(file.fd.get());
	enable(other.fd.get());
	EXPECT_TRUE(other.consume_until(2 * other.aux->bytes()));
	EXPECT_EQ(file.buffer.page()->aux_head, 0u);
	file.buffer.page()->aux_tail = 0;
	enable(file.fd.get());
	EXPECT_TRUE(file.consume_until(file.aux->bytes()));
}

TEST(aux_stream, a_shared_area_holds_every_packet_of_a_thread_and_an_interrupt)
{
	pattern_file file(pattern_attr(PATTERN_SHARED, 60'000), 16, rw, 64);
	enable(file.fd.get());
	/* Whole packets of both, none missing and none torn: consume() looks. */
	EXPECT_TRUE(eventually([&] {
		file.consume();
		return file.packets[PATTERN_THREAD] > 5000 && file.packets[PATTERN_TIMER] > 100;
	}));
}

TEST(aux_stream, a_shared_area_that_was_full_goes_on)
{
	pattern_file file(pattern_attr(PATTERN_SHARED), 1, rw, 64);
	enable(file.fd.get());
	for (unsigned i = 0; i < 20; i++) {
		file.flags_seen = 0;
		ASSERT_TRUE(eventually([&] {
			return file.buffer.page()->aux_head - file.announced_to >= page_size() - 64;
		}));
		ASSERT_TRUE(file.consume_until(8 * page_size(), PERF_AUX_FLAG_TRUNCATED));
	}
	EXPECT_GT(file.packets[PATTERN_THREAD], 100u);
}

/* The window that cannot have been written over while it was copied. */
void check_snapshot(pattern_file &file, uint64_t config)
{
	std::vector<uint64_t> copy(file.aux->bytes() / 8);
	const auto head = [&] {
		return __atomic_load_n(&file.buffer.page()->aux_head, __ATOMIC_ACQUIRE);
	};
	const uint64_t end = head();
	for (size_t i = 0; i < copy.size(); i++)
		copy[i] = file.aux->word(8 * i);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* Beyond the head, the writer may have got as far as a transaction goes. */
	uint64_t first = head() + 2 * PATTERN_MOST - file.aux->bytes();
	if (static_cast<int64_t>(first) < 0 || head() < file.aux->bytes())
		first = 0;
	ASSERT_EQ(config & PATTERN_SHARED, 0u);
	for (uint64_t at = first; at < end; at += 8)
		ASSERT_EQ(copy[at % file.aux->bytes() / 8], pattern_word(at)) << at;
}

TEST(aux_stream, snapshots_are_taken_while_the_writer_runs)
{
	for (uint64_t config : {uint64_t{0}, uint64_t{PATTERN_HOLDS}}) {
		pattern_file file(pattern_attr(config, 20'000), 64, PROT_READ);
		enable(file.fd.get());
		for (unsigned i = 0; i < 200; i++) {
			const uint64_t head = file.buffer.page()->aux_head;
			check_snapshot(file, config);
			ASSERT_TRUE(
				eventually([&] { return file.buffer.page()->aux_head != head; }));
		}
		/* OVERWRITE alone says nothing new where nothing was written. */
		disable(file.fd.get());
		for (const record &r : file.buffer.drain())
			if (r.header.type == PERF_RECORD_AUX)
				EXPECT_TRUE(parse_aux(r).flags & PERF_AUX_FLAG_OVERWRITE);
	}
}

TEST(aux_stream, a_second_transaction_is_refused_and_counted)
{
	pattern_file file(pattern_attr(PATTERN_HOLDS));
	unique_fd second = open_pattern(pattern_attr(PATTERN_HOLDS));
	control(second.get(), PERF_EVENT_IOC_SET_OUTPUT, file.fd.get());
	enable(file.fd.get());
	enable(second.get());
	EXPECT_TRUE(file.consume_until(4 * file.aux->bytes()));

	void *at = mmap(nullptr, page_size(), PROT_READ, MAP_SHARED, file.fd.get(),
			PERFBUF_MMAP_STATS);
	ASSERT_NE(at, MAP_FAILED);
	const auto *stats = static_cast<const perfbuf_ring_stats *>(at);
	EXPECT_GT(stats->aux_nested, 0u);
	EXPECT_GE(stats->aux_bytes, 4 * file.aux->bytes());
	munmap(at, page_size());
}

} /* namespace */
