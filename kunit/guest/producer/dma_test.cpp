// SPDX-License-Identifier: GPL-2.0
/* samples/dma: a driver outside of the module that fills AUX, and all that may happen to it. */
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>

#include "producer/aux_file.hpp"
#include "producer/source.hpp"
#include "support/module.hpp"

using namespace device_test;

namespace
{

int load()
{
	return load_module("/root/dma.ko");
}

int unload()
{
	return unload_module("dma");
}

class producer_dma : public testing::Test
{
protected:
	producer_dma()
	{
		if (int error = load())
			fail_errno("loading dma.ko", error);
	}
	~producer_dma() override { EXPECT_EQ(unload(), 0); }

	static perf_event_attr attr() { return aux_event_attr("dma", "transfer"); }
	static aux_file transfers(size_t aux_pages = 16, int prot = rw)
	{
		return aux_file("dma", attr(), check_positions, aux_pages, prot);
	}
};

TEST_F(producer_dma, every_byte_of_the_device_is_announced_and_read)
{
	aux_file file = transfers();
	enable(file.fd.get());
	ASSERT_TRUE(file.consume_until(20 * file.aux->bytes()));
	disable(file.fd.get());
	file.consume();
	EXPECT_EQ(file.announced_to, file.buffer.page()->aux_head);
}

TEST_F(producer_dma, a_buffer_is_a_transaction_and_the_watermark_wakes_for_it)
{
	aux_file file = transfers();
	enable(file.fd.get());
	for (unsigned i = 0; i < 20; i++) {
		pollfd waiting = {file.fd.get(), POLLIN, 0};
		ASSERT_EQ(poll(&waiting, 1, 60'000), 1);
		ASSERT_TRUE(file.consume());
		enable(file.fd.get());
	}
	for (const aux_announcement &announcement : file.announced) {
		/* None goes over the end of its buffer; what is cut short says so. */
		const uint64_t buffer = file.aux->bytes() / 2,
			       end = announcement.offset + announcement.size;
		EXPECT_EQ(announcement.offset / buffer, (end - 1) / buffer);
		EXPECT_EQ(end % buffer != 0, !!(announcement.flags & PERF_AUX_FLAG_TRUNCATED))
			<< end;
	}
}

TEST_F(producer_dma, the_records_of_the_device_stand_beside_the_bytes_they_describe)
{
	perf_event_attr wanted = attr();
	wanted.sample_period = 1;
	aux_file file("dma", wanted, check_positions);
	enable(file.fd.get());
	ASSERT_TRUE(file.consume_until(10 * file.aux->bytes()));
	disable(file.fd.get());
	file.consume();
	const std::vector<sample> by_device = samples_in(file.samples, wanted);
	/* The transaction that DISABLE has ended is announced, and there are no more samples. */
	ASSERT_GE(file.announced.size(), by_device.size());
	ASSERT_LE(file.announced.size(), by_device.size() + 1);
	for (size_t i = 0; i < by_device.size(); i++) {
		EXPECT_EQ(payload(by_device[i]).at<uint64_t>(8), file.announced[i].offset);
		EXPECT_EQ(payload(by_device[i]).at<uint64_t>(16), file.announced[i].size);
	}
}

TEST_F(producer_dma, a_late_reader_gets_a_report_and_all_bytes_before_the_loss)
{
	aux_file file = transfers(4);
	for (unsigned round = 0; round < 3; round++) {
		file.flags_seen = 0;
		enable(file.fd.get());
		/* No reader frees space: both buffers fill. */
		ASSERT_TRUE(eventually([&] {
			return file.buffer.page()->aux_head - file.announced_to >=
			       file.aux->bytes() - 8;
		}));
		EXPECT_EQ(file.consume(), file.aux->bytes() - 8);
		EXPECT_TRUE(file.flags_seen & PERF_AUX_FLAG_TRUNCATED);
		/* And it stays off until it is enabled. */
		pause_for(std::chrono::milliseconds(5));
		EXPECT_EQ(file.consume(), 0u);
	}
}

TEST_F(producer_dma, snapshots_are_whole_up_to_the_head)
{
	aux_file file = transfers(64, PROT_READ);
	const auto head = [&] {
		return __atomic_load_n(&file.buffer.page()->aux_head, __ATOMIC_ACQUIRE);
	};
	enable(file.fd.get());
	for (unsigned i = 0; i < 50; i++) {
		const uint64_t last = head();
		ASSERT_TRUE(eventually([&] { return head() != last; }));
		const uint64_t end = head();
		std::vector<uint64_t> copy(file.aux->bytes() / 8);
		for (size_t w = 0; w < copy.size(); w++)
			copy[w] = file.aux->word(8 * w);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		/* One buffer beyond the head may be under way; what is left was not touched. */
		const uint64_t dirty = head() + file.aux->bytes() / 2;
		const uint64_t first = dirty > file.aux->bytes() ? dirty - file.aux->bytes() : 0;
		for (uint64_t at = first; at < end; at += 8)
			ASSERT_EQ(copy[at % file.aux->bytes() / 8], at);
	}
	disable(file.fd.get());
	for (const record &r : file.buffer.drain())
		if (r.header.type == PERF_RECORD_AUX)
			EXPECT_TRUE(parse_aux(r).flags & PERF_AUX_FLAG_OVERWRITE);
}

TEST_F(producer_dma, an_area_can_be_unmapped_while_the_device_fills_it)
{
	aux_file file = transfers(0);
	enable(file.fd.get());
	for (unsigned i = 0; i < 60; i++) {
		file.aux.emplace(file.fd.get(), file.buffer, i % 2 ? 4 : 16,
				 i % 3 ? rw : PROT_READ);
		file.announced_to = file.buffer.page()->aux_head;
		file.buffer.page()->aux_tail = file.announced_to;
		file.buffer.drain();
		enable(file.fd.get());
		if (i % 3 && i % 2)
			ASSERT_TRUE(file.consume_until(file.aux->bytes()));
		file.aux.reset();
		/* The transaction that was open has been ended, and no other begins. */
		file.buffer.drain();
		const uint64_t head = file.buffer.page()->aux_head;
		pause_for(std::chrono::milliseconds(2));
		EXPECT_EQ(file.buffer.page()->aux_head, head);
	}
}

TEST_F(producer_dma, the_module_of_the_device_stays_while_it_streams_and_unloads_at_once_after)
{
	for (unsigned i = 0; i < 10; i++) {
		{
			aux_file file = transfers(4);
			enable(file.fd.get());
			EXPECT_EQ(unload(), EAGAIN);
			ASSERT_TRUE(file.consume_until(4 * page_size()));
			/* The mapping is as good as the file. */
			file.fd.reset();
			EXPECT_EQ(unload(), EAGAIN);
		}
		ASSERT_EQ(unload(), 0);
		ASSERT_EQ(load(), 0);
	}
}

TEST_F(producer_dma, the_device_has_one_reader_for_a_cpu_and_none_for_a_task)
{
	aux_file file = transfers();
	const perf_event_attr wanted = attr();
	unique_fd second(open("/dev/perfbuf/dma", O_RDWR | O_CLOEXEC));
	EXPECT_EQ(configure(second.get(), &wanted, target::every_process(0)), EBUSY);
	EXPECT_EQ(configure(second.get(), &wanted, target::thread(0)), EOPNOTSUPP);
	EXPECT_EQ(configure(second.get(), &wanted, target::thread(0, 0)), EOPNOTSUPP);
	EXPECT_EQ(configure(second.get(), &wanted, target::every_process(1)), 0);
}

TEST_F(producer_dma, an_option_that_the_device_has_not_declared_is_refused)
{
	aux_file file = transfers();
	unique_fd clock = open_device();
	perf_event_attr takes = clock_attr(1'000'000, PERF_SAMPLE_AUX);
	takes.aux_sample_size = 64;
	EXPECT_EQ(link_error(clock.get(), takes, file.fd.get()), EOPNOTSUPP) << "no hold()";
	perf_event_attr pauses = clock_attr();
	set_aux_action(pauses, PERFBUF_AUX_PAUSE);
	EXPECT_EQ(link_error(clock.get(), pauses, file.fd.get()), EOPNOTSUPP);
}

} /* namespace */
