// SPDX-License-Identifier: GPL-2.0
/* AUX that goes while it is written to, and everything at once from many threads. */
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "aux/pattern_file.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t kinds[] = {0, PATTERN_HOLDS, PATTERN_SHARED, PATTERN_LARGE | PATTERN_HOLDS};

TEST(aux_lifetime, the_stream_goes_on_in_the_next_area)
{
	pattern_file file(pattern_attr(PATTERN_HOLDS, 30'000));
	enable(file.fd.get());
	for (size_t pages : {16, 4, 32, 16}) {
		ASSERT_TRUE(file.consume_until(4 * PATTERN_MOST));
		file.aux.reset();
		/* The transaction that was open has been ended, and no other begins. */
		file.buffer.drain();
		const uint64_t head = file.buffer.page()->aux_head;
		pause_for(std::chrono::milliseconds(5));
		EXPECT_EQ(file.buffer.page()->aux_head, head);
		EXPECT_TRUE(file.buffer.drain().empty());
		file.announced_to = head;
		file.buffer.page()->aux_tail = head;
		file.aux.emplace(file.fd.get(), file.buffer, pages);
		enable(file.fd.get());
	}
}

TEST(aux_lifetime, an_area_is_unmapped_and_mapped_again_while_its_source_writes_at_full_rate)
{
	for (uint64_t kind : kinds) {
		pattern_file file(pattern_attr(kind, 10'000), 0);
		enable(file.fd.get());
		for (unsigned i = 0; i < 100; i++) {
			file.buffer.drain();
			file.buffer.page()->aux_tail = file.buffer.page()->aux_head;
			aux_mapping area(file.fd.get(), file.buffer, 4, i % 3 ? rw : PROT_READ);
			enable(file.fd.get());
		}
	}
}

TEST(aux_lifetime, the_ring_may_go_before_its_area_and_the_file_before_both)
{
	for (uint64_t kind : kinds) {
		for (unsigned i = 0; i < 20; i++) {
			unique_fd fd = open_pattern(pattern_attr(kind, 10'000));
			std::optional<mapping> ring(std::in_place, fd.get(), 4);
			aux_mapping area(fd.get(), *ring, 4);
			enable(fd.get());
			if (i % 2)
				fd.reset();
			ring.reset();
		}
	}
}

TEST(aux_lifetime, an_area_of_a_ring_to_which_another_file_writes_comes_and_goes)
{
	for (uint64_t kind : kinds) {
		pattern_file file(pattern_attr(kind, 20'000));
		unique_fd other = open_pattern(pattern_attr(kind, 20'000));
		enable(file.fd.get());
		for (unsigned i = 0; i < 30; i++) {
			control(other.get(), PERF_EVENT_IOC_SET_OUTPUT, file.fd.get());
			enable(other.get());
			enable(file.fd.get());
			if (i % 3 == 0) {
				file.aux.reset();
				file.aux.emplace(file.fd.get(), file.buffer, 8);
			}
			file.buffer.drain();
			file.buffer.page()->aux_tail = file.buffer.page()->aux_head;
			control(other.get(), PERF_EVENT_IOC_SET_OUTPUT, -1ul);
		}
	}
}

TEST(aux_lifetime, sources_that_differ_do_not_share_a_ring)
{
	pattern_file file(pattern_attr());
	/* clock has no AUX, so it may. */
	unique_fd clock = must_open(side::clock, clock_attr(), target::every_process(0));
	EXPECT_EQ(ioctl_error(clock.get(), PERF_EVENT_IOC_SET_OUTPUT, file.fd.get()), 0);
}

/* The ring is a clock's, and both are sent there. */
TEST(aux_lifetime, sources_that_differ_do_not_meet_on_the_ring_of_a_third)
{
	unique_fd clock = must_open(side::clock, clock_attr(), target::every_process(0));
	unique_fd pattern = open_pattern(pattern_attr());
	unique_fd another = open_pattern(pattern_attr());
	unique_fd functrace(::open("/dev/perfbuf/functrace", O_RDWR | O_CLOEXEC));
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.disabled = 1;
	ASSERT_EQ(configure(functrace.get(), &attr, target::every_process(0)), 0);
	mapping ring(clock.get(), 4);

	ASSERT_EQ(ioctl_error(pattern.get(), PERF_EVENT_IOC_SET_OUTPUT, clock.get()), 0);
	EXPECT_EQ(ioctl_error(functrace.get(), PERF_EVENT_IOC_SET_OUTPUT, clock.get()), EINVAL);
	EXPECT_EQ(ioctl_error(another.get(), PERF_EVENT_IOC_SET_OUTPUT, clock.get()), 0);

	/* And the clock's own mapping does not keep an area for a later event. */
	const uint64_t offset = 8 * page_size();
	aux_mapping area(pattern.get(), ring, 4, rw, offset);
	EXPECT_EQ(aux_error(clock.get(), ring.page(), offset, 4 * page_size()), EOPNOTSUPP);
	area.unmap();
	another.reset();
	EXPECT_EQ(ioctl_error(pattern.get(), PERF_EVENT_IOC_SET_OUTPUT, -1ul), 0);
	EXPECT_EQ(ioctl_error(functrace.get(), PERF_EVENT_IOC_SET_OUTPUT, clock.get()), 0);
}

/* Two files, one ring, and every thread does one thing to them, again and again. */
TEST(aux_lifetime, threads_map_enable_redirect_and_read_two_files_at_once)
{
	for (uint64_t kind : kinds) {
		unique_fd fd = open_pattern(pattern_attr(kind, 100'000));
		unique_fd other = open_pattern(pattern_attr(kind, 100'000));
		mapping ring(fd.get(), 4);
		std::atomic<unsigned> mapped = 0;
		std::vector<std::jthread> threads;
		const auto again = [&](auto &&deed) {
			threads.emplace_back([deed](std::stop_token over) {
				while (!over.stop_requested())
					deed();
			});
		};

		const auto map = [&](int file, uint64_t pages, int prot) {
			void *at = mmap(nullptr, pages * page_size(), prot, MAP_SHARED, file,
					static_cast<off_t>(8 * page_size()));
			if (at == MAP_FAILED)
				return;
			mapped++;
			munmap(at, pages * page_size());
		};
		ring.page()->aux_offset = 8 * page_size();
		ring.page()->aux_size = 4 * page_size();
		again([&] { map(fd.get(), 4, rw); });
		again([&] { map(other.get(), 4, PROT_READ); });
		again([&] { map(fd.get(), 8, rw); });
		again([&] {
			ring.page()->aux_size = (ring.page()->aux_size ^ 12 * page_size());
			ring.page()->aux_tail = ring.page()->aux_head;
			ring.page()->data_tail = ring.page()->data_head;
		});
		again([&] {
			enable(fd.get());
			disable(other.get());
			enable(other.get());
			disable(fd.get());
		});
		again([&] {
			ioctl_error(other.get(), PERF_EVENT_IOC_SET_OUTPUT, fd.get());
			ioctl_error(other.get(), PERF_EVENT_IOC_SET_OUTPUT, -1ul);
		});
		again([&] {
			map_error(other.get(), 3 * page_size());
			uint64_t value;
			[[maybe_unused]] const ssize_t length =
				read(fd.get(), &value, sizeof(value));
		});
		EXPECT_TRUE(eventually([&] { return mapped > 40; }));
		threads.clear();
	}
}

} /* namespace */
