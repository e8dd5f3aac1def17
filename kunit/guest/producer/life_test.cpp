// SPDX-License-Identifier: GPL-2.0
/* A source that goes while it is used. */
#include <atomic>
#include <thread>

#include <poll.h>
#include <sys/ioctl.h>

#include "producer/source.hpp"
#include "support/hooks.hpp"
#include "support/module.hpp"

using namespace device_test;

namespace
{

class producer_life : public source_test
{
};

short polled(int fd, int timeout = 0)
{
	pollfd entry = {.fd = fd, .events = POLLIN};
	return poll(&entry, 1, timeout) > 0 ? entry.revents : 0;
}

TEST_F(producer_life, the_module_of_a_source_cannot_be_unloaded_while_a_file_is_open)
{
	{
		unique_fd fd = open_source();
		EXPECT_EQ(unload_source(), EAGAIN) << "opened";
		const perf_event_attr attr = typed_attr("counted");
		ASSERT_EQ(configure(fd.get(), &attr, target::every_process(0)), 0);
		EXPECT_EQ(unload_source(), EAGAIN) << "configured";
	}
	EXPECT_EQ(unload_source(), 0) << "as soon as it is closed";
	EXPECT_EQ(load_source(), 0);
}

/* Also one that is registered no more still calls it. */
TEST_F(producer_life, perfbuf_stays_as_long_as_the_module_of_a_source)
{
	let_hooks_go();
	EXPECT_EQ(unload_module("perfbuf"), EWOULDBLOCK);
	ASSERT_EQ(command("unregister"), 0);
	EXPECT_EQ(unload_module("perfbuf"), EWOULDBLOCK);
	EXPECT_EQ(unload_source(), 0);
	EXPECT_EQ(unload_module("perfbuf"), 0);
	ASSERT_EQ(load_module("/perfbuf/perfbuf.ko"), 0);
	EXPECT_EQ(load_source(), 0);
	hold_hooks();
	event_reader reader(typed_attr("counted"));
	ASSERT_EQ(command("counted 5"), 0);
	EXPECT_EQ(reader.samples().size(), 5u);
}

TEST_F(producer_life, a_reader_that_sleeps_in_poll_is_woken_when_the_source_goes)
{
	event_reader attached(typed_attr("counted"));
	std::atomic<short> seen = 0;
	std::atomic<bool> asleep = false;
	std::thread reader([&] {
		asleep = true;
		seen = polled(attached.fd.get(), 60000);
	});
	ASSERT_TRUE(eventually([&] { return asleep.load(); }));
	pause_for(std::chrono::milliseconds(50));
	ASSERT_EQ(command("unregister"), 0);
	reader.join();
	EXPECT_EQ(seen, POLLERR | POLLHUP);
}

TEST_F(producer_life, records_written_before_the_source_went_can_be_read)
{
	event_reader reader(typed_attr("counted"));
	ASSERT_EQ(command("counted 5"), 0);
	ASSERT_EQ(command("unregister"), 0);
	EXPECT_EQ(polled(reader.fd.get()), POLLIN | POLLERR | POLLHUP);
	EXPECT_EQ(reader.samples().size(), 5u);
	EXPECT_EQ(polled(reader.fd.get()), POLLERR | POLLHUP);
	ASSERT_EQ(command("counted 5"), 0) << "emitted, and written nowhere";
	EXPECT_EQ(reader.samples().size(), 5u);
}

TEST_F(producer_life, a_file_that_outlives_it_gets_clean_errors)
{
	const perf_event_attr attr = typed_attr("counted");
	unique_fd bare = open_source(), ready = open_source();
	ASSERT_EQ(configure(ready.get(), &attr, target::every_process(0)), 0);
	ASSERT_EQ(command("unregister"), 0);

	EXPECT_EQ(configure(bare.get(), &attr, target::every_process(0)), ENODEV);
	EXPECT_EQ(polled(bare.get()), POLLERR);
	for (unsigned long request :
	     {PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE, PERF_EVENT_IOC_RESET})
		EXPECT_EQ(ioctl_error(ready.get(), request), ENODEV);
	EXPECT_EQ(ioctl_error(ready.get(), PERF_EVENT_IOC_SET_FILTER, "number == 1"), ENODEV);
	EXPECT_EQ(map_error(ready.get(), 3 * page_size()), ENODEV);
	uint64_t value[8];
	EXPECT_EQ(read(ready.get(), value, sizeof(value)), 0) << "the end, as perf's";

	/* And another of its name has nothing to do with it. */
	ASSERT_EQ(command("register"), 0);
	event_reader fresh(typed_attr("counted"));
	ASSERT_EQ(command("counted 2"), 0);
	EXPECT_EQ(fresh.samples().size(), 2u);
	EXPECT_EQ(polled(ready.get()), POLLERR | POLLHUP);
}

TEST_F(producer_life, a_source_can_unregister_while_events_are_emitted)
{
	for (int turn = 0; turn < 10; turn++) {
		const perf_event_attr attr = typed_attr("counted");
		event_reader cpu_0(attr), cpu_1(attr, target::every_process(1));
		event_reader task(attr, target::thread(0));
		ASSERT_EQ(command("stream 1"), 0);
		ASSERT_TRUE(eventually(
			[&] { return cpu_0.samples().size() + cpu_1.samples().size(); }));
		if (turn % 2)
			ASSERT_EQ(command("unregister"), 0);
		cpu_0.fd.reset();
		cpu_1.buffer.unmap();
		cpu_1.fd.reset();
		ASSERT_EQ(command("unregister"), 0);
		ASSERT_EQ(command("stream 0"), 0);
		ASSERT_EQ(command("register"), 0);
	}
}

/* Opening and going at once: each file is configured and then in error, or refused. */
TEST_F(producer_life, a_source_can_unregister_while_files_are_opened)
{
	perf_event_attr attr = typed_attr("counted");
	std::atomic<unsigned> opened = 0, refused = 0, other = 0;
	std::vector<std::jthread> readers;
	for (int i = 0; i < 3; i++)
		readers.emplace_back([&](std::stop_token stop) {
			while (!stop.stop_requested()) {
				unique_fd fd(open(testdev_path, O_RDWR | O_CLOEXEC));
				if (!fd.valid()) {
					refused++;
					continue;
				}
				switch (configure(fd.get(), &attr, target::every_process(0))) {
				case 0:
					opened++;
					break;
				case ENODEV:
				case ENOENT: /* registered anew, with other ids */
					refused++;
					break;
				default:
					other++;
				}
			}
		});
	for (int i = 0; i < 30; i++) {
		EXPECT_EQ(command("unregister"), 0);
		EXPECT_EQ(command("register"), 0);
		attr.config = event_id_of("counted");
		pause_for(std::chrono::milliseconds(5));
	}
	readers.clear();
	EXPECT_GT(refused, 0u);
	EXPECT_EQ(other, 0u);
}

} /* namespace */
