// SPDX-License-Identifier: GPL-2.0
/* Bursts: each reader sees all records of a burst or none, whichever context interrupts the writer.
 */
#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "producer/source.hpp"

using namespace device_test;

namespace
{

class producer_burst : public source_test
{
};

struct group_record {
	explicit group_record(const sample &s)
		: context(payload(s).at<uint32_t>(8)), number(payload(s).at<uint64_t>(12)),
		  index(payload(s).at<uint8_t>(20)), count(payload(s).at<uint8_t>(21)),
		  flags(payload(s).at<uint8_t>(2))
	{
	}

	uint32_t context;
	uint64_t number;
	unsigned index, count;
	uint8_t flags;
};

void set_filter(const event_reader &of, const char *text)
{
	control(of.fd.get(), PERF_EVENT_IOC_SET_FILTER, reinterpret_cast<unsigned long>(text));
}

/* The records of a stream, burst by burst. */
class bursts
{
public:
	void add(const group_record &record)
	{
		ASSERT_LT(record.context, 4u);
		if (!within_) {
			ASSERT_EQ(record.index, 0u);
			ASSERT_GE(record.number, next_[record.context])
				<< "of context " << record.context;
		} else {
			ASSERT_EQ(record.context, last_.context) << "a record within a burst";
			ASSERT_EQ(record.index, last_.index + 1);
			ASSERT_EQ(record.number, last_.number + 1);
			ASSERT_EQ(record.count, last_.count);
		}
		EXPECT_EQ(!!(record.flags & 0x40), record.context == 3);
		next_[record.context] = record.number + 1;
		records[record.context]++;
		within_ = record.index + 1 != record.count;
		last_ = record;
	}
	bool is_whole() const { return !within_; }

	std::array<uint64_t, 4> records = {};

private:
	std::array<uint64_t, 4> next_ = {};
	bool within_ = false;
	group_record last_{sample_of_nothing()};

	static sample sample_of_nothing()
	{
		sample s = {};
		s.raw.emplace(28);
		return s;
	}
};

/* @others: readers beside the one that is checked; @filter: which drops nothing. */
void storm(unsigned others, bool filter)
{
	SCOPED_TRACE(testing::Message() << others << " others, filter " << filter);
	constexpr unsigned rounds = 1000;
	const perf_event_attr attr = typed_attr("group");
	event_reader reader(attr, target::every_process(0), 512);
	std::vector<std::unique_ptr<event_reader>> more;
	for (unsigned i = 0; i < others; i++)
		more.push_back(std::make_unique<event_reader>(attr));
	if (filter)
		set_filter(reader, "count > 0");

	bursts seen;
	uint64_t lost = 0;
	const auto look = [&] {
		std::vector<record> records;
		reader.buffer.drain(records);
		lost += lost_in(records);
		for (const sample &s : samples_in(records, attr))
			ASSERT_NO_FATAL_FAILURE(seen.add(group_record(s)));
		ASSERT_TRUE(seen.is_whole()) << "a part of a burst is published";
	};
	ASSERT_EQ(command("restart"), 0);
	const auto saw_each_context = [&] {
		return std::all_of(seen.records.begin(), seen.records.end(),
				   [](uint64_t records) { return records > 0; });
	};
	/* A reader that comes late to its CPU may lose all that a storm's interrupts wrote. */
	for (int turn = 0; turn < 5 && !saw_each_context(); turn++) {
		pin_to(1);
		std::atomic<int> answer = -1;
		std::thread busy([&] { answer = command("storm " + std::to_string(rounds)); });
		while (answer < 0 && !testing::Test::HasFatalFailure())
			look();
		busy.join();
		pin_to(0);
		ASSERT_EQ(answer, 0);
		look();
	}
	/* A read(2) reports a loss that no record follows. */
	read_value(reader.fd.get());
	look();

	uint64_t emitted = 0, all = 0;
	for (unsigned context = 0; context < 4; context++) {
		emitted += source_parameter("grouped", context);
		all += seen.records[context];
		EXPECT_GT(seen.records[context], 0u) << "of context " << context;
	}
	EXPECT_EQ(all + lost, emitted);
	EXPECT_EQ(read_value(reader.fd.get()), emitted);
}

TEST_F(producer_burst, a_reader_sees_whole_bursts_from_each_context_in_a_storm)
{
	storm(0, false);
}

TEST_F(producer_burst, readers_that_share_an_event_see_whole_bursts_in_a_storm)
{
	storm(2, false);
}

TEST_F(producer_burst, a_reader_with_a_filter_sees_whole_bursts_in_a_storm)
{
	storm(1, true);
}

TEST_F(producer_burst, a_burst_without_space_is_lost_as_a_whole_and_reported)
{
	event_reader reader(typed_attr("group"), target::every_process(0), 1);
	ASSERT_EQ(command("restart"), 0);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(command("group 40"), 0);
	const auto first = reader.samples();
	ASSERT_EQ(first.size(), 40u) << "a second one is larger than what is left of a page";
	for (unsigned i = 0; i < 40; i++)
		EXPECT_EQ(group_record(first[i]).number, i);
	EXPECT_EQ(attribute("lost_full"), "80");

	ASSERT_EQ(command("group 5"), 0);
	reader.records.clear();
	const auto second = reader.samples();
	ASSERT_EQ(second.size(), 5u);
	EXPECT_EQ(group_record(second[0]).number, 120u);
	EXPECT_EQ(lost_in(reader.records), 80u);
}

TEST_F(producer_burst, a_filter_chooses_among_the_records_of_a_burst)
{
	event_reader all(typed_attr("group")), some(typed_attr("group"));
	set_filter(some, "index & 3");
	ASSERT_EQ(command("restart"), 0);
	ASSERT_EQ(command("group 64"), 0);
	EXPECT_EQ(all.samples().size(), 64u);
	const auto chosen = some.samples();
	ASSERT_EQ(chosen.size(), 48u);
	for (unsigned i = 0; i < 48; i++)
		EXPECT_EQ(group_record(chosen[i]).index, i / 3 * 4 + i % 3 + 1);
	EXPECT_EQ(read_value(some.fd.get()), 48u);
	EXPECT_EQ(attribute("lost"), "0");
}

TEST_F(producer_burst, more_records_than_a_burst_may_have_are_lost_as_too_big)
{
	event_reader reader(typed_attr("group"));
	ASSERT_EQ(command("group 65"), 0);
	EXPECT_EQ(attribute("lost_too_big"), "65");
	read_value(reader.fd.get());
	EXPECT_EQ(reader.samples().size(), 0u);
	EXPECT_EQ(lost_in(reader.records), 65u);
	ASSERT_EQ(command("group 64"), 0);
	EXPECT_EQ(reader.samples().size(), 64u);
}

/* A period, and samples of another layout: each record by itself. */
TEST_F(producer_burst, a_reader_that_does_not_take_each_record_counts_each)
{
	perf_event_attr every_third = typed_attr("group");
	every_third.sample_period = 3;
	perf_event_attr chains = typed_attr("group");
	chains.sample_type |= PERF_SAMPLE_CALLCHAIN;
	event_reader third(every_third), chained(chains);
	ASSERT_EQ(command("restart"), 0);
	ASSERT_EQ(command("group 31"), 0);
	const auto got = third.samples();
	ASSERT_EQ(got.size(), 10u);
	EXPECT_EQ(group_record(got[9]).number, 29u);
	EXPECT_EQ(read_value(third.fd.get()), 31u);
	EXPECT_EQ(chained.samples().size(), 31u);
}

} /* namespace */
