// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not to be had. Only kernels with fault injection have these tests; leaks and
 * splats are for the kernel's own checkers to find.
 */
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/mman.h>

#include "support/fault.hpp"
#include "support/session.hpp"

using namespace device_test;

namespace
{

perf_event_attr everything()
{
	perf_event_attr attr = clock_attr();
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	attr.comm = attr.mmap = attr.mmap2 = attr.task = 1;
	attr.enable_on_exec = attr.inherit = 1;
	return attr;
}

class fault : public testing::TestWithParam<uint32_t>
{
protected:
	void SetUp() override { arm(); }
	static int map_once(int fd) { return map_error(fd, 17 * page_size()); }
};

TEST_P(fault, a_failed_allocation_at_open_is_enomem)
{
	EXPECT_GT(fail_each([] {
			  const int fd = open(device_path, O_RDWR | O_CLOEXEC);
			  if (fd < 0)
				  return errno;
			  close(fd);
			  return 0;
		  }),
		  1u);
}

TEST_P(fault, a_failed_allocation_at_configuration_is_enomem)
{
	const perf_event_attr attr = everything();
	for (const target &observed : {target::every_process(0), target::thread(0, 0)}) {
		EXPECT_GT(fail_each([&] {
				  unique_fd fd(::open(device_path, O_RDWR | O_CLOEXEC));
				  return fd.valid() ? configure(fd.get(), &attr, observed) : errno;
			  }),
			  3u);
	}
}

TEST_P(fault, a_failed_allocation_at_mmap_is_enomem_and_leaves_nothing_charged)
{
	const allowance_used_up full;
	const long pinned = status_value("VmPin");
	unique_fd fd = must_open(side::clock, clock_attr());
	perfbuf_ring wanted = {.size = sizeof(wanted), .storage = GetParam()};
	wanted.wakeup_latency = 1'000'000;
	control(fd.get(), PERFBUF_IOC_RING, reinterpret_cast<unsigned long>(&wanted));
	/* Eight chunks of data pages at least. */
	EXPECT_GT(fail_each([&] { return map_once(fd.get()); }), 8u);
	EXPECT_EQ(status_value("VmPin"), pinned);
	EXPECT_EQ(map_once(fd.get()), 0) << "a failure leaves nothing behind";
}

/* A map that fails at page k while another maps. */
TEST_P(fault, a_failed_allocation_at_mmap_leaves_other_mappings_as_they_are)
{
	unique_fd fd = must_open(side::clock, clock_attr());
	perfbuf_ring wanted = {.size = sizeof(wanted), .storage = GetParam()};
	control(fd.get(), PERFBUF_IOC_RING, reinterpret_cast<unsigned long>(&wanted));
	std::atomic<bool> stop = false;
	std::atomic<unsigned> maps = 0;
	std::atomic<int> unexpected = 0;
	std::jthread other([&] {
		while (!stop) {
			const int error = map_once(fd.get());
			if (error)
				unexpected = error;
			maps++;
		}
	});
	EXPECT_NO_THROW(for (int turn = 0; turn < 3; turn++)
				fail_each([&] { return map_once(fd.get()); }));
	EXPECT_TRUE(eventually([&] { return maps > 10; }));
	stop = true;
	other.join();
	EXPECT_EQ(unexpected, 0) << errno_name(unexpected);
}

std::vector<uint32_t> storages()
{
	if (own_side().empty() || !can_inject())
		return {};
	return {PERFBUF_STORAGE_PAGES, PERFBUF_STORAGE_VMALLOC, PERFBUF_STORAGE_MIRRORED};
}

INSTANTIATE_TEST_SUITE_P(of, fault, testing::ValuesIn(storages()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(fault);

} /* namespace */
