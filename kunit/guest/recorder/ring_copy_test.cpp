// SPDX-License-Identifier: GPL-2.0
/* copy_ring() of the reader's library: rings in overwrite mode, copied while their writers go on.
 */
#include <cstring>
#include <optional>

#include <gtest/gtest.h>
#include <perfbuf/ring_copy.hpp>

#include "recorder/recorders.hpp"

using namespace recorder_test;
namespace reader = perfbuf::reader;

namespace
{

constexpr size_t pages = 16;

/* The sample of the event step, as the attribute below has it. */
struct sample {
	perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
	uint32_t raw_bytes;
	perf_event_header common; /* 8 bytes: what all events begin with */
	step payload;
} __attribute__((packed));

class ring_copy : public flight_recorder, public testing::WithParamInterface<bool>
{
protected:
	void SetUp() override
	{
		ASSERT_EQ(load("bytes_per_cpu=0"), 0);
		ASSERT_NO_FATAL_FAILURE(open_on(0));
	}

	/* On @cpu; -1: the events of this task, on any CPU. */
	void open_on(int cpu)
	{
		mapping_.reset();
		auto opened = reader::file::open("recdev");
		ASSERT_TRUE(opened);
		file_.emplace(std::move(*opened));
		perf_event_attr attr = {};
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = std::stoull(read_file("/sys/class/perfbuf/recdev/events/step/id"));
		attr.sample_period = 1;
		attr.sample_type =
			PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;
		attr.write_backward = GetParam();
		attr.watermark = 1;
		attr.wakeup_watermark = pages * reader::page_size() / 16;
		ASSERT_TRUE(file_->configure(attr, cpu < 0 ? 0 : -1, cpu));
		auto mapped =
			reader::mapping::map(*file_, pages, reader::mapping::access::overwrite);
		ASSERT_TRUE(mapped);
		mapping_.emplace(std::move(*mapped));
		ASSERT_TRUE(file_->enable());
	}

	/* Whole, and of each context one number and time after the other: step has the even
	 * numbers. An NMI between the reading of the clock and the reservation stands before what
	 * it interrupted. */
	size_t expect_whole(const reader::ring_copy &copied)
	{
		size_t count = 0;
		std::map<uint8_t, uint64_t> times;
		last_.clear();
		copied.each([&](const reader::record &each) {
			sample found = {};
			if (each.type() != PERF_RECORD_SAMPLE)
				return;
			count++;
			std::memcpy(&found, each.bytes().data(),
				    std::min(sizeof(found), each.size()));
			const step payload = found.payload;
			const uint64_t now = found.time, number = payload.number;
			EXPECT_EQ(uint64_t{payload.check}, check_of(payload, found.cpu))
				<< "torn: number " << number;
			EXPECT_LE(times[uint8_t{payload.context}], now);
			times[uint8_t{payload.context}] = now;
			const auto [at, is_new] =
				last_.try_emplace(uint8_t{payload.context}, number);
			if (!is_new) {
				EXPECT_EQ(number, at->second + 2);
				at->second = number;
			}
		});
		return count;
	}

	std::optional<reader::file> file_;
	std::optional<reader::mapping> mapping_;
	std::map<uint8_t, uint64_t> last_;
};

} /* namespace */

TEST_P(ring_copy, a_copy_of_a_ring_that_is_being_overwritten_has_whole_records_in_order)
{
	ASSERT_EQ(command("start"), 0);
	size_t records = 0, cut = 0;
	for (int i = 0; i < 200 && !HasFailure(); i++) {
		const auto copied = reader::copy_ring(*file_, *mapping_);
		ASSERT_TRUE(copied) << copied.error().text;
		records += expect_whole(*copied);
		cut += copied->left_out != 0;
		if (i % 8 == 0)
			usleep(1000);
	}
	ASSERT_EQ(command("stop"), 0);
	EXPECT_GT(records, 200u);
	EXPECT_GT(cut, 0u) << "the ring was overwritten meanwhile";

	const auto last = reader::copy_ring(*file_, *mapping_);
	ASSERT_TRUE(last) << last.error().text;
	EXPECT_GT(expect_whole(*last), 500u);
	EXPECT_LT(last->left_out, 2 * pages * reader::page_size() / 16 + sizeof(sample))
		<< "no writer runs any more: what stands before the first mark, or a part of a "
		   "record";
	std::istringstream text(read_file("/sys/module/perfbuf_test_recorder/parameters/numbers"));
	uint64_t cpu, task, irq, nmi;
	text >> cpu >> task >> irq >> nmi;
	EXPECT_EQ(cpu, 0u);
	EXPECT_EQ(last_[0], task & ~1ull);
	EXPECT_EQ(last_[2], irq & ~1ull);
	/* On a slow machine the last NMI may be older than the ring. */
	if (last_.contains(3))
		EXPECT_EQ(last_[3], nmi & ~1ull);
}

/* docs/architectures.md: to order the stores of all CPUs would interrupt them all. */
TEST_P(ring_copy, the_ring_of_an_event_without_a_cpu_is_copied_while_it_is_paused)
{
	ASSERT_NO_FATAL_FAILURE(open_on(-1));
	const auto running = reader::copy_ring(*file_, *mapping_);
#ifdef __aarch64__
	ASSERT_FALSE(running);
	EXPECT_EQ(running.error().code, std::errc::operation_not_supported);
#else
	EXPECT_TRUE(running) << running.error().text;
#endif
	ASSERT_TRUE(file_->pause(true));
	const auto paused = reader::copy_ring(*file_, *mapping_);
	EXPECT_TRUE(paused) << paused.error().text;
}

TEST_P(ring_copy, a_copy_of_a_ring_that_was_never_full_has_all_its_records)
{
	const auto nothing = reader::copy_ring(*file_, *mapping_);
	ASSERT_TRUE(nothing);
	EXPECT_TRUE(nothing->bytes.empty());
	EXPECT_EQ(nothing->left_out, 0u);
	ASSERT_TRUE(file_->set_filter("number < 100"));
	ASSERT_EQ(command("start"), 0);
	usleep(50000);
	ASSERT_EQ(command("stop"), 0);
	const auto copied = reader::copy_ring(*file_, *mapping_);
	ASSERT_TRUE(copied);
	EXPECT_EQ(copied->left_out, 0u);
	EXPECT_GT(expect_whole(*copied), 49u) << "of tasks alone there are 49";
	EXPECT_EQ(last_[0], 98u);
}

TEST_P(ring_copy, a_copy_without_a_mapping_has_the_records_of_one_with_a_mapping)
{
	ASSERT_EQ(command("start"), 0);
	for (int i = 0; i < 50 && !HasFailure(); i++) {
		const auto copied = reader::copy_ring(*file_);
		ASSERT_TRUE(copied) << copied.error().text;
		expect_whole(*copied);
	}
	ASSERT_EQ(command("stop"), 0);
	const auto mapped = reader::copy_ring(*file_, *mapping_);
	const auto copied = reader::copy_ring(*file_);
	ASSERT_TRUE(mapped && copied);
	EXPECT_GT(expect_whole(*copied), 500u);
	EXPECT_EQ(copied->bytes, mapped->bytes);
	EXPECT_EQ(copied->left_out, mapped->left_out);
	const auto description = reader::describe_ring(*file_);
	ASSERT_TRUE(description);
	EXPECT_TRUE(description->overwrite);
	EXPECT_EQ(description->bytes, pages * reader::page_size());
	EXPECT_EQ(description->attr.write_backward, GetParam());
}

TEST_P(ring_copy, a_copy_of_a_ring_in_discard_mode_is_refused)
{
	auto other = reader::file::open("clock");
	ASSERT_TRUE(other);
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.disabled = 1;
	EXPECT_EQ(reader::copy_ring(*other, *mapping_).error().code.value(), EBADFD);
	ASSERT_TRUE(other->configure(attr, -1, 0));
	EXPECT_EQ(reader::copy_ring(*other, *mapping_).error().code.value(), EINVAL)
		<< "not mapped";
	auto ring = reader::mapping::map(*other, 1);
	ASSERT_TRUE(ring);
	EXPECT_EQ(reader::copy_ring(*other, *ring).error().code.value(), EINVAL);
	EXPECT_EQ(reader::copy_ring(*other).error().code.value(), EINVAL);
	EXPECT_FALSE(reader::describe_ring(*other)->overwrite);
}

INSTANTIATE_TEST_SUITE_P(direction, ring_copy, testing::Bool(),
			 [](const auto &of) { return of.param ? "backward" : "forward"; });
