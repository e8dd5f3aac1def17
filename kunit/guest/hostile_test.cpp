// SPDX-License-Identifier: GPL-2.0
/* A user page that its reader overwrites costs only that reader records. */
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

class hostile : public testing::TestWithParam<side>
{
protected:
	static perf_event_attr counted()
	{
		perf_event_attr attr = clock_attr(100'000);
		attr.read_format = PERF_FORMAT_LOST;
		return attr;
	}
	/* Runs @deed in a thread until 200 more samples of a neighbour were read, all whole. */
	void beside_a_neighbour(const std::function<void()> &deed)
	{
		spinner busy(0);
		std::jthread attacker([&](std::stop_token stop) {
			while (!stop.stop_requested())
				deed();
		});
		recorder neighbour(GetParam(), counted(), target::every_process(0), 16);
		EXPECT_NO_THROW(neighbour.sample_until(200));
		attacker.request_stop();
		attacker.join();
		/* Each of its losses is reported to it. */
		let_one_through(neighbour.fd.get(), neighbour.buffer, neighbour.records);
		EXPECT_EQ(lost_in(neighbour.records), read_value(neighbour.fd.get(), 1));
	}
};

TEST_P(hostile, a_tail_that_changes_all_the_time_stops_no_writer)
{
	recorder victim(GetParam(), counted(), target::every_process(0), 2);
	enable(victim.fd.get());
	std::mt19937_64 random(1);
	beside_a_neighbour([&] {
		volatile auto *page = victim.buffer.page();
		const uint64_t head = page->data_head;
		for (uint64_t tail : std::initializer_list<uint64_t>{
			     head, head + 8, head - 8, head + 1, ~0ULL, uint64_t{0}, random(),
			     uint64_t{1} << 63, head + (1 << 20)})
			page->data_tail = tail;
	});
}

TEST_P(hostile, a_tail_that_never_moves_stops_no_writer)
{
	spinner busy(0);
	for (uint64_t tail :
	     std::initializer_list<uint64_t>{~0ULL, uint64_t{1}, uint64_t{7}, uint64_t{1} << 63,
					     uint64_t{1} << 32, uint64_t{4096}, ~0ULL - 4095}) {
		recorder victim(GetParam(), counted(), target::every_process(0), 2);
		victim.buffer.page()->data_tail = tail;
		enable(victim.fd.get());
		/* It is written or lost, and goes on either way. */
		EXPECT_TRUE(eventually([&] {
			return victim.buffer.head() > 0 || read_value(victim.fd.get(), 1) > 0;
		}));
	}
}

TEST_P(hostile, a_tail_stored_modulo_the_size_frees_space)
{
	/* Readers in the field do it so. */
	spinner busy(0);
	recorder r(GetParam(), counted(), target::every_process(0), 1);
	enable(r.fd.get());
	const uint64_t size = r.buffer.data_bytes();
	uint64_t seen = 0, samples = 0;
	EXPECT_TRUE(eventually([&] {
		const uint64_t head = r.buffer.head();
		for (; seen < head; samples++) {
			perf_event_header header;
			memcpy(&header, r.buffer.data() + seen % size, sizeof(header));
			if (header.size < 8)
				throw std::runtime_error("a record of no size");
			seen += header.size;
		}
		r.buffer.page()->data_tail = seen % size;
		return seen > 5 * size;
	}));
	EXPECT_GT(samples, 100u);
}

TEST_P(hostile, a_user_page_that_changes_all_the_time_stops_no_writer)
{
	recorder victim(GetParam(), counted(), target::every_process(0), 2);
	enable(victim.fd.get());
	std::mt19937_64 random(2);
	beside_a_neighbour([&] {
		auto *words = reinterpret_cast<volatile uint64_t *>(victim.buffer.base());
		for (size_t i = 0; i < page_size() / 8; i++)
			words[i] = random();
	});
	/* The kernel never reads its own head back. */
	memset(victim.buffer.base(), 0, page_size());
	disable(victim.fd.get());
	EXPECT_EQ(ioctl_error(victim.fd.get(), PERF_EVENT_IOC_RESET), 0);
}

TEST_P(hostile, the_next_record_repairs_a_head_that_the_reader_overwrote)
{
	spinner busy(0);
	recorder r(GetParam(), counted(), target::every_process(0), 16);
	r.sample_until(5);
	const uint64_t head = r.buffer.head();
	r.buffer.page()->data_head = 12345;
	enable(r.fd.get());
	EXPECT_TRUE(eventually([&] {
		const uint64_t now = r.buffer.head();
		return now != 12345 && now > head;
	}));
	disable(r.fd.get());
	r.buffer.page()->data_tail = head;
	EXPECT_NO_THROW(r.buffer.drain()) << "the records stand where they should";
}

TEST_P(hostile, sizes_that_the_reader_writes_into_its_page_are_not_believed)
{
	spinner busy(0);
	recorder r(GetParam(), counted(), target::every_process(0), 2);
	r.buffer.page()->data_size = 1ULL << 40;
	r.buffer.page()->data_offset = 1ULL << 41;
	r.buffer.page()->aux_offset = 0;
	r.buffer.page()->aux_size = ~0ULL;
	enable(r.fd.get());
	EXPECT_TRUE(eventually([&] { return read_value(r.fd.get(), 1) > 10; }));
	EXPECT_LE(r.buffer.head(), 2 * page_size()) << "it was never read";
	unique_fd other = must_open(GetParam(), counted(), target::every_process(0));
	EXPECT_EQ(map_error(r.fd.get(), 9 * page_size()), EINVAL);
	EXPECT_EQ(map_error(r.fd.get(), 3 * page_size()), 0);
}

INSTANTIATE_TEST_SUITE_P(on, hostile, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
