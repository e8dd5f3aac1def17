// SPDX-License-Identifier: GPL-2.0
/* AUX areas of a source in another module: which of its functions are called when, and what its
 * readers see. */
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "aux_packets.h"
#include "producer/aux_file.hpp"
#include "producer/source.hpp"
#include "support/module.hpp"

using namespace device_test;

namespace
{

/* PERFBUF_AUX_* of <perfbuf/aux.h>. */
enum : unsigned {
	one_chunk = 1,
	vmalloc = 2,
	shared = 4,
	no_snapshot = 8,
	pauses = 16,
	tasks = 32
};
/* Of the parameter calls. */
enum { opens, closes, setups, frees, starts, stops };

constexpr const char *parameters = "/sys/module/perfbuf_test_aux/parameters/";

int order(const std::string &text)
{
	return write_file(std::string(parameters) + "command", text);
}

void set(const std::string &name, int value)
{
	ASSERT_EQ(write_file(parameters + name, std::to_string(value)), 0);
}

unsigned calls(unsigned which)
{
	const std::string all = read_file(std::string(parameters) + "calls");
	size_t at = 0;
	while (which--)
		at = all.find(',', at) + 1;
	return static_cast<unsigned>(std::stoul(all.substr(at)));
}

class producer_aux : public testing::Test
{
protected:
	producer_aux()
	{
		if (int error = load_module("/root/perfbuf_test_aux.ko"))
			fail_errno("loading perfbuf_test_aux.ko", error);
	}

	~producer_aux() override
	{
		/* The last area goes a little after its last mapping, or with the source. */
		EXPECT_EQ(order("unregister"), 0);
		EXPECT_EQ(calls(opens), calls(closes));
		EXPECT_EQ(calls(setups), calls(frees));
		EXPECT_EQ(calls(starts), calls(stops));
		EXPECT_EQ(unload_module("perfbuf_test_aux"), 0);
	}

	static perf_event_attr attr() { return aux_event_attr("testaux", "fill"); }
	static aux_file filled(size_t aux_pages = 16, int prot = rw)
	{
		return aux_file("testaux", attr(), check_positions, aux_pages, prot);
	}
	static unique_fd opened(const perf_event_attr &attr)
	{
		unique_fd fd(open("/dev/perfbuf/testaux", O_RDWR | O_CLOEXEC));
		if (int error = configure(fd.get(), &attr, target::every_process(0)))
			fail_errno("configuring a file of testaux", error);
		return fd;
	}
	/* mmap() of AUX: 0 or the errno. */
	static int map_error_of(const aux_file &file, size_t pages, int prot = rw)
	{
		file.buffer.page()->aux_offset = file.buffer.bytes();
		file.buffer.page()->aux_size = pages * page_size();
		return map_error(file.fd.get(), pages * page_size(), prot, MAP_SHARED,
				 static_cast<off_t>(file.buffer.bytes()));
	}
};

/* Whole packets of each writer, none missing and none torn. */
struct packet_check {
	uint64_t numbers[TEST_WRITERS] = {};

	void operator()(const aux_file &file, uint64_t from, uint64_t to)
	{
		while (from != to) {
			const uint64_t head = file.aux->word(from);
			const unsigned writer = static_cast<unsigned>(head >> 56) - 0xb0;
			const unsigned words = head >> 48 & 0xff;
			if (writer >= TEST_WRITERS || words < 2 || words > TEST_PACKET_WORDS_MAX ||
			    words * 8 > to - from)
				throw std::runtime_error("no packet at " + std::to_string(from));
			if ((head & 0xffffffffffffULL) != numbers[writer]++)
				throw std::runtime_error("a packet is missing at " +
							 std::to_string(from));
			for (unsigned i = 1; i < words; i++)
				if (file.aux->word(from + 8 * i) != test_packet_word(head, i))
					throw std::runtime_error("a packet is torn at " +
								 std::to_string(from));
			from += words * 8;
		}
	}
};

TEST_F(producer_aux, declarations_that_cannot_be_are_refused)
{
	for (int i = 0; i <= 8; i++) {
		ASSERT_EQ(order("register 0"), 0);
		EXPECT_EQ(order("bad " + std::to_string(i)), EINVAL) << i;
	}
	EXPECT_EQ(order("register 0"), 0) << "its event is free again";
}

TEST_F(producer_aux, the_functions_of_a_source_are_called_in_order_and_fill_the_area)
{
	ASSERT_EQ(order("register 0"), 0);
	{
		perf_event_attr traced = attr();
		traced.config1 = 1;
		aux_file file("testaux", traced, check_positions);
		EXPECT_EQ(calls(opens), 1u);
		EXPECT_EQ(calls(setups), 1u);
		EXPECT_EQ(calls(starts), 0u) << "off";
		enable(file.fd.get());
		EXPECT_EQ(calls(starts), 1u);
		ASSERT_TRUE(file.consume_until(20 * file.aux->bytes()));
		disable(file.fd.get());
		EXPECT_EQ(calls(starts), calls(stops));
		const unsigned so_far = calls(starts);
		disable(file.fd.get());
		EXPECT_EQ(calls(stops), so_far);
		file.consume();
		EXPECT_EQ(file.announced_to, file.buffer.page()->aux_head);
		EXPECT_EQ(file.cpus_seen, 1u);
		enable(file.fd.get());
		EXPECT_EQ(calls(starts), so_far + 1);
	}
	EXPECT_EQ(calls(stops), calls(starts));
	EXPECT_EQ(calls(closes), 1u) << "at once, so that another may open it";
	EXPECT_TRUE(eventually([] { return calls(frees) == 1; }));
}

TEST_F(producer_aux, the_area_of_a_task_is_filled_on_the_cpu_where_it_runs)
{
	ASSERT_EQ(order("register " + std::to_string(tasks)), 0);
	perf_event_attr with_itrace = attr();
	with_itrace.config1 = 1;
	aux_file file("testaux", with_itrace, check_positions, 16, rw, 8, target::thread(0));
	enable(file.fd.get());
	for (int i = 0; i < 80; i++) {
		pin_to(i % 2);
		if (i % 8 == 7)
			file.consume();
		enable(file.fd.get());
	}
	EXPECT_EQ(order("elsewhere"), EXDEV) << "it does not run there";
	EXPECT_GT(calls(starts), calls(stops));
	disable(file.fd.get());
	EXPECT_EQ(calls(starts), calls(stops));
	file.consume();
	EXPECT_GT(file.announced_to, 0u);
	EXPECT_EQ(file.announced_to, file.buffer.page()->aux_head);
	EXPECT_EQ(file.cpus_seen, 3u);
	EXPECT_EQ(file.traced, std::set{static_cast<uint32_t>(gettid())});
	const unsigned so_far = calls(starts);
	pin_to(0);
	EXPECT_EQ(calls(starts), so_far) << "it is off";
}

/* perf's rule: the children would fill it from several CPUs. */
TEST_F(producer_aux, the_area_of_an_inherited_event_on_any_cpu_cannot_be_mapped)
{
	ASSERT_EQ(order("register " + std::to_string(tasks)), 0);
	unique_fd fd(open("/dev/perfbuf/testaux", O_RDWR | O_CLOEXEC));
	perf_event_attr wanted = attr();
	wanted.inherit = 1;
	ASSERT_EQ(configure(fd.get(), &wanted, target::thread(0)), 0);
	EXPECT_EQ(map_error(fd.get(), 9 * page_size()), EINVAL);
	enable(fd.get());
	EXPECT_EQ(calls(starts), 0u) << "it only counts";
}

TEST_F(producer_aux, the_area_of_a_task_can_end_while_the_task_runs)
{
	std::atomic<pid_t> tid = 0;
	std::jthread moving([&](std::stop_token over) {
		tid = gettid();
		for (int i = 0; !over.stop_requested(); i++)
			pin_to(i % 2);
	});
	EXPECT_TRUE(eventually([&] { return tid != 0; }));
	for (int turn = 0; turn < 12; turn++) {
		ASSERT_EQ(order("register " + std::to_string(tasks)), 0);
		aux_file file("testaux", attr(), check_positions, 16, rw, 8, target::thread(tid));
		enable(file.fd.get());
		EXPECT_TRUE(file.consume_until(4096));
		switch (turn % 3) {
		case 0:
			file.aux.reset();
			break;
		case 1:
			disable(file.fd.get());
			EXPECT_EQ(calls(starts), calls(stops));
			break;
		}
		ASSERT_EQ(order("unregister"), 0);
		EXPECT_EQ(calls(starts), calls(stops));
	}
}

TEST_F(producer_aux, an_error_of_the_source_is_the_errno_of_the_reader)
{
	ASSERT_EQ(order("register 0"), 0);
	set("open_answer", -EBUSY);
	unique_fd fd(open("/dev/perfbuf/testaux", O_RDWR | O_CLOEXEC));
	const perf_event_attr wanted = attr();
	EXPECT_EQ(configure(fd.get(), &wanted, target::every_process(0)), EBUSY);
	set("open_answer", 0);

	aux_file file = filled(0);
	set("setup_answer", -EIO);
	EXPECT_EQ(map_error_of(file, 16), EIO);
	set("setup_answer", 1);
	EXPECT_EQ(map_error_of(file, 16), EINVAL) << "it gives nothing";
	set("setup_answer", 0);
	EXPECT_EQ(calls(setups), 0u);
	EXPECT_EQ(map_error_of(file, 16), 0);
	EXPECT_EQ(calls(setups), 1u);
	/* And another event of the source has no area. */
	unique_fd other = opened(aux_event_attr("testaux", "other"));
	mapping ring(other.get(), 8);
	ring.page()->aux_offset = ring.bytes();
	ring.page()->aux_size = 16 * page_size();
	EXPECT_EQ(map_error(other.get(), 16 * page_size(), rw, MAP_SHARED,
			    static_cast<off_t>(ring.bytes())),
		  EOPNOTSUPP);
}

TEST_F(producer_aux, the_memory_of_an_area_has_the_chunks_that_the_source_requests)
{
	const auto order_with = [](unsigned flags) {
		EXPECT_EQ(order("register " + std::to_string(flags)), 0);
		{
			aux_file file = filled(16);
			enable(file.fd.get());
			EXPECT_TRUE(file.consume_until(4 * file.aux->bytes()));
		}
		EXPECT_EQ(order("unregister"), 0);
		return std::stoi(read_file(std::string(parameters) + "largest_order"));
	};
	EXPECT_LE(order_with(0), 3) << "max_order";
	EXPECT_EQ(order_with(one_chunk), 4);
	EXPECT_EQ(order_with(vmalloc), 0);

	ASSERT_EQ(order("register " + std::to_string(no_snapshot)), 0);
	aux_file file = filled(0);
	EXPECT_EQ(map_error_of(file, 4, PROT_READ), EOPNOTSUPP);
	EXPECT_EQ(map_error_of(file, 4), 0);
}

TEST_F(producer_aux, a_shared_area_holds_every_packet_of_a_thread_and_an_interrupt)
{
	ASSERT_EQ(order("register " + std::to_string(shared)), 0);
	auto seen = std::make_shared<packet_check>();
	aux_file file("testaux", attr(), std::ref(*seen), 16, rw, 64);
	enable(file.fd.get());
	EXPECT_TRUE(eventually([&] {
		file.consume();
		return seen->numbers[TEST_THREAD] > 5000 && seen->numbers[TEST_IRQ] > 500;
	}));
	EXPECT_EQ(order("elsewhere"), EXDEV) << "a ring has one CPU";
}

TEST_F(producer_aux, a_transaction_on_another_cpu_is_exdev)
{
	ASSERT_EQ(order("register 0"), 0);
	aux_file file = filled();
	enable(file.fd.get());
	EXPECT_EQ(order("elsewhere"), EXDEV);
}

/* Every reader has a stream of its own. */
TEST_F(producer_aux, a_source_has_as_many_readers_as_it_declares)
{
	ASSERT_EQ(order("register 0"), 0);
	aux_file first = filled(), second = filled(4), third = filled(8);
	for (aux_file *each : {&first, &second, &third})
		enable(each->fd.get());
	for (unsigned i = 0; i < 5; i++)
		for (aux_file *each : {&first, &second, &third})
			ASSERT_TRUE(each->consume_until(each->aux->bytes()));
}

TEST_F(producer_aux, a_source_can_unregister_while_its_area_is_mapped_and_filled)
{
	for (unsigned i = 0; i < 10; i++) {
		ASSERT_EQ(order("register 0"), 0);
		aux_file file = filled(), never_on = filled(4, PROT_READ);
		enable(file.fd.get());
		ASSERT_TRUE(file.consume_until(4 * page_size()));
		ASSERT_EQ(order("unregister"), 0);
		EXPECT_EQ(calls(starts), calls(stops));
		EXPECT_EQ(calls(opens), calls(closes));
		EXPECT_EQ(calls(setups), calls(frees)) << "though it is mapped";
		/* The bytes that were published before can be read to the end. */
		pollfd gone = {file.fd.get(), POLLIN, 0};
		EXPECT_EQ(poll(&gone, 1, 0), 1);
		EXPECT_TRUE(gone.revents & POLLERR);
		file.consume();
		EXPECT_EQ(file.announced_to, file.buffer.page()->aux_head);
		EXPECT_EQ(ioctl_error(file.fd.get(), PERF_EVENT_IOC_ENABLE), ENODEV);
		EXPECT_EQ(map_error_of(never_on, 8), ENODEV);
		if (i % 2)
			file.fd.reset();
	}
}

TEST_F(producer_aux, a_linked_event_pauses_it_and_resumes_it)
{
	ASSERT_EQ(order("register " + std::to_string(pauses)), 0);
	perf_event_attr paused = attr();
	set_aux_action(paused, PERFBUF_AUX_START_PAUSED);
	aux_file file("testaux", paused, check_positions);
	enable(file.fd.get());
	pause_for(std::chrono::milliseconds(5));
	EXPECT_EQ(calls(starts), 0u);
	EXPECT_EQ(file.buffer.page()->aux_head, 0u);

	const auto linked = [&](uint32_t action) {
		perf_event_attr clock = clock_attr(2'000'000, PERF_SAMPLE_TIME);
		set_aux_action(clock, action);
		unique_fd fd = open_device();
		EXPECT_EQ(link_error(fd.get(), clock, file.fd.get()), 0);
		return fd;
	};
	unique_fd resumes = linked(PERFBUF_AUX_RESUME);
	enable(resumes.get());
	ASSERT_TRUE(file.consume_until(2 * file.aux->bytes()));
	unique_fd stops_it = linked(PERFBUF_AUX_PAUSE);
	enable(stops_it.get());
	EXPECT_TRUE(eventually([&] {
		file.consume();
		enable(file.fd.get());
		return calls(stops) > 20;
	}));
	disable(resumes.get());
	EXPECT_TRUE(eventually([&] { return calls(stops) == calls(starts); }));
	file.consume();
	const uint64_t head = file.buffer.page()->aux_head;
	pause_for(std::chrono::milliseconds(5));
	EXPECT_EQ(file.buffer.page()->aux_head, head);
	EXPECT_EQ(file.announced_to, head) << "what was open has been ended";
}

TEST_F(producer_aux, samples_of_a_linked_event_take_its_newest_bytes)
{
	ASSERT_EQ(order("register 0"), 0);
	aux_file file = filled();
	perf_event_attr takes = clock_attr(1'000'000, PERF_SAMPLE_AUX);
	takes.aux_sample_size = 512;
	unique_fd clock = open_device();
	ASSERT_EQ(link_error(clock.get(), takes, file.fd.get()), 0);
	ring samples(clock.get(), 16);
	size_t full = 0;
	enable(file.fd.get());
	enable(clock.get());
	ASSERT_TRUE(eventually([&] {
		file.consume();
		enable(file.fd.get());
		for (const record &r : samples.drain()) {
			if (r.header.type != PERF_RECORD_SAMPLE)
				continue;
			const uint64_t bytes = r.at<uint64_t>(0);
			for (uint64_t i = 8; i < bytes; i += 8)
				EXPECT_EQ(r.at<uint64_t>(8 + i), r.at<uint64_t>(8) + i);
			full += bytes == 512;
		}
		return full > 50;
	}));
}

TEST_F(producer_aux, two_files_on_one_ring_fill_its_area_in_turns)
{
	ASSERT_EQ(order("register 0"), 0);
	aux_file file = filled();
	unique_fd other = opened(attr());
	for (unsigned i = 0; i < 20; i++) {
		control(other.get(), PERF_EVENT_IOC_SET_OUTPUT, file.fd.get());
		enable(other.get());
		ASSERT_TRUE(file.consume_until(page_size()));
		control(other.get(), PERF_EVENT_IOC_SET_OUTPUT, -1ul);
		ASSERT_TRUE(file.consume_until(page_size()));
	}
	/* Two sources that both fill AUX do not share a ring; a file without may. */
	unique_fd without = opened(aux_event_attr("testaux", "other"));
	EXPECT_EQ(ioctl_error(without.get(), PERF_EVENT_IOC_SET_OUTPUT, file.fd.get()), 0);
}

/* Registered and gone, mapped and unmapped, on and off, from many threads. */
TEST_F(producer_aux, threads_register_map_enable_and_unregister_at_once)
{
	for (unsigned flags : {0u, unsigned{shared}}) {
		std::atomic<unsigned> mapped = 0, other = 0;
		std::atomic<uint64_t> id = 0;
		std::vector<std::jthread> threads;
		const auto use = [&](unsigned i) {
			unique_fd fd(open("/dev/perfbuf/testaux", O_RDWR | O_CLOEXEC));
			if (!fd.valid())
				return;
			perf_event_attr wanted = {};
			wanted.type = PERF_TYPE_TRACEPOINT;
			wanted.size = sizeof(wanted);
			wanted.config = id;
			if (const int error =
				    configure(fd.get(), &wanted, target::every_process(0))) {
				other += error != ENODEV && error != ENOENT;
				return;
			}
			void *at = mmap(nullptr, 3 * page_size(), rw, MAP_SHARED, fd.get(), 0);
			if (at == MAP_FAILED)
				return;
			auto *page = static_cast<volatile perf_event_mmap_page *>(at);
			void *aux = MAP_FAILED;
			page->aux_offset = 3 * page_size();
			page->aux_size = 4 * page_size();
			aux = mmap(nullptr, 4 * page_size(), i % 2 ? rw : PROT_READ, MAP_SHARED,
				   fd.get(), static_cast<off_t>(3 * page_size()));
			mapped += aux != MAP_FAILED;
			ioctl_error(fd.get(), PERF_EVENT_IOC_ENABLE);
			if (i % 3)
				sched_yield();
			if (i % 5 == 0)
				fd.reset();
			if (aux != MAP_FAILED)
				munmap(aux, 4 * page_size());
			munmap(at, 3 * page_size());
		};
		for (unsigned t = 0; t < 3; t++)
			threads.emplace_back([&, t](std::stop_token over) {
				for (unsigned i = t; !over.stop_requested(); i++)
					use(i);
			});
		for (unsigned i = 0; i < 30 || mapped < 30; i++) {
			EXPECT_EQ(order("register " + std::to_string(flags)), 0);
			id = attr().config;
			pause_for(std::chrono::milliseconds(10));
			EXPECT_EQ(order("unregister"), 0);
			ASSERT_LT(i, 2000u);
		}
		threads.clear();
		EXPECT_EQ(other, 0u);
	}
}

} /* namespace */
