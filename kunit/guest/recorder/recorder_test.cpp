// SPDX-License-Identifier: GPL-2.0
/* Flight recorders of kunit/guest/recorder's driver, read through /dev/perfbuf_recorders. */
#include <gtest/gtest.h>

#include "recorder/recorders.hpp"
#include "support/mapping.hpp"
#include "support/parameter.hpp"
#include "support/record.hpp"
#include "support/rights.hpp"

using namespace device_test;
using namespace recorder_test;

TEST_F(flight_recorder, a_recorder_holds_events_emitted_before_user_space_could_open_the_source)
{
	ASSERT_EQ(load(), 0);
	const uint64_t number = number_in("registered");
	ASSERT_NE(number, 0u);
	const auto found = reader.must_take(number);
	recorder::omissions left_out;
	const auto events = whole_events(found, left_out);
	ASSERT_EQ(events.size(), 1u);
	EXPECT_EQ(step_of(events[0]).number, 1u);
	EXPECT_EQ(found.of.source, "recdev");
	EXPECT_EQ(found.of.bytes_per_cpu, 65536u);
	EXPECT_EQ(events[0].tid, static_cast<uint32_t>(getpid())) << "the loader of the module";
}

TEST_F(flight_recorder, a_recorder_read_while_writers_of_all_contexts_go_on_has_no_torn_record)
{
	ASSERT_EQ(load(), 0);
	const uint64_t number = number_in("registered");
	ASSERT_EQ(command("start"), 0);
	size_t events = 0, overwritten = 0;
	const int times = 500;
	for (int i = 0; i < times && !HasFatalFailure(); i++) {
		recorder::omissions left_out;
		events += whole_events(reader.must_take(number), left_out).size();
		overwritten += left_out.overwritten != 0;
	}
	ASSERT_EQ(command("stop"), 0);
	recorder::omissions left_out;
	const auto last = whole_events(reader.must_take(number), left_out);
	EXPECT_EQ(left_out.overwritten, 0u) << "no writer runs any more";
	EXPECT_GT(last.size(), 500u) << "two rings of 64 KiB";
	EXPECT_GT(events, static_cast<size_t>(times));
	std::map<uint8_t, size_t> by_context;
	for (const auto &each : last)
		by_context[step_of(each).context]++;
	EXPECT_GT(by_context[0], 0u);
	EXPECT_GT(by_context[2], 0u);
#ifdef __aarch64__
	EXPECT_EQ(by_context[3], 0u) << "Debian's kernels have no pseudo-NMI";
#else
	EXPECT_GT(by_context[3], 0u) << "NMIs";
#endif
	RecordProperty("snapshots", times);
	RecordProperty("overwritten_meanwhile", static_cast<int>(overwritten));
}

/* SNAPSHOTS in the environment: how many. Small rings, so each is overwritten while it is copied.
 */
TEST_F(flight_recorder, each_of_thousands_of_snapshots_at_full_rate_is_whole)
{
	const char *wanted = getenv("SNAPSHOTS");
	const int times = wanted ? std::stoi(wanted) : 2000;
	ASSERT_EQ(load("bytes_per_cpu=8192"), 0);
	const uint64_t number = number_in("registered");
	ASSERT_EQ(command("start"), 0);
	std::map<std::pair<uint32_t, uint8_t>, uint64_t> newest;
	size_t events = 0, overwritten = 0, empty = 0;
	for (int i = 0; i < times && !HasFailure(); i++) {
		recorder::omissions left_out;
		const auto found = whole_events(reader.must_take(number), left_out);
		std::map<std::pair<uint32_t, uint8_t>, uint64_t> last;
		for (const auto &each : found)
			last[{each.cpu, step_of(each).context}] = step_of(each).number;
		for (const auto &[at, last_number] : last) {
			EXPECT_GE(last_number, newest[at]) << "older than the snapshot before";
			newest[at] = last_number;
		}
		events += found.size();
		overwritten += left_out.overwritten != 0;
		empty += found.empty();
	}
	ASSERT_EQ(command("stop"), 0);
	EXPECT_GT(events, static_cast<size_t>(times));
	EXPECT_GT(overwritten, 0u);
	EXPECT_LT(empty, static_cast<size_t>(times) / 2);
	std::cout << times << " snapshots, " << events << " events; in " << overwritten
		  << " something was overwritten, " << empty << " were empty\n";
}

TEST_F(flight_recorder, the_recorder_of_an_unloaded_driver_stays_until_it_is_freed)
{
	ASSERT_EQ(load(), 0);
	ASSERT_EQ(command("start"), 0);
	usleep(20000);
	ASSERT_EQ(unload(), 0);
	const uint64_t number = number_in("kept");
	ASSERT_NE(number, 0u);
	recorder::omissions left_out;
	EXPECT_GT(whole_events(reader.must_take(number), left_out).size(), 100u);
	uint64_t argument = number;
	EXPECT_EQ(ioctl(reader.fd(), PERFBUF_IOC_FREE_RECORDER, &argument), 0);
	EXPECT_EQ(reader.take(number), ENOENT);
	EXPECT_EQ(ioctl(reader.fd(), PERFBUF_IOC_FREE_RECORDER, &argument), -1);
	EXPECT_EQ(errno, ENOENT);
}

TEST_F(flight_recorder, the_recorder_of_a_driver_whose_probe_failed_can_be_read)
{
	ASSERT_EQ(load("fail=1"), EIO);
	const uint64_t number = number_in("kept");
	ASSERT_NE(number, 0u);
	recorder::omissions left_out;
	const auto events = whole_events(reader.must_take(number), left_out);
	ASSERT_EQ(events.size(), 1u);
	EXPECT_EQ(step_of(events[0]).number, 1u);
}

TEST_F(flight_recorder, the_recorder_of_a_registered_source_cannot_be_freed)
{
	ASSERT_EQ(load(), 0);
	uint64_t number = number_in("registered");
	EXPECT_EQ(ioctl(reader.fd(), PERFBUF_IOC_FREE_RECORDER, &number), -1);
	EXPECT_EQ(errno, EBUSY);
}

TEST_F(flight_recorder, the_oldest_that_is_kept_goes_when_there_are_too_many)
{
	parameter most("recorders_kept_max", "2");
	ASSERT_EQ(load(), 0);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(command("start"), 0);
		usleep(1000);
		ASSERT_EQ(command("stop"), 0);
		ASSERT_EQ(command("again"), 0);
	}
	std::vector<uint64_t> kept;
	for (const auto &each : recorders())
		if (each.state == "kept")
			kept.push_back(each.number);
	ASSERT_EQ(kept.size(), 2u);
	const uint64_t registered = number_in("registered");
	EXPECT_EQ(kept[0], registered - 1);
	EXPECT_EQ(kept[1], registered - 2);
}

TEST_F(flight_recorder, an_empty_recorder_does_not_outlive_its_driver)
{
	ASSERT_EQ(load("recorded=sized"), 0);
	/* The first event is sized. */
	ASSERT_EQ(write_file(recorder_attribute, "4096 step"), 0);
	ASSERT_EQ(unload(), 0);
	EXPECT_EQ(number_in("kept"), 0u);
}

TEST_F(flight_recorder, a_recorder_of_an_impossible_size_or_event_refuses_the_source)
{
	EXPECT_EQ(load("bytes_per_cpu=65537"), EINVAL);
	EXPECT_EQ(load("bytes_per_cpu=2048"), EINVAL);
	EXPECT_EQ(load("recorded=step,other"), ENOENT);
	EXPECT_EQ(load("recorded=ste"), ENOENT);
	parameter most("recorder_kib_max", "64");
	EXPECT_EQ(load("bytes_per_cpu=65536"), E2BIG);
	EXPECT_EQ(load("bytes_per_cpu=32768"), 0);
	EXPECT_TRUE(recorders().size() == 1 && recorders()[0].bytes_per_cpu == 32768);
}

TEST_F(flight_recorder, a_source_that_requests_no_recorder_has_none_and_sysfs_makes_one)
{
	ASSERT_EQ(load("bytes_per_cpu=0"), 0);
	EXPECT_EQ(number_in("registered"), 0u);
	EXPECT_EQ(read_file(recorder_attribute), "bytes_per_cpu=0\n");
	ASSERT_EQ(write_file(recorder_attribute, "8K step"), 0);
	EXPECT_NE(read_file(recorder_attribute).find("bytes_per_cpu=8192 "), std::string::npos);
	EXPECT_NE(read_file(recorder_attribute).find("events=step\n"), std::string::npos);
	EXPECT_EQ(write_file(recorder_attribute, "8193"), EINVAL);
	EXPECT_EQ(write_file(recorder_attribute, "big"), EINVAL);
	EXPECT_EQ(write_file(recorder_attribute, "8K other"), ENOENT);
	EXPECT_EQ(write_file(recorder_attribute, "512M"), E2BIG);
	EXPECT_NE(number_in("registered"), 0u) << "what was refused changes nothing";
	ASSERT_EQ(write_file(recorder_attribute, "0"), 0);
	EXPECT_EQ(number_in("registered"), 0u);
}

/* kunit/guest/recorder/run loads the module with recorders=recother=8K:step,recnone=0. */
TEST_F(flight_recorder, the_module_parameter_decides_on_the_recorder_whatever_the_driver_requests)
{
	ASSERT_EQ(load("name=recother bytes_per_cpu=0"), 0);
	const std::string other = read_file("/sys/class/perfbuf/recother/recorder");
	EXPECT_TRUE(other.starts_with("bytes_per_cpu=8192 ")) << other;
	EXPECT_TRUE(other.ends_with(" events=step\n")) << other;
	ASSERT_EQ(unload(), 0);
	ASSERT_EQ(load("name=recnone"), 0);
	EXPECT_EQ(read_file("/sys/class/perfbuf/recnone/recorder"), "bytes_per_cpu=0\n");
}

/* Beside writers of all contexts; what the rings hold then is whole. */
TEST_F(flight_recorder, a_recorder_is_switched_and_resized_while_writers_go_on)
{
	ASSERT_EQ(load(), 0);
	ASSERT_EQ(command("start"), 0);
	const char *const sizes[] = {"4096", "0", "64K", "16K step,sized", "0", "8K"};
	size_t events = 0;
	for (int i = 0; i < 60 && !HasFatalFailure(); i++) {
		ASSERT_EQ(write_file(recorder_attribute, sizes[i % std::size(sizes)]), 0);
		const uint64_t number = number_in("registered");
		recorder::omissions left_out;
		usleep(500);
		if (number)
			events += whole_events(reader.must_take(number), left_out).size();
	}
	ASSERT_EQ(command("stop"), 0);
	EXPECT_GT(events, 60u);
}

TEST_F(flight_recorder, a_recorder_and_readers_do_not_disturb_each_other)
{
	ASSERT_EQ(load(), 0);
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config = std::stoull(read_file("/sys/class/perfbuf/recdev/events/step/id"));
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_CPU | PERF_SAMPLE_TIME;
	unique_fd fd(open("/dev/perfbuf/recdev", O_RDWR | O_CLOEXEC));
	ASSERT_TRUE(fd.valid());
	ASSERT_EQ(configure(fd.get(), &attr, target::every_process(0)), 0);
	ring buffer(fd.get(), 4);
	enable(fd.get());
	ASSERT_EQ(command("start"), 0);
	usleep(20000);
	ASSERT_EQ(command("stop"), 0);
	std::vector<record> records;
	buffer.drain(records);
	EXPECT_GT(records.size(), 10u);
	recorder::omissions left_out;
	EXPECT_GT(whole_events(reader.must_take(number_in("registered")), left_out).size(), 100u);
}

TEST_F(flight_recorder, only_a_process_with_the_right_to_trace_reads_a_recorder)
{
	ASSERT_EQ(load(), 0);
	EXPECT_EQ(errno_of_open_with_rights({CAP_PERFMON}, node), 0);
	EXPECT_EQ(errno_of_open_with_rights({}, node), EACCES) << "by the owner of the node";
	perfbuf_snapshot nowhere = {number_in("registered"), 8, 1 << 20};
	EXPECT_EQ(ioctl(reader.fd(), PERFBUF_IOC_SNAPSHOT, &nowhere), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(ioctl(reader.fd(), PERFBUF_IOC_SNAPSHOT, nullptr), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(ioctl(reader.fd(), 0xbd99, 0), -1);
	EXPECT_EQ(errno, ENOTTY);
}
