// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_RING: storage, silence, latency. The device's own; perf has no such request. */
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>

#include "support/expect.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t one_ms = 1'000'000;

perfbuf_ring choice(uint32_t storage = PERFBUF_STORAGE_PAGES)
{
	return {.size = sizeof(perfbuf_ring), .storage = storage};
}

int choose(int fd, const perfbuf_ring &wanted)
{
	return ioctl_error(fd, PERFBUF_IOC_RING, &wanted);
}

struct refused_choice {
	const char *name;
	std::function<void(perfbuf_ring &)> change;
	int error;
};

void PrintTo(const refused_choice &row, std::ostream *out)
{
	print_row(row, out);
}

class ring_choice_table : public testing::TestWithParam<refused_choice>
{
};

TEST_P(ring_choice_table, an_impossible_choice_of_a_ring_is_refused)
{
	unique_fd fd = must_open(side::clock, clock_attr());
	perfbuf_ring wanted = choice();
	GetParam().change(wanted);
	EXPECT_EQ(choose(fd.get(), wanted), GetParam().error);
	/* Nothing of it holds: the next map is as any other. */
	mapping m(fd.get(), 4);
}

const refused_choice refused_choices[] = {
	{"size_0", [](perfbuf_ring &r) { r.size = 0; }, EINVAL},
	{"size_too_small", [](perfbuf_ring &r) { r.size = sizeof(r) - 1; }, EINVAL},
	{"size_too_large", [](perfbuf_ring &r) { r.size = 1 << 20; }, EINVAL},
	{"storage", [](perfbuf_ring &r) { r.storage = 3; }, EINVAL},
	{"flag", [](perfbuf_ring &r) { r.flags = 2; }, EINVAL},
	{"reserved", [](perfbuf_ring &r) { r.reserved = 1; }, EINVAL},
	{"latency_too_short", [](perfbuf_ring &r) { r.wakeup_latency = 9999; }, EINVAL},
	{"latency_too_long", [](perfbuf_ring &r) { r.wakeup_latency = 3601 * 1000 * one_ms; },
	 EINVAL},
};

INSTANTIATE_TEST_SUITE_P(every, ring_choice_table, testing::ValuesIn(refused_choices),
			 row_name<testing::TestParamInfo<refused_choice>>);

TEST(ring_choice, a_larger_structure_is_accepted_with_zeros_only)
{
	unique_fd fd = must_open(side::clock, clock_attr());
	struct {
		perfbuf_ring known;
		uint64_t later;
	} wanted = {choice(), 0};
	wanted.known.size = sizeof(wanted);
	EXPECT_EQ(ioctl_error(fd.get(), PERFBUF_IOC_RING, &wanted), 0);
	wanted.later = 1;
	EXPECT_EQ(ioctl_error(fd.get(), PERFBUF_IOC_RING, &wanted), E2BIG);
}

TEST(ring_choice, a_choice_at_a_bad_address_is_efault)
{
	unique_fd fd = must_open(side::clock, clock_attr());
	EXPECT_EQ(ioctl_error(fd.get(), PERFBUF_IOC_RING, 8ul), EFAULT);
}

TEST(ring_choice, a_choice_before_the_event_is_open_is_ebadfd)
{
	unique_fd fd = open_device();
	EXPECT_EQ(choose(fd.get(), choice()), EBADFD);
}

TEST(ring_choice, a_choice_of_other_storage_is_ebusy_while_the_ring_is_mapped)
{
	unique_fd fd = must_open(side::clock, clock_attr());
	{
		mapping m(fd.get(), 4);
		EXPECT_EQ(choose(fd.get(), choice(PERFBUF_STORAGE_MIRRORED)), EBUSY);
		EXPECT_EQ(choose(fd.get(), choice()), 0) << "the same is no change";
	}
	EXPECT_EQ(choose(fd.get(), choice(PERFBUF_STORAGE_MIRRORED)), 0);
	mapping again(fd.get(), 4);
}

class ring_storage : public testing::TestWithParam<uint32_t>
{
};

TEST_P(ring_storage, records_across_the_end_of_the_storage_are_whole)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(100'000);
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	attr.sample_regs_user = 0xff;
	attr.sample_stack_user = 1000;
	unique_fd fd = must_open(side::clock, attr, target::every_process(0));
	ASSERT_EQ(choose(fd.get(), choice(GetParam())), 0);
	ring buffer(fd.get(), 2);
	std::vector<record> records;
	enable(fd.get());
	/* drain() throws on a broken stream, parse_sample() on a broken sample. */
	ASSERT_TRUE(eventually([&] {
		buffer.drain(records);
		return buffer.head() > 40 * buffer.data_bytes();
	}));
	disable(fd.get());
	EXPECT_GT(samples_in(records, attr).size(), 100u);
}

TEST_P(ring_storage, storage_is_freed_with_each_of_many_rings)
{
	for (int turn = 0; turn < 50; turn++) {
		unique_fd fd = must_open(side::clock, clock_attr());
		ASSERT_EQ(choose(fd.get(), choice(GetParam())), 0);
		mapping m(fd.get(), 256);
		EXPECT_EQ(*m.data(), 0) << "the page is there";
	}
}

INSTANTIATE_TEST_SUITE_P(of, ring_storage,
			 testing::Values(PERFBUF_STORAGE_PAGES, PERFBUF_STORAGE_VMALLOC,
					 PERFBUF_STORAGE_MIRRORED));

short polled(int fd, int timeout_ms)
{
	pollfd entry = {.fd = fd, .events = POLLIN};
	poll(&entry, 1, timeout_ms);
	return entry.revents;
}

/* A few records, far below the watermark of half a large ring. */
struct trickle {
	explicit trickle(uint64_t latency)
		: fd(must_open(side::clock, attr(), target::every_process(0)))
	{
		perfbuf_ring wanted = choice();
		wanted.wakeup_latency = latency;
		if (const int error = choose(fd.get(), wanted))
			fail_errno("PERFBUF_IOC_RING", error);
		buffer = std::make_unique<ring>(fd.get(), 256);
	}
	static perf_event_attr attr()
	{
		perf_event_attr wanted = clock_attr();
		wanted.wakeup_events = 0;
		return wanted;
	}
	void flow()
	{
		enable(fd.get());
		if (!eventually([&] { return buffer->unread() > 0; }))
			throw std::runtime_error("no record");
		disable(fd.get());
	}
	unique_fd fd;
	std::unique_ptr<ring> buffer;
};

TEST(wakeup_latency, a_few_records_without_a_latency_limit_wake_no_reader)
{
	spinner busy(0);
	trickle t(0);
	t.flow();
	EXPECT_EQ(polled(t.fd.get(), 0), 0);
}

TEST(wakeup_latency, a_latency_limit_wakes_for_a_record_that_none_follows)
{
	spinner busy(0);
	trickle t(10 * one_ms);
	t.flow();
	EXPECT_EQ(polled(t.fd.get(), 60'000) & POLLIN, POLLIN);
	t.buffer->drain();
	EXPECT_EQ(polled(t.fd.get(), 0), 0) << "nothing is left";
	t.flow();
	EXPECT_EQ(polled(t.fd.get(), 60'000) & POLLIN, POLLIN) << "and again";
}

TEST(wakeup_latency, a_latency_limit_can_be_set_while_the_ring_is_mapped)
{
	spinner busy(0);
	trickle t(0);
	perfbuf_ring wanted = choice();
	wanted.wakeup_latency = one_ms;
	ASSERT_EQ(choose(t.fd.get(), wanted), 0);
	t.flow();
	EXPECT_EQ(polled(t.fd.get(), 60'000) & POLLIN, POLLIN);
}

TEST(wakeup_latency, a_latency_limit_holds_for_records_that_are_unread_when_it_is_set)
{
	spinner busy(0);
	trickle t(0);
	t.flow();
	EXPECT_EQ(polled(t.fd.get(), 0), 0);
	perfbuf_ring wanted = choice();
	wanted.wakeup_latency = one_ms;
	ASSERT_EQ(choose(t.fd.get(), wanted), 0);
	EXPECT_EQ(polled(t.fd.get(), 60'000) & POLLIN, POLLIN);
}

/* Without the wakeup of SET_OUTPUT itself the sleeper has nothing to wake for. */
TEST(redirection, a_redirection_to_a_readable_ring_wakes_a_sleeping_reader)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr();
	attr.wakeup_events = 1;
	unique_fd full = must_open(side::clock, attr, target::every_process(0));
	ring buffer(full.get(), 1);
	enable(full.get());
	ASSERT_TRUE(eventually([&] { return buffer.unread() > 0; }));
	disable(full.get());
	unique_fd other = must_open(side::clock, clock_attr(), target::every_process(0));
	std::atomic<short> seen = 0;
	std::jthread sleeper([&] { seen = polled(other.get(), 60'000); });
	pause_for(std::chrono::milliseconds(50));
	control(other.get(), PERF_EVENT_IOC_SET_OUTPUT, static_cast<unsigned long>(full.get()));
	EXPECT_TRUE(eventually([&] { return seen & POLLIN; }, std::chrono::seconds(50)));
}

} /* namespace */
