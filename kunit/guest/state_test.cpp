// SPDX-License-Identifier: GPL-2.0
/* A file before and after PERFBUF_IOC_OPEN. */
#include <atomic>
#include <set>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"

using namespace device_test;

namespace
{

class own_file : public testing::TestWithParam<side>
{
protected:
	unique_fd fd = open_device();

	short polled()
	{
		pollfd entry = {.fd = fd.get(), .events = POLLIN};
		return poll(&entry, 1, 0) > 0 ? entry.revents : 0;
	}
	int configured(const perf_event_attr &attr = clock_attr())
	{
		return configure(fd.get(), &attr);
	}
};

TEST_P(own_file, a_file_without_an_event_refuses_every_request)
{
	uint64_t value[16] = {};
	for (unsigned long request : std::initializer_list<unsigned long>{
		     PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE, PERF_EVENT_IOC_REFRESH,
		     PERF_EVENT_IOC_RESET, PERF_EVENT_IOC_PERIOD, PERF_EVENT_IOC_SET_OUTPUT,
		     PERF_EVENT_IOC_SET_FILTER, PERF_EVENT_IOC_ID, PERF_EVENT_IOC_SET_BPF,
		     PERF_EVENT_IOC_PAUSE_OUTPUT, PERF_EVENT_IOC_QUERY_BPF,
		     PERF_EVENT_IOC_MODIFY_ATTRIBUTES})
		EXPECT_EQ(ioctl_error(fd.get(), request, value), EBADFD)
			<< "'$', " << (request & 0xff);
}

TEST_P(own_file, a_file_without_an_event_cannot_be_read_or_mapped)
{
	uint64_t value;
	EXPECT_EQ(read(fd.get(), &value, sizeof(value)), -1);
	EXPECT_EQ(errno, EBADFD);
	EXPECT_EQ(map_error(fd.get(), 5 * page_size()), EBADFD);
	EXPECT_EQ(map_error(fd.get(), 5 * page_size(), PROT_READ), EBADFD);
	EXPECT_EQ(map_error(fd.get(), 4 * page_size()), EBADFD) << "of whatever size";
}

TEST_P(own_file, a_file_without_an_event_polls_as_an_error)
{
	EXPECT_NE(polled() & POLLERR, 0);
}

TEST_P(own_file, a_file_without_an_event_is_no_target_of_set_output)
{
	unique_fd event = must_open(side::clock, clock_attr());
	const int error = ioctl_error(event.get(), PERF_EVENT_IOC_SET_OUTPUT, fd.get());
	EXPECT_TRUE(error == EBADFD || error == EBADF || error == EINVAL) << errno_name(error);
}

TEST_P(own_file, configuring_a_file_twice_is_ebusy)
{
	ASSERT_EQ(configured(), 0);
	EXPECT_EQ(configured(), EBUSY);
	mapping m(fd.get(), 4);
	EXPECT_EQ(configured(), EBUSY);
	enable(fd.get());
	EXPECT_EQ(configured(), EBUSY);
}

TEST_P(own_file, a_file_whose_attribute_was_refused_can_be_configured_still)
{
	perf_event_attr attr = clock_attr();
	attr.sample_type = ~0ULL;
	EXPECT_EQ(configured(attr), EINVAL);
	EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_ENABLE), EBADFD);
	EXPECT_EQ(configure(fd.get(), nullptr), EFAULT);
	attr = clock_attr();
	EXPECT_EQ(configure(fd.get(), &attr, target::thread(0x7fffffff)), ESRCH);
	EXPECT_EQ(configured(), 0);
	EXPECT_EQ(polled(), 0);
}

TEST_P(own_file, a_request_at_a_bad_address_is_efault)
{
	EXPECT_EQ(ioctl_error(fd.get(), PERFBUF_IOC_OPEN, 8UL), EFAULT);
	EXPECT_EQ(ioctl_error(fd.get(), PERFBUF_IOC_OPEN, ~0UL), EFAULT);
}

TEST_P(own_file, unknown_requests_are_enotty_once_configured)
{
	ASSERT_EQ(configured(), 0);
	EXPECT_EQ(ioctl_error(fd.get(), _IOW(PERFBUF_IOC_MAGIC, 0, uint64_t)), ENOTTY);
	EXPECT_EQ(ioctl_error(fd.get(), _IO(PERFBUF_IOC_MAGIC, 200)), ENOTTY);
}

TEST_P(own_file, unknown_requests_before_are_refused)
{
	for (unsigned long request :
	     std::initializer_list<unsigned long>{_IO(PERFBUF_IOC_MAGIC, 200), _IO('$', 99)}) {
		const int error = ioctl_error(fd.get(), request);
		EXPECT_TRUE(error == EBADFD || error == ENOTTY) << errno_name(error);
	}
}

TEST_P(own_file, many_threads_configure_it_once)
{
	for (int turn = 0; turn < 50; turn++) {
		unique_fd fd = open_device();
		std::atomic<int> fine = 0, busy = 0;
		std::vector<std::thread> threads;
		for (int i = 0; i < 4; i++)
			threads.emplace_back([&] {
				const perf_event_attr attr = clock_attr();
				const int error = configure(fd.get(), &attr, target::thread(1));
				fine += error == 0;
				busy += error == EBUSY;
			});
		for (std::thread &t : threads)
			t.join();
		EXPECT_EQ(fine, 1);
		EXPECT_EQ(busy, 3);
	}
}

TEST_P(own_file, many_files_of_one_node_can_be_open)
{
	std::vector<unique_fd> all;
	for (int i = 0; i < 200; i++)
		all.push_back(must_open(side::clock, clock_attr(), target::every_process(i % 2)));
	for (const unique_fd &fd : all)
		enable(fd.get());
	std::set<uint64_t> ids;
	for (const unique_fd &fd : all)
		ids.insert(event_id(fd.get()));
	EXPECT_EQ(ids.size(), all.size());
}

TEST_P(own_file, a_file_opened_for_reading_maps_for_reading_only)
{
	unique_fd fd = open_device(O_RDONLY | O_CLOEXEC);
	const perf_event_attr attr = clock_attr();
	ASSERT_EQ(configure(fd.get(), &attr), 0);
	EXPECT_EQ(map_error(fd.get(), 5 * page_size()), EACCES);
	EXPECT_EQ(map_error(fd.get(), 5 * page_size(), PROT_READ), 0);
}

INSTANTIATE_TEST_SUITE_P(on, own_file, testing::ValuesIn(own_side()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_file);

} /* namespace */
