// SPDX-License-Identifier: GPL-2.0
/*
 * One script, two rings: the same operations go to a ring of perf's and to
 * one of ours in the same boot, and after each of them heads, bytes and poll
 * results are compared.
 *
 * prctl(PR_SET_NAME) has records written: both events ask for PERF_RECORD_COMM of
 * this thread, so that each call is exactly one record in each ring.
 */
#include <algorithm>
#include <cstring>
#include <random>
#include <tuple>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>

#include "support/session.hpp"

using namespace device_test;

namespace
{

constexpr size_t data_pages = 1;
constexpr unsigned steps = 400;

struct variant {
	bool backward;
	bool overwrite;
	bool trailer;
	uint32_t watermark; /* 0: the default */
	unsigned seed;
};

void PrintTo(const variant &v, std::ostream *out)
{
	*out << (v.backward ? "backward" : "forward") << (v.overwrite ? " overwrite" : " discard")
	     << (v.trailer ? " trailer" : "") << " watermark " << v.watermark << " seed " << v.seed;
}

perf_event_attr comm_attr(const variant &v)
{
	perf_event_attr attr = clock_attr(0);
	attr.disabled = 0;
	attr.comm = 1;
	attr.write_backward = v.backward;
	attr.sample_id_all = v.trailer;
	attr.read_format = PERF_FORMAT_LOST;
	attr.watermark = v.watermark != 0;
	attr.wakeup_watermark = v.watermark;
	return attr;
}

struct one_side {
	one_side(side s, const variant &v)
		: fd(must_open(s, comm_attr(v))),
		  map(fd.get(), data_pages, v.overwrite ? PROT_READ : PROT_READ | PROT_WRITE)
	{
	}
	uint64_t head() const { return __atomic_load_n(&map.page()->data_head, __ATOMIC_ACQUIRE); }
	void set_tail(uint64_t to) const
	{
		__atomic_store_n(&map.page()->data_tail, to, __ATOMIC_RELEASE);
	}
	bool readable() const
	{
		pollfd polled = {.fd = fd.get(), .events = POLLIN};
		return poll(&polled, 1, 0) == 1 && polled.revents & POLLIN;
	}
	unique_fd fd;
	mapping map;
};

class script : public testing::TestWithParam<variant>
{
protected:
	void emit()
	{
		const size_t length = random(1, 15);
		char name[16] = {};
		memset(name, 'a' + static_cast<int>(random(0, 25)), length);
		const uint64_t before = perf.head();
		ASSERT_EQ(prctl(PR_SET_NAME, name), 0);
		/* Neither ring may report a loss by itself while the other waits for the next
		 * record. */
		loss_is_pending = perf.head() == before;
		/* A full ring wakes our reader; perf's may sleep on. */
		woken = woken || loss_is_pending;
		compare("after a record");
		if (loss_is_pending || GetParam().overwrite)
			compare_overwrite_poll();
		else
			compare_poll();
	}
	/* The wakeup of this record, if it had one. */
	void compare_poll()
	{
		const bool theirs = perf.readable();
		woken = woken || theirs;
		const bool mine = own.readable();
		/* After a large record perf's mark lags, and each small one wakes. */
		if (theirs && unread() > watermark())
			EXPECT_TRUE(mine) << "perf woke its reader";
		if (mine)
			EXPECT_TRUE(woken || unread() > watermark())
				<< "perf did not; step " << step << ", head " << own.head()
				<< ", tail " << tail;
	}
	void compare_overwrite_poll()
	{
		if (!GetParam().overwrite)
			return;
		const bool theirs = perf.readable();
		if (own.readable()) {
			EXPECT_TRUE(theirs) << "perf did not wake its reader";
			woken_head = own.head();
		} else if (theirs) {
			const uint64_t head = own.head();
			EXPECT_LE(GetParam().backward ? woken_head - head : head - woken_head,
				  watermark())
				<< "perf woke its reader";
		}
	}
	void consume()
	{
		set_tails(perf.head());
		woken = false;
	}
	/*
	 * A tail that makes no sense costs both the same records, from the moment that our ring
	 * reads it: a pause makes the next record do so.
	 */
	void scribble()
	{
		const uint64_t wild[] = {0,
					 ~0ull,
					 1,
					 4095,
					 perf.head() + 8,
					 perf.head() - 4096,
					 uint64_t{random(0, 1 << 30)} * 8};
		set_tails(wild[random(0, std::size(wild) - 1)]);
		pause(1);
		pause(0);
		/* It may have gone back behind a wakeup. */
		woken = true;
	}
	void set_tails(uint64_t to)
	{
		if (GetParam().overwrite)
			return;
		perf.set_tail(to);
		own.set_tail(to);
		tail = to;
	}
	void pause(unsigned long on)
	{
		EXPECT_EQ(ioctl_error(perf.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, on),
			  ioctl_error(own.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, on));
	}
	void compare(const char *when)
	{
		ASSERT_EQ(own.head(), perf.head()) << when << ", step " << step;
	}
	uint64_t unread() const
	{
		const uint64_t head = own.head();
		return (GetParam().backward ? tail - head : head - tail) % own.map.data_bytes();
	}
	uint64_t watermark() const
	{
		return GetParam().watermark ? GetParam().watermark : own.map.data_bytes() / 2;
	}
	/* Ids and times differ; everything else is the same to the byte. */
	void compare_bytes()
	{
		const uint64_t size = own.map.data_bytes();
		const uint64_t head = own.head();
		const uint64_t used = std::min(GetParam().backward ? 0 - head : head, size);
		for (uint64_t at = 0; at < used; at += 8) {
			const uint64_t position = (GetParam().backward ? head + at : at) % size;
			uint64_t a;
			uint64_t b;
			memcpy(&a, perf.map.data() + position, sizeof(a));
			memcpy(&b, own.map.data() + position, sizeof(b));
			differing += a != b;
			compared++;
		}
	}
	unsigned random(unsigned from, unsigned to)
	{
		return std::uniform_int_distribution<unsigned>(from, to)(generator);
	}

	one_side perf{side::perf, GetParam()};
	one_side own{side::clock, GetParam()};
	std::mt19937 generator{GetParam().seed};
	uint64_t tail = 0;
	uint64_t woken_head = 0;
	bool woken = false;
	bool loss_is_pending = false;
	unsigned step = 0;
	size_t compared = 0;
	size_t differing = 0;
};

TEST_P(script, a_script_of_operations_gives_the_positions_losses_and_wakeups_of_perf)
{
	for (step = 0; step < steps && !HasFatalFailure(); step++) {
		switch (random(0, 19)) {
		case 0:
		case 1:
			consume();
			break;
		case 2:
			scribble();
			break;
		case 3:
			pause(1);
			emit();
			emit();
			pause(0);
			break;
		default:
			emit();
		}
	}
	/* A record that fits reports the pending loss, and the counts agree. */
	consume();
	emit();
	compare("at the end");
	EXPECT_EQ(read_value(own.fd.get(), 1), read_value(perf.fd.get(), 1));
	if (GetParam().trailer)
		return;
	/* Without ids and times only a LOST record's id may differ. */
	compare_bytes();
	EXPECT_GT(compared, 0u);
	EXPECT_LT(differing, compared / 10);
}

std::vector<variant> variants()
{
	std::vector<variant> all;
	for (bool backward : {false, true})
		for (bool overwrite : {false, true})
			for (bool trailer : {false, true})
				for (uint32_t watermark : {0u, 64u, 4000u})
					for (unsigned seed : {1u, 2u})
						all.push_back({backward, overwrite, trailer,
							       watermark, seed});
	return all;
}

std::string variant_name(const testing::TestParamInfo<variant> &info)
{
	const variant &v = info.param;
	return std::string(v.backward ? "backward" : "forward") +
	       (v.overwrite ? "_overwrite" : "_discard") + (v.trailer ? "_trailer" : "") + "_" +
	       std::to_string(v.watermark) + "_" + std::to_string(v.seed);
}

INSTANTIATE_TEST_SUITE_P(of, script,
			 testing::ValuesIn(own_side().empty() ? std::vector<variant>()
							      : variants()),
			 variant_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(script);

} /* namespace */
