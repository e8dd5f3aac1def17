// SPDX-License-Identifier: GPL-2.0
/* Samples of one event that copy bytes of the AUX area of another event, pause it and resume it. */
#include <cstring>

#include <gtest/gtest.h>

#include "aux/pattern_file.hpp"

using namespace device_test;

namespace
{

perf_event_attr clock_of(uint32_t sample_bytes, uint32_t action = 0, uint64_t period_ns = 1'000'000)
{
	perf_event_attr attr =
		clock_attr(period_ns, sample_bytes ? PERF_SAMPLE_AUX : PERF_SAMPLE_TIME);
	attr.aux_sample_size = sample_bytes;
	set_aux_action(attr, action);
	return attr;
}

unique_fd linked_clock(const perf_event_attr &attr, int aux_fd)
{
	unique_fd fd = open_device();
	if (int error = link_error(fd.get(), attr, aux_fd))
		fail_errno("PERFBUF_IOC_OPEN_LINKED", error);
	return fd;
}

/* The position whose pattern_word() this is: the factor is odd, so it has an inverse. */
uint64_t position_of(uint64_t word)
{
	uint64_t inverse = 1;
	for (unsigned i = 0; i < 6; i++)
		inverse *= 2 - 0x9e3779b97f4a7c15ULL * inverse;
	return word * inverse - 8;
}

TEST(aux_sample, a_link_to_a_file_without_an_area_is_refused)
{
	pattern_file file(pattern_attr());
	unique_fd unconfigured(::open(pattern_path, O_RDWR | O_CLOEXEC));
	unique_fd clock = must_open(side::clock, clock_attr(), target::every_process(0));
	unique_fd without = open_pattern(pattern_attr(PATTERN_NO_AUX));
	unique_fd fd = open_device();
	const perf_event_attr attr = clock_of(256);

	EXPECT_EQ(link_error(fd.get(), attr, -1), EBADF);
	EXPECT_EQ(link_error(fd.get(), attr, 0), EBADF);
	EXPECT_EQ(link_error(fd.get(), attr, unconfigured.get()), EBADFD);
	EXPECT_EQ(link_error(fd.get(), attr, clock.get()), EINVAL);
	EXPECT_EQ(link_error(fd.get(), attr, without.get()), EINVAL);
	EXPECT_EQ(link_error(fd.get(), attr, fd.get()), EINVAL);
	EXPECT_EQ(link_error(fd.get(), attr, file.fd.get(), 1), EINVAL);
	EXPECT_EQ(link_error(fd.get(), attr, file.fd.get(), 0, 1), EINVAL);
	EXPECT_EQ(link_error(fd.get(), clock_of(0), file.fd.get()), EINVAL);
	EXPECT_EQ(link_error(fd.get(), clock_of(0, 8), file.fd.get()), EINVAL);
	EXPECT_EQ(link_error(fd.get(), clock_of(0, PERFBUF_AUX_PAUSE | PERFBUF_AUX_RESUME),
			     file.fd.get()),
		  EINVAL);
	/* Without the link, nothing of it. */
	EXPECT_EQ(configure(fd.get(), &attr, target::every_process(0)), EOPNOTSUPP);
	const perf_event_attr pauses = clock_of(0, PERFBUF_AUX_PAUSE);
	EXPECT_EQ(configure(fd.get(), &pauses, target::every_process(0)), EOPNOTSUPP);
	const perf_event_attr starts = clock_of(0, PERFBUF_AUX_START_PAUSED);
	EXPECT_EQ(configure(fd.get(), &starts, target::every_process(0)), EOPNOTSUPP);
	EXPECT_EQ(link_error(fd.get(), attr, file.fd.get()), 0);
	EXPECT_EQ(link_error(fd.get(), attr, file.fd.get()), EBUSY);
}

TEST(aux_sample, a_sample_takes_the_newest_bytes_of_the_area)
{
	for (uint64_t config : {uint64_t{0}, uint64_t{PATTERN_HOLDS}}) {
		for (int prot : {rw, PROT_READ}) {
			pattern_file file(pattern_attr(config), 16, prot);
			unique_fd clock = linked_clock(clock_of(1000), file.fd.get());
			ring samples(clock.get(), 16);
			size_t full = 0;
			uint64_t newest = 0;
			enable(clock.get());
			enable(file.fd.get());
			ASSERT_TRUE(eventually([&] {
				/* Its own reader may be slow: it goes off, and on again. */
				file.buffer.drain();
				file.buffer.page()->aux_tail = file.buffer.page()->aux_head;
				enable(file.fd.get());
				for (const record &r : samples.drain()) {
					if (r.header.type != PERF_RECORD_SAMPLE)
						continue;
					const uint64_t bytes = r.at<uint64_t>(0);
					EXPECT_LE(bytes, 1000u);
					EXPECT_EQ(bytes % 8, 0u);
					EXPECT_EQ(r.body.size(), 8 + bytes);
					if (!bytes)
						continue;
					const uint64_t first = position_of(r.at<uint64_t>(8));
					for (uint64_t i = 0; i < bytes; i += 8)
						if (r.at<uint64_t>(8 + i) !=
						    pattern_word(first + i))
							throw std::runtime_error(
								"a sample is torn");
					EXPECT_GE(first + bytes, newest);
					newest = first + bytes;
					full += bytes == 1000;
				}
				return full > 30;
			}));
		}
	}
}

TEST(aux_sample, a_sample_of_an_empty_area_has_no_bytes)
{
	pattern_file file(pattern_attr());
	unique_fd clock = linked_clock(clock_of(4096), file.fd.get());
	ring samples(clock.get(), 16);
	enable(clock.get());
	size_t seen = 0;
	ASSERT_TRUE(eventually([&] {
		for (const record &r : samples.drain()) {
			if (r.header.type != PERF_RECORD_SAMPLE)
				continue;
			EXPECT_EQ(r.at<uint64_t>(0), 0u);
			seen++;
		}
		return seen > 3;
	}));
}

TEST(aux_sample, a_sample_takes_as_many_bytes_as_a_record_can_hold)
{
	pattern_file file(pattern_attr(), 64);
	unique_fd clock = linked_clock(clock_of(1 << 20), file.fd.get());
	ring samples(clock.get(), 64);
	enable(file.fd.get());
	ASSERT_TRUE(file.consume_until(100'000));
	enable(clock.get());
	ASSERT_TRUE(eventually([&] {
		for (const record &r : samples.drain()) {
			if (r.header.type != PERF_RECORD_SAMPLE || r.header.size < 65528)
				continue;
			EXPECT_EQ(r.at<uint64_t>(0), 65528u - 16);
			return true;
		}
		enable(file.fd.get());
		file.consume();
		return false;
	}));
}

TEST(aux_pause, an_area_that_starts_paused_waits_for_a_sample)
{
	perf_event_attr attr = pattern_attr();
	set_aux_action(attr, PERFBUF_AUX_START_PAUSED);
	pattern_file file(attr);
	enable(file.fd.get());
	ASSERT_TRUE(eventually([&] { return read_value(file.fd.get()) > 20; }));
	EXPECT_EQ(file.buffer.page()->aux_head, 0u);

	unique_fd resumes = linked_clock(clock_of(0, PERFBUF_AUX_RESUME), file.fd.get());
	enable(resumes.get());
	EXPECT_TRUE(file.consume_until(2 * file.aux->bytes()));
}

TEST(aux_pause, a_sample_pauses_and_another_resumes)
{
	pattern_file file(pattern_attr(PATTERN_HOLDS));
	unique_fd pauses = linked_clock(clock_of(0, PERFBUF_AUX_PAUSE), file.fd.get());
	unique_fd resumes = linked_clock(clock_of(0, PERFBUF_AUX_RESUME), file.fd.get());

	enable(file.fd.get());
	for (unsigned round = 0; round < 3; round++) {
		ASSERT_TRUE(file.consume_until(file.aux->bytes()));
		enable(pauses.get());
		/* The open transaction is ended, and no other one begins. */
		ASSERT_TRUE(eventually([&] {
			const uint64_t head = file.buffer.page()->aux_head;
			const uint64_t ticks = read_value(file.fd.get());
			file.consume();
			enable(file.fd.get());
			return eventually([&] { return read_value(file.fd.get()) > ticks + 20; }) &&
			       head == file.buffer.page()->aux_head;
		}));
		disable(pauses.get());
		enable(resumes.get());
		ASSERT_TRUE(file.consume_until(PATTERN_STEP));
		disable(resumes.get());
	}
}

/* The sampled file is closed while samples are taken from it, and opened and closed again. */
TEST(aux_sample, a_linked_event_samples_on_after_the_file_with_the_area_is_closed)
{
	for (unsigned i = 0; i < 20; i++) {
		std::optional<pattern_file> file(std::in_place,
						 pattern_attr(PATTERN_HOLDS, 20'000));
		unique_fd clock = linked_clock(clock_of(512, 0, 100'000), file->fd.get());
		ring samples(clock.get(), 4);
		enable(file->fd.get());
		enable(clock.get());
		ASSERT_TRUE(eventually([&] { return !samples.drain().empty(); }));
		file.reset();
		ASSERT_TRUE(eventually([&] { return !samples.drain().empty(); }));
	}
}

} /* namespace */
