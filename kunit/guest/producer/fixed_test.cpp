// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a fixed size take the fast path into the ring. It must come to the same
 * as the long one, and be left whenever something stands in the way.
 */
#include "producer/source.hpp"

#include <optional>

#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/ioctl.h>

using namespace device_test;

namespace
{

class producer_fixed : public source_test
{
};

constexpr uint64_t every_field = PERF_SAMPLE_RAW | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
				 PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR |
				 PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
				 PERF_SAMPLE_PERIOD;

constexpr uint64_t raw_time_tid_cpu =
	PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;

uint64_t number_in(const sample &s)
{
	return payload(s).at<uint64_t>(12);
}

void set_filter(const event_reader &of, const char *text)
{
	control(of.fd.get(), PERF_EVENT_IOC_SET_FILTER, reinterpret_cast<unsigned long>(text));
}

bool poll_in(int fd)
{
	pollfd polled = {.fd = fd, .events = POLLIN, .revents = 0};
	return poll(&polled, 1, 0) == 1 && polled.revents == POLLIN;
}

/* @count emissions from 0 on, and what they became. */
std::vector<sample> emit(event_reader &into, unsigned count)
{
	EXPECT_EQ(command("restart"), 0);
	EXPECT_EQ(command("counted " + std::to_string(count)), 0);
	into.records.clear();
	return into.samples();
}

/* All but what is another in each file or at each time. */
void expect_equal(const std::vector<sample> &left, const std::vector<sample> &right)
{
	uint64_t time = 1; /* a clock that is found unstable may stand still for a tick */
	ASSERT_EQ(left.size(), right.size());
	for (size_t i = 0; i < left.size(); i++) {
		const sample &a = left[i], &b = right[i];
		SCOPED_TRACE(i);
		EXPECT_EQ(a.misc, b.misc);
		EXPECT_EQ(a.ip, b.ip);
		EXPECT_EQ(a.pid, b.pid);
		EXPECT_EQ(a.tid, b.tid);
		EXPECT_EQ(a.addr, b.addr);
		EXPECT_EQ(a.cpu, b.cpu);
		EXPECT_EQ(a.period, b.period);
		EXPECT_EQ(a.raw, b.raw);
		EXPECT_EQ(a.id, left[0].id);
		EXPECT_EQ(a.stream_id, a.id);
		if (a.id)
			EXPECT_EQ(a.identifier, a.id);
		if (a.time) {
			EXPECT_GE(*a.time, time);
			time = *a.time;
		}
		EXPECT_EQ(a.time.has_value(), b.time.has_value());
	}
}

/* A filter that drops nothing takes the slow path. The pages are in chunks of 16 KiB, which end in
 * the middle of records. */
TEST_F(producer_fixed, the_fast_and_the_slow_path_write_the_same_samples)
{
	for (uint64_t fields : {uint64_t{PERF_SAMPLE_RAW}, raw_time_tid_cpu,
				raw_time_tid_cpu | PERF_SAMPLE_IDENTIFIER,
				uint64_t{PERF_SAMPLE_RAW | PERF_SAMPLE_TIME}, every_field})
		for (unsigned storage :
		     {PERFBUF_STORAGE_PAGES, PERFBUF_STORAGE_VMALLOC, PERFBUF_STORAGE_MIRRORED}) {
			SCOPED_TRACE(testing::Message() << std::hex << fields << " in " << storage);
			const perf_event_attr attr = typed_attr("fixed", fields);
			const target here = target::every_process(0);
			std::vector<sample> by_fast, by_slow, one_of_two, other_of_two;
			{
				event_reader reader(attr, here, 32, storage);
				by_fast = emit(reader, 700);
				EXPECT_EQ(read_value(reader.fd.get()), 700u);
			}
			{
				event_reader reader(attr, here, 32, storage);
				set_filter(reader, "number >= 0");
				by_slow = emit(reader, 700);
			}
			{
				event_reader first(attr, here, 32, storage),
					other(attr, here, 32, storage);
				one_of_two = emit(first, 700);
				other_of_two = other.samples();
			}
			ASSERT_EQ(by_fast.size(), 700u);
			for (size_t i = 0; i < by_fast.size(); i++) {
				EXPECT_EQ(number_in(by_fast[i]), i);
				EXPECT_EQ(payload(by_fast[i]).at<uint8_t>(20),
					  static_cast<uint8_t>(i));
				EXPECT_EQ(by_fast[i].raw->size(), 28u);
				for (size_t at = 21; at < 28; at++)
					EXPECT_EQ(payload(by_fast[i]).at<uint8_t>(at), 0);
			}
			expect_equal(by_fast, by_slow);
			expect_equal(one_of_two, by_slow);
			expect_equal(other_of_two, by_slow);
			if (fields & PERF_SAMPLE_TIME)
				EXPECT_EQ(one_of_two[3].time, other_of_two[3].time)
					<< "of one emission";
		}
}

/* Each has what it asks for, and of the emission that it is of. */
void expect_what_was_asked(const std::vector<sample> &got, uint64_t fields, unsigned count)
{
	SCOPED_TRACE(testing::Message() << "fields " << std::hex << fields);
	ASSERT_EQ(got.size(), count);
	for (size_t i = 0; i < got.size(); i++) {
		const sample &s = got[i];
		EXPECT_EQ(number_in(s), i);
		EXPECT_EQ(payload(s).at<uint8_t>(2), 0) << "interrupts are on";
		EXPECT_EQ(payload(s).at<int32_t>(4), gettid());
		EXPECT_EQ(s.tid.value_or(0), fields & PERF_SAMPLE_TID ? gettid() : 0);
		EXPECT_EQ(s.pid.value_or(0), fields & PERF_SAMPLE_TID ? getpid() : 0);
		EXPECT_EQ(s.time.value_or(0) > 1, !!(fields & PERF_SAMPLE_TIME));
		EXPECT_EQ(s.cpu.value_or(7), fields & PERF_SAMPLE_CPU ? 0 : 7);
		EXPECT_EQ(s.ip.value_or(0) >> 63, !!(fields & PERF_SAMPLE_IP));
	}
}

/* The fields and number of the readers decide between fast and slow path. */
TEST_F(producer_fixed, a_reader_that_comes_and_goes_changes_nothing_for_the_others)
{
	const uint64_t sets[] = {PERF_SAMPLE_RAW, raw_time_tid_cpu,
				 raw_time_tid_cpu | PERF_SAMPLE_IP, every_field};
	for (uint64_t first : sets)
		for (uint64_t second : sets) {
			std::optional<event_reader> stays, goes;
			goes.emplace(typed_attr("fixed", first));
			expect_what_was_asked(emit(*goes, 5), first, 5);
			stays.emplace(typed_attr("fixed", second));
			expect_what_was_asked(emit(*goes, 5), first, 5);
			expect_what_was_asked(stays->samples(), second, 5);
			disable(stays->fd.get());
			expect_what_was_asked(emit(*goes, 5), first, 5);
			enable(stays->fd.get());
			goes.reset();
			stays->records.clear();
			expect_what_was_asked(emit(*stays, 5), second, 5);
			disable(stays->fd.get());
			EXPECT_TRUE(emit(*stays, 5).empty());
		}
}

TEST_F(producer_fixed, the_common_flags_say_that_interrupts_are_off)
{
	for (uint64_t fields : {uint64_t{PERF_SAMPLE_RAW}, raw_time_tid_cpu, every_field}) {
		event_reader reader(typed_attr("fixed", fields));
		ASSERT_EQ(command("irqs_off"), 0);
		const auto got = reader.samples();
		ASSERT_EQ(got.size(), 1u);
		EXPECT_EQ(payload(got[0]).at<uint8_t>(2), 0x01);
	}
}

TEST_F(producer_fixed, a_full_ring_stores_the_first_records_and_reports_the_rest_as_lost)
{
	for (unsigned storage : {PERFBUF_STORAGE_PAGES, PERFBUF_STORAGE_MIRRORED}) {
		event_reader reader(typed_attr("fixed"), target::every_process(0), 1, storage);
		ASSERT_EQ(command("restart"), 0);
		ASSERT_EQ(command("counted 100"), 0);
		std::vector<record> seen;
		reader.buffer.drain(seen);
		const auto kept = samples_in(seen, reader.attr);
		ASSERT_GT(kept.size(), 50u);
		ASSERT_LT(kept.size(), 100u);
		for (size_t i = 0; i < kept.size(); i++)
			EXPECT_EQ(number_in(kept[i]), i);
		ASSERT_EQ(command("counted 1"), 0);
		reader.buffer.drain(seen);
		const auto all = samples_in(seen, reader.attr);
		ASSERT_EQ(all.size(), kept.size() + 1);
		EXPECT_EQ(number_in(all.back()), 100u);
		EXPECT_EQ(lost_in(seen), 100 - kept.size());
		EXPECT_EQ(read_value(reader.fd.get()), 101u);
	}
	EXPECT_EQ(std::stoul(attribute("records")) + std::stoul(attribute("lost_full")), 202u);
}

/* Begins and ends each thing that the fast path does not do while the file is open. */
TEST_F(producer_fixed, the_fast_path_is_left_and_taken_again_while_the_file_is_open)
{
	event_reader reader(typed_attr("fixed"));
	const int fd = reader.fd.get();
	EXPECT_EQ(emit(reader, 10).size(), 10u);

	uint64_t period = 5;
	control(fd, PERF_EVENT_IOC_PERIOD, reinterpret_cast<unsigned long>(&period));
	EXPECT_EQ(emit(reader, 10).size(), 2u);
	period = 1;
	control(fd, PERF_EVENT_IOC_PERIOD, reinterpret_cast<unsigned long>(&period));
	EXPECT_EQ(emit(reader, 10).size(), 10u);

	disable(fd);
	EXPECT_EQ(emit(reader, 10).size(), 0u);
	enable(fd);
	EXPECT_EQ(emit(reader, 10).size(), 10u);

	control(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	EXPECT_EQ(emit(reader, 10).size(), 0u);
	control(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 0);
	EXPECT_EQ(emit(reader, 10).size(), 10u);
	EXPECT_EQ(lost_in(reader.records), 10u);

	EXPECT_EQ(read_value(fd), 60u);
}

TEST_F(producer_fixed, a_limit_and_a_filter_are_kept_to)
{
	event_reader limited(typed_attr("fixed"));
	disable(limited.fd.get());
	control(limited.fd.get(), PERF_EVENT_IOC_REFRESH, 3);
	EXPECT_EQ(emit(limited, 10).size(), 3u);

	event_reader filtered(typed_attr("fixed"));
	EXPECT_EQ(emit(filtered, 10).size(), 10u);
	set_filter(filtered, "number == 4");
	EXPECT_EQ(emit(filtered, 10).size(), 1u);
	set_filter(filtered, "number < 4");
	EXPECT_EQ(emit(filtered, 10).size(), 4u);
}

/* An event that counts samples towards a wakeup has no fast path. */
TEST_F(producer_fixed, every_third_sample_wakes_the_reader)
{
	perf_event_attr attr = typed_attr("fixed");
	attr.wakeup_events = 3;
	event_reader reader(attr);
	EXPECT_EQ(emit(reader, 2).size(), 2u);
	EXPECT_FALSE(poll_in(reader.fd.get()));
	ASSERT_EQ(command("counted 1"), 0);
	EXPECT_TRUE(poll_in(reader.fd.get()));
}

TEST_F(producer_fixed, half_a_ring_of_samples_wakes_the_reader)
{
	event_reader reader(typed_attr("fixed"), target::every_process(0), 1);
	ASSERT_EQ(command("counted 20"), 0);
	EXPECT_FALSE(poll_in(reader.fd.get()));
	ASSERT_EQ(command("counted 20"), 0);
	EXPECT_TRUE(poll_in(reader.fd.get()));
}

TEST_F(producer_fixed, a_reader_of_a_task_gets_the_samples_of_that_task)
{
	event_reader mine(typed_attr("fixed"), target::thread(0)),
		on_cpu_0(typed_attr("fixed"), target::thread(0, 0));
	EXPECT_EQ(emit(mine, 10).size(), 10u);
	pin_to(1);
	EXPECT_EQ(emit(mine, 10).size(), 10u);
	const auto here = on_cpu_0.samples();
	ASSERT_EQ(here.size(), 10u);
	EXPECT_EQ(here[0].cpu, 0u);
	EXPECT_EQ(here[0].tid, gettid());
}

TEST_F(producer_fixed, a_fixed_size_event_emitted_within_itself_is_dropped_and_counted)
{
	event_reader reader(typed_attr("fixed"));
	ASSERT_EQ(command("fixed_recursion"), 0);
	EXPECT_EQ(reader.samples().size(), 1u);
	EXPECT_EQ(attribute("lost_recursion"), "1");
	event_reader other(typed_attr("fixed"));
	ASSERT_EQ(command("fixed_recursion"), 0);
	EXPECT_EQ(other.samples().size(), 1u);
	EXPECT_EQ(attribute("lost_recursion"), "3") << "the payload is stored once for both";
}

} /* namespace */
