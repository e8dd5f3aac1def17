// SPDX-License-Identifier: GPL-2.0
/* Tests of emissions: which readers receive a record, from which context, and which records are
 * lost. */
#include <array>
#include <atomic>
#include <thread>

#include <sys/wait.h>

#include "producer/source.hpp"

using namespace device_test;

namespace
{

class producer_emit : public source_test
{
};

uint64_t number_in(const sample &s)
{
	return payload(s).at<uint64_t>(12);
}

TEST_F(producer_emit, an_event_without_readers_is_not_written)
{
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(attribute("records"), "0");
	event_reader reader(typed_attr("counted"));
	disable(reader.fd.get());
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(attribute("records"), "0");
	EXPECT_EQ(attribute("lost"), "0");
	EXPECT_EQ(read_value(reader.fd.get()), 0u);
	enable(reader.fd.get());
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(reader.samples().size(), 10u);
	EXPECT_EQ(read_value(reader.fd.get()), 10u);
}

TEST_F(producer_emit, an_event_on_a_cpu_is_of_that_cpu)
{
	event_reader here(typed_attr("counted")),
		there(typed_attr("counted"), target::every_process(1));
	ASSERT_EQ(command("counted 3"), 0);
	pin_to(1);
	ASSERT_EQ(command("counted 4"), 0);
	EXPECT_EQ(here.samples().size(), 3u);
	const auto on_1 = there.samples();
	ASSERT_EQ(on_1.size(), 4u);
	EXPECT_EQ(on_1[0].cpu, 1u);
}

TEST_F(producer_emit, an_event_on_a_task_is_of_that_task)
{
	const perf_event_attr attr = typed_attr("counted");
	event_reader mine(attr, target::thread(0)), on_cpu_1(attr, target::thread(0, 1));
	ASSERT_EQ(command("counted 3"), 0);
	EXPECT_TRUE(run_in_child([] { return command("counted 5"); }).clean());
	pin_to(1);
	ASSERT_EQ(command("counted 4"), 0);
	EXPECT_EQ(mine.samples().size(), 7u) << "on both CPUs";
	EXPECT_EQ(on_cpu_1.samples().size(), 4u);
}

TEST_F(producer_emit, an_inherited_event_is_of_the_children_too)
{
	perf_event_attr attr = typed_attr("counted");
	attr.inherit = 1;
	event_reader reader(attr, target::thread(0, 0));
	EXPECT_TRUE(run_in_child([] { return command("counted 5"); }).clean());
	ASSERT_EQ(command("counted 2"), 0);
	EXPECT_EQ(reader.samples().size(), 7u);

	/* On any CPU it only counts. */
	unique_fd counting = open_source();
	ASSERT_EQ(configure(counting.get(), &attr, target::thread(0)), 0);
	enable(counting.get());
	EXPECT_TRUE(run_in_child([] {
			    pin_to(1);
			    return command("counted 5");
		    }).clean());
	EXPECT_EQ(read_value(counting.get()), 5u);
}

TEST_F(producer_emit, a_period_of_n_writes_every_nth_occurrence)
{
	perf_event_attr attr = typed_attr("counted", PERF_SAMPLE_RAW | PERF_SAMPLE_PERIOD);
	attr.sample_period = 3;
	event_reader reader(attr);
	ASSERT_EQ(command("restart"), 0);
	ASSERT_EQ(command("counted 10"), 0);
	const auto all = reader.samples();
	ASSERT_EQ(all.size(), 3u);
	EXPECT_EQ(number_in(all[0]), 2u);
	EXPECT_EQ(number_in(all[2]), 8u);
	EXPECT_EQ(all[0].period, 3u);
	EXPECT_EQ(read_value(reader.fd.get()), 10u);

	attr.sample_period = 0;
	unique_fd counting = open_source();
	ASSERT_EQ(configure(counting.get(), &attr, target::every_process(0)), 0);
	enable(counting.get());
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(read_value(counting.get()), 10u);
}

TEST_F(producer_emit, refresh_allows_as_many_records_as_it_says)
{
	event_reader reader(typed_attr("counted"));
	disable(reader.fd.get());
	control(reader.fd.get(), PERF_EVENT_IOC_REFRESH, 4);
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(reader.samples().size(), 4u);
	control(reader.fd.get(), PERF_EVENT_IOC_REFRESH, 1);
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(reader.samples().size(), 5u);
}

TEST_F(producer_emit, refresh_by_a_negative_number_takes_back)
{
	event_reader reader(typed_attr("counted"));
	disable(reader.fd.get());
	control(reader.fd.get(), PERF_EVENT_IOC_REFRESH, 4);
	control(reader.fd.get(), PERF_EVENT_IOC_REFRESH, static_cast<unsigned long>(-1));
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(reader.samples().size(), 3u);
	control(reader.fd.get(), PERF_EVENT_IOC_REFRESH, static_cast<unsigned long>(-1));
	ASSERT_EQ(command("counted 10"), 0);
	EXPECT_EQ(reader.samples().size(), 13u) << "no limit is reached";
}

/* The slow one's ring is full at once; the other two have everything. */
TEST_F(producer_emit, a_slow_reader_costs_other_readers_no_record)
{
	const perf_event_attr attr = typed_attr("counted");
	event_reader slow(attr, target::every_process(0), 1), fast(attr), third(attr);
	ASSERT_EQ(command("restart"), 0);
	size_t seen = 0;
	for (int turn = 0; turn < 20; turn++) {
		ASSERT_EQ(command("counted 100"), 0);
		fast.records.clear();
		for (const sample &s : fast.samples())
			EXPECT_EQ(number_in(s), seen++);
		third.buffer.drain(third.records);
	}
	EXPECT_EQ(seen, 2000u);
	EXPECT_EQ(third.samples().size(), 2000u);

	std::vector<record> drained;
	slow.buffer.drain(drained);
	const size_t kept = samples_in(drained, slow.attr).size();
	EXPECT_GT(kept, 0u);
	EXPECT_LT(kept, 100u);
	/* The next record reports the loss. */
	ASSERT_EQ(command("counted 1"), 0);
	slow.buffer.drain(drained);
	EXPECT_EQ(samples_in(drained, slow.attr).size() + lost_in(drained), 2001u);
	EXPECT_EQ(attribute("lost_full"), std::to_string(lost_in(drained)));
}

TEST_F(producer_emit, an_event_emitted_within_itself_is_dropped_and_counted)
{
	const perf_event_attr attr = typed_attr("dump");
	event_reader first(attr), other(attr);
	ASSERT_EQ(command("recursion"), 0);
	for (event_reader *each : {&first, &other}) {
		const auto all = each->samples();
		ASSERT_EQ(all.size(), 1u);
		EXPECT_EQ(payload(all[0]).dynamic(8), "outermos");
	}
	/* Within each of the two records, each of the two loses one. */
	EXPECT_EQ(attribute("lost_recursion"), "4");
	ASSERT_EQ(command("recursion"), 0);
	EXPECT_EQ(first.samples().size(), 2u) << "and the next is written again";
}

/* Counted, or fixed: from task, softirq, irq and NMI on one CPU, everything comes once and whole,
 * or is reported as lost. */
void nest_at_once(const std::string &event)
{
	constexpr unsigned rounds = 3000;
	event_reader reader(typed_attr(event), target::every_process(0), 512);
	ASSERT_EQ(command("restart"), 0);
	pin_to(1);
	std::atomic<int> answer = -1;
	std::thread busy([&] { answer = command("storm " + std::to_string(rounds)); });
	while (answer < 0)
		reader.buffer.drain(reader.records);
	busy.join();
	ASSERT_EQ(answer, 0);
	/* A read(2) reports a loss that no record follows. */
	read_value(reader.fd.get());

	std::array<uint64_t, 4> next = {}, samples = {};
	for (const sample &s : reader.samples()) {
		const payload p(s);
		const auto context = p.at<uint32_t>(8);
		ASSERT_LT(context, 4u);
		const uint64_t number = p.at<uint64_t>(12);
		ASSERT_GE(number, next[context]) << "of context " << context;
		next[context] = number + 1;
		if (event == "counted")
			ASSERT_EQ(p.dynamic(20), std::string(number % 64, '\0'));
		else
			ASSERT_EQ(p.at<uint8_t>(20), static_cast<uint8_t>(number));
		samples[context]++;
		const uint8_t flags = p.at<uint8_t>(2);
		EXPECT_EQ(!!(flags & 0x40), context == 3);
		if (context != 3) {
			EXPECT_EQ(!!(flags & 0x08), context == 2);
			EXPECT_EQ(!!(flags & 0x01), context == 2) << "interrupts are off";
		}
	}
	uint64_t emitted = 0, seen = 0;
	for (unsigned context = 0; context < 4; context++) {
		emitted += source_parameter("numbers", context);
		seen += samples[context];
		EXPECT_GT(samples[context], 0u) << "of context " << context;
	}
	EXPECT_EQ(seen + lost_in(reader.records), emitted);
	EXPECT_EQ(read_value(reader.fd.get()), emitted);
}

TEST_F(producer_emit, task_softirq_irq_and_nmi_emit_within_each_other)
{
	nest_at_once("counted");
}

TEST_F(producer_emit, task_softirq_irq_and_nmi_emit_a_fixed_size_event_within_each_other)
{
	nest_at_once("fixed");
}

/* A record of a context that the source has not declared is not written, and counted. */
TEST_F(producer_emit, contexts_that_were_not_declared_are_lost)
{
	constexpr unsigned rounds = 200;
	EXPECT_EQ(command("contexts 16"), EINVAL);
	for (unsigned declared : {1u, 2u, 4u, 8u, 5u, 15u}) {
		ASSERT_EQ(command("contexts " + std::to_string(declared)), 0);
		event_reader first(typed_attr("counted"), target::every_process(0), 512),
			other(typed_attr("counted"), target::every_process(0), 512);
		ASSERT_EQ(command("restart"), 0);
		ASSERT_EQ(command("storm " + std::to_string(rounds)), 0);
		/* A storm may fill the ring. A read(2) reports a loss that no record follows, once
		 * there is space. */
		first.samples();
		read_value(first.fd.get());
		uint64_t written = 0, expected = 0, undeclared = 0;
		for (const sample &s : first.samples()) {
			EXPECT_TRUE(declared & 1u << payload(s).at<uint32_t>(8));
			written++;
		}
		for (unsigned context = 0; context < 4; context++)
			(declared & 1u << context ? expected : undeclared) +=
				source_parameter("numbers", context);
		EXPECT_EQ(written + lost_in(first.records), expected + undeclared) << declared;
		EXPECT_LE(written, expected) << declared;
		EXPECT_GT(written, 0u) << declared;
		EXPECT_EQ(attribute("lost_context"), std::to_string(2 * undeclared));
		EXPECT_GE(std::stoull(attribute("lost")), 2 * undeclared);
	}
	ASSERT_EQ(command("contexts 0"), 0);
}

/* Without RAW the record of a time alone is shorter than what could stand in its place. */
TEST_F(producer_emit, a_discarded_record_leaves_its_neighbours_whole)
{
	perf_event_attr attr = typed_attr("dump", PERF_SAMPLE_TIME);
	attr.sample_id_all = 1;
	unique_fd fd = open_source();
	ASSERT_EQ(configure(fd.get(), &attr, target::every_process(0)), 0);
	mapping overwriting(fd.get(), 1, PROT_READ);
	enable(fd.get());
	ASSERT_EQ(command("dump 64"), 0);

	constexpr size_t samples = 4, bytes = sizeof(perf_event_header) + sizeof(uint64_t);
	ASSERT_EQ(overwriting.page()->data_head, samples * bytes);
	for (size_t i = 0; i < samples; i++) {
		perf_event_header header;
		uint64_t time;
		memcpy(&header, overwriting.data() + i * bytes, sizeof(header));
		memcpy(&time, overwriting.data() + i * bytes + sizeof(header), sizeof(time));
		EXPECT_EQ(header.type, static_cast<uint32_t>(PERF_RECORD_SAMPLE));
		EXPECT_EQ(header.size, bytes);
		EXPECT_GT(time, 0u);
	}
}

} /* namespace */
