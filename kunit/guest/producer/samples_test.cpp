// SPDX-License-Identifier: GPL-2.0
/* The drivers of samples/, built from what was installed, loaded, read and removed. */
#include "producer/source.hpp"
#include "support/module.hpp"
#include "support/session.hpp"

using namespace device_test;

namespace
{

/* An event of a source on every CPU. */
class everywhere
{
public:
	everywhere(const std::string &source, const std::string &event)
	{
		attr_ = {};
		attr_.type = PERF_TYPE_TRACEPOINT;
		attr_.size = sizeof(attr_);
		attr_.config = std::stoull(
			read_file("/sys/class/perfbuf/" + source + "/events/" + event + "/id"));
		attr_.sample_period = 1;
		attr_.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TIME;
		for (int cpu : online_cpus()) {
			unique_fd fd(open(("/dev/perfbuf/" + source).c_str(), O_RDWR | O_CLOEXEC));
			if (!fd.valid())
				fail_errno(source, errno);
			if (int error = configure(fd.get(), &attr_, target::every_process(cpu)))
				fail_errno(source + ":" + event, error);
			rings_.emplace_back(fd.get(), 16);
			fds_.push_back(std::move(fd));
		}
	}

	const std::vector<payload> &collect()
	{
		for (ring &ring : rings_)
			for (const sample &s : samples_in(ring.drain(), attr_))
				all_.emplace_back(s);
		return all_;
	}
	bool until(size_t n)
	{
		return eventually([&] { return collect().size() >= n; });
	}

private:
	perf_event_attr attr_;
	std::vector<unique_fd> fds_;
	std::vector<ring> rings_;
	std::vector<payload> all_;
};

TEST(producer_samples, the_template_driver_emits_its_ticks)
{
	ASSERT_EQ(load_module("/root/mydev.ko"), 0);
	{
		everywhere ticks("mydev", "tick");
		EXPECT_EQ(unload_module("mydev"), EAGAIN);
		ASSERT_TRUE(ticks.until(2));
		EXPECT_EQ(ticks.collect()[0].dynamic(16), std::string("it is time", 11));
	}
	EXPECT_EQ(unload_module("mydev"), 0);
}

TEST(producer_samples, the_device_driver_takes_readings_and_reports_them)
{
	ASSERT_EQ(load_module("/root/sensor.ko"), 0);
	for (int turn = 0; turn < 3; turn++) {
		everywhere readings("sensor", "reading"), reports("sensor", "report");
		ASSERT_TRUE(readings.until(20));
		ASSERT_TRUE(reports.until(2));
		for (const payload &payload : readings.collect()) {
			/* The n-th channel counts in steps of n. */
			const int n = payload.at<int16_t>(16) + 100;
			EXPECT_EQ(payload.at<int16_t>(18), static_cast<int16_t>(2 * n - 100));
			EXPECT_EQ(payload.at<uint8_t>(2) & 0x08, 0x08) << "from an interrupt";
		}
		for (const payload &payload : reports.collect()) {
			EXPECT_EQ(payload.at<uint32_t>(8), 8u);
			EXPECT_EQ(payload.at<uint8_t>(2) & 0x18, 0) << "from a task";
			EXPECT_EQ(payload.dynamic(25).size(), 16u);
		}
	}
	EXPECT_EQ(unload_module("sensor"), 0);
}

TEST(producer_samples, the_accelerator_driver_completes_each_submission)
{
	ASSERT_EQ(load_module("/root/accelerator.ko"), 0);
	EXPECT_NE(read_file("/sys/class/perfbuf/accelerator/events/completed/format")
			  .find("print fmt: \"slot=%u latency=%lld status=%s engine=%s "
				"registers=%s\", "
				"REC->slot, REC->latency, __print_flags(REC->status, \"|\", "
				"{ 1, \"late\" }, { 2, \"error\" }), REC->engine, "),
		  std::string::npos);
	for (int turn = 0; turn < 3; turn++) {
		everywhere submitted("accelerator", "submitted");
		everywhere completed("accelerator", "completed");
		everywhere retired("accelerator", "retired");
		ASSERT_TRUE(submitted.until(20));
		ASSERT_TRUE(completed.until(20));
		ASSERT_TRUE(retired.until(20));
		for (const payload &payload : submitted.collect()) {
			const auto slot = payload.at<uint32_t>(8);
			EXPECT_LT(slot, 64u);
			EXPECT_EQ(payload.at<uint32_t>(21), 64u);
			EXPECT_EQ(payload.at<uint32_t>(25) % 64, slot);
			const char *labels[] = {"move a page", "clear a page", "multiply"};
			EXPECT_EQ(payload.dynamic(29).c_str(),
				  std::string(labels[payload.at<uint8_t>(12)]));
		}
		for (const payload &payload : completed.collect()) {
			EXPECT_GE(payload.at<int64_t>(12), 0);
			EXPECT_EQ(payload.dynamic(32).size(), 8u);
		}
		for (const payload &payload : retired.collect()) {
			EXPECT_LT(payload.at<uint32_t>(8), 64u);
			EXPECT_GE(payload.at<uint32_t>(12), 1u);
			EXPECT_LE(payload.at<uint32_t>(12), 64u);
		}
	}
	EXPECT_EQ(unload_module("accelerator"), 0);
}

} /* namespace */
