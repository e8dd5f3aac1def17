// SPDX-License-Identifier: GPL-2.0
/* perfbuf_recorder_dump() of kunit/guest/recorder's driver: what the kernel then has as
 * devcoredumps. */
#include <algorithm>
#include <array>
#include <filesystem>

#include <gtest/gtest.h>

#include "recorder/recorders.hpp"
#include "support/parameter.hpp"

using namespace device_test;
using namespace recorder_test;

namespace
{

namespace fs = std::filesystem;

constexpr const char *dumps_folder = "/sys/class/devcoredump";

/* Where the dumps are now. */
std::vector<fs::path> dumps()
{
	std::vector<fs::path> all;
	std::error_code gone;
	for (const auto &each : fs::directory_iterator(dumps_folder, gone))
		/* A device comes before its files. */
		if (each.path().filename().string().starts_with("devcd") &&
		    fs::exists(each.path() / "data", gone))
			all.push_back(each.path());
	return all;
}

template <typename Done>
bool wait_until(Done done)
{
	for (int i = 0; i < 3000; i++) {
		if (done())
			return true;
		usleep(10000);
	}
	return false;
}

void free_dumps()
{
	const bool freed = wait_until([] {
		const auto all = dumps();
		for (const auto &each : all)
			write_file(each / "data", "0");
		return all.empty();
	});
	EXPECT_TRUE(freed);
}

recorder::contents contents_of(const std::string &bytes)
{
	auto made = recorder::parse_snapshot(std::as_bytes(std::span(bytes)));
	if (!made)
		throw std::runtime_error(made.error().text);
	return std::move(*made);
}

/* Of the one dump that there is, or comes soon. */
recorder::contents must_have_dump()
{
	if (!wait_until([] { return !dumps().empty(); }))
		throw std::runtime_error("there is no devcoredump");
	const auto all = dumps();
	if (all.size() != 1)
		throw std::runtime_error("there is more than one devcoredump");
	return contents_of(read_file(all[0] / "data"));
}

using numbers = std::map<std::pair<uint32_t, uint8_t>, uint64_t>;

/* Of each CPU and context the last number: those that the driver kept, and those of events. */
numbers numbers_of_driver()
{
	numbers kept;
	std::istringstream text(read_file("/sys/module/perfbuf_test_recorder/parameters/numbers"));
	uint32_t cpu;
	uint64_t task, irq, nmi;
	while (text >> cpu >> task >> irq >> nmi) {
		kept[{cpu, 0}] = task;
		kept[{cpu, 2}] = irq;
		kept[{cpu, 3}] = nmi;
	}
	return kept;
}

numbers numbers_of(const std::vector<recorder::recorded_event> &events)
{
	numbers last;
	for (const auto &each : events)
		last[{each.cpu, step_of(each).context}] = step_of(each).number;
	return last;
}

/* The records of a CPU and context in the dump end with the number that the driver has counted. */
void expect_numbers_of_driver(const recorder::contents &dump, const numbers &kept)
{
	recorder::omissions left_out;
	const numbers last = numbers_of(whole_events(dump, left_out));
	EXPECT_GE(last.size(), 3u) << "of task, irq and NMI";
	for (const auto &[at, number] : last)
		EXPECT_EQ(number, kept.at(at))
			<< "cpu " << at.first << " context " << unsigned{at.second};
	EXPECT_EQ(left_out.overwritten, 0u) << "no writer ran meanwhile";
}

class recorder_dump : public flight_recorder
{
protected:
	void SetUp() override
	{
		if (!fs::exists(dumps_folder))
			GTEST_SKIP() << "the kernel has no devcoredumps";
		free_dumps();
	}
	void TearDown() override { free_dumps(); }

	/* Emits for a while, and stops. */
	static void emit()
	{
		ASSERT_EQ(command("start"), 0);
		usleep(50000);
		ASSERT_EQ(command("stop"), 0);
	}

	parameter as_often_as_requested{"recorder_dump_seconds", "0"};
};

} /* namespace */

TEST_F(flight_recorder,
       a_dump_is_made_where_the_kernel_has_devcoredumps_and_is_unsupported_elsewhere)
{
	ASSERT_EQ(load(), 0);
	EXPECT_EQ(command("dump"), fs::exists(dumps_folder) ? 0 : EOPNOTSUPP);
	if (fs::exists(dumps_folder))
		must_have_dump();
	free_dumps();
}

TEST_F(recorder_dump, a_dump_has_the_last_numbers_that_the_driver_stored_and_refers_to_the_device)
{
	ASSERT_EQ(load(), 0);
	emit();
	ASSERT_EQ(command("dump"), 0);
	const recorder::contents dump = must_have_dump();
	EXPECT_EQ(dump.of.source, "recdev");
	expect_numbers_of_driver(dump, numbers_of_driver());
	EXPECT_EQ(fs::canonical(dumps().at(0) / "failing_device").filename(), "recdev");
}

TEST_F(recorder_dump, a_dump_can_be_requested_in_an_interrupt_and_in_an_nmi_while_writers_go_on)
{
	ASSERT_EQ(load(), 0);
	ASSERT_EQ(command("start"), 0);
	for (const char *from : {"dump", "dump-irq", "dump-nmi"}) {
		SCOPED_TRACE(from);
		ASSERT_EQ(command(from), 0);
		recorder::omissions left_out;
		EXPECT_GT(whole_events(must_have_dump(), left_out).size(), 100u);
		free_dumps();
		/* The kernel may have the dump before the request is over. */
		ASSERT_TRUE(wait_until([] { return command("dump") != EBUSY; }));
		must_have_dump();
		free_dumps();
		ASSERT_TRUE(wait_until([] { return dumps().empty(); }));
		usleep(100000);
	}
	ASSERT_EQ(command("stop"), 0);
}

TEST_F(recorder_dump, a_second_dump_of_a_source_is_refused_within_the_time_of_the_parameter)
{
	parameter seldom("recorder_dump_seconds", "1000");
	ASSERT_EQ(load(), 0);
	ASSERT_EQ(command("dump"), 0);
	must_have_dump();
	int error = 0;
	ASSERT_TRUE(wait_until([&] { return (error = command("dump")) != EBUSY; }));
	EXPECT_EQ(error, EAGAIN);
	EXPECT_EQ(command("dump-nmi"), EAGAIN);
	parameter always("recorder_dump_seconds", "0");
	free_dumps();
	EXPECT_EQ(command("dump"), 0);
	must_have_dump();
}

TEST_F(recorder_dump, a_dump_of_a_source_without_a_recorder_is_refused)
{
	ASSERT_EQ(load("bytes_per_cpu=0"), 0);
	EXPECT_EQ(command("dump"), ENOENT);
	ASSERT_EQ(write_file(recorder_attribute, "8K step"), 0);
	EXPECT_EQ(command("dump"), 0);
	EXPECT_EQ(must_have_dump().of.bytes_per_cpu, 8192u);
}

TEST_F(recorder_dump, a_pending_dump_is_made_before_the_driver_is_unloaded)
{
	ASSERT_EQ(load("dump_at_exit=1"), 0);
	emit();
	const numbers kept = numbers_of_driver();
	ASSERT_EQ(unload(), 0);
	ASSERT_EQ(dumps().size(), 1u) << "without waiting";
	expect_numbers_of_driver(must_have_dump(), kept);
}

/* Requests come from interrupts and NMIs of both CPUs at each step of its end and its beginning. */
TEST_F(recorder_dump, dumps_can_be_requested_while_the_source_goes_and_comes)
{
	parameter most("recorders_kept_max", "2");
	ASSERT_EQ(load(), 0);
	ASSERT_EQ(command("dumps"), 0);
	int decoded = 0;
	for (int i = 0; i < 4 && !HasFatalFailure(); i++) {
		ASSERT_EQ(command("again"), 0);
		ASSERT_EQ(write_file(recorder_attribute, i % 2 ? "8K" : "0"), 0);
		for (const auto &each : dumps()) {
			const std::string bytes = read_file(each / "data");
			recorder::omissions left_out;
			if (!bytes.empty()) {
				whole_events(contents_of(bytes), left_out);
				decoded++;
			}
			write_file(each / "data", "0");
		}
	}
	ASSERT_EQ(command("stop"), 0);
	std::istringstream counts(read_file("/sys/module/perfbuf_test_recorder/parameters/dumps"));
	int taken = 0, refused = 0, wrong = 0;
	counts >> taken >> refused >> wrong;
	EXPECT_GT(taken, 4);
	EXPECT_GT(refused, 0);
	EXPECT_EQ(wrong, 0);
	EXPECT_GT(decoded, 0);
	RecordProperty("taken", taken);
	RecordProperty("decoded", decoded);
}

/* samples/recorder: its watchdog requests it. */
TEST_F(recorder_dump, the_dump_of_the_sample_that_hangs_ends_with_the_event_of_its_watchdog)
{
	ASSERT_EQ(load_module("/root/hang.ko", "after=20"), 0);
	const recorder::contents dump = must_have_dump();
	recorder::omissions left_out;
	const auto events =
		recorder::events_of(dump.rings, dump.of, recorder::moment::live, left_out);
	ASSERT_GT(events.size(), 20u);
	EXPECT_EQ(events.back().event->format.name, "hung");
	EXPECT_EQ(unload_module("hang"), 0);
}
