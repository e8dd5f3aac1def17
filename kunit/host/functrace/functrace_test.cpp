// SPDX-License-Identifier: GPL-2.0
// The encoder of function traces and the reader's decoder, held against each other.
#include "sources/functrace/encoder.hpp"

#include <gtest/gtest.h>
#include <perfbuf/functrace.hpp>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace
{

namespace reader = perfbuf::reader::functrace;
using perfbuf::functrace::caller;
using perfbuf::functrace::encoder;
using reader::kind;
using reader::reason;

constexpr uint64_t text = 0xffffffff81000000;

struct call {
	uint64_t time;
	uint64_t address;
	uint32_t tid;
	std::string comm;

	bool operator==(const call &) const = default;
};

std::ostream &operator<<(std::ostream &to, const call &one)
{
	return to << one.time << ' ' << one.address << ' ' << one.tid << ' ' << one.comm;
}

struct stream {
	explicit stream(uint32_t tick_shift = 0, uint32_t sync_every = 4096, uint32_t cpu = 3)
		: made(cpu, tick_shift, sync_every)
	{
	}

	uint32_t add(const call &one, bool stored = true)
	{
		uint8_t packets[encoder::call_bytes_max];
		char comm[16] = {};

		memcpy(comm, one.comm.data(), std::min<size_t>(one.comm.size(), 15));
		const uint32_t size =
			made.call(packets, one.time, one.address, {one.tid / 4, one.tid, comm});
		EXPECT_LE(size, sizeof(packets));
		if (stored)
			append(packets, size);
		else
			made.not_stored();
		return size;
	}

	void end()
	{
		uint8_t packet[encoder::end_bytes_max];
		append(packet, made.end(packet));
	}

	void append(const uint8_t *from, size_t size)
	{
		const auto *first = reinterpret_cast<const std::byte *>(from);
		bytes.insert(bytes.end(), first, first + size);
	}

	encoder made;
	std::vector<std::byte> bytes;
};

struct decoded {
	std::vector<call> calls;
	std::vector<reader::item> others;
	uint64_t lost = 0;
};

// Every byte is in one item at most, in order, and the decoder ends.
decoded decode(std::span<const std::byte> bytes)
{
	decoded out;
	reader::decoder from(bytes);
	uint64_t behind = 0;

	for (size_t steps = 0; auto one = from.next(); steps++) {
		EXPECT_LE(steps, bytes.size());
		EXPECT_GE(one->offset, behind);
		EXPECT_LT(one->offset, bytes.size());
		behind = one->offset + (one->what == kind::cut ? one->count : 1);
		EXPECT_LE(behind, bytes.size());
		if (one->what == kind::call) {
			out.calls.push_back({one->time, one->address, one->who ? one->who->tid : 0,
					     one->who ? std::string(one->who->name()) : ""});
		} else {
			out.others.push_back(*one);
			out.lost += one->what == kind::lost ? one->count : 0;
		}
	}
	return out;
}

// Calls as a kernel makes them: some functions again and again, few tasks, times of all kinds.
class generator
{
public:
	explicit generator(uint32_t seed) : random_(seed)
	{
		for (int i = 0; i < 400; i++)
			functions_.push_back(i % 50 ? text + random_() % 0x1200000
						    : 0xffffffffc0000000 + random_() % 0x100000);
		functions_.push_back(0);
		functions_.push_back(~0ULL);
	}

	call next()
	{
		const uint32_t kind = random_() % 1000;
		time_ += kind < 900   ? random_() % 300
			 : kind < 995 ? random_() % 10000
				      : (uint64_t{random_()} << 12);
		if (random_() % 40 == 0)
			tid_ = 1 + random_() % 5 * 1000000;
		if (random_() % 400 == 0)
			comm_ = std::string(random_() % 16, static_cast<char>(1 + random_() % 255));
		if (comm_.find('\x7f') != std::string::npos)
			comm_ = "\u00e4";
		return {time_, functions_[random_() % (random_() % functions_.size() + 1)], tid_,
			comm_};
	}

	uint32_t random() { return random_(); }

private:
	std::mt19937 random_;
	std::vector<uint64_t> functions_;
	uint64_t time_ = 1'700'000'000'000'000;
	uint32_t tid_ = 1;
	std::string comm_ = "init";
};

TEST(functrace, the_bytes_are_those_of_the_document)
{
	stream one(4, 4096, 1);
	one.add({0x1000, 0x40, 8, "sh"});
	one.add({0x1020, 0x40, 8, "sh"});
	one.add({0x1020 + (48 << 4), 0x3e, 8, "sh"});
	one.end();

	const uint8_t slot = perfbuf::functrace::slot_of(0x40);
	const std::vector<uint8_t> expected{
		0x7f, 0x7f, 0x7f, 0x7f, 0x80, 0x01, 0x01, 0x04, 0x80, 0x02, 0x00, 0xe4, // sync
		0x02, 0x02, 0x08, 0x02, 's',  'h',					// context
		0x80, 0x80, 0x01, // call, +0x40
		0xc2, slot,	  // call, known
		0xb0, 0x00, 0x03, // call, -2
		0x03,		  // end
	};
	std::vector<uint8_t> bytes(one.bytes.size());
	memcpy(bytes.data(), one.bytes.data(), bytes.size());
	uint8_t sum = 0;
	for (size_t i = 5; i < 11; i++)
		sum = static_cast<uint8_t>(sum * 5 + bytes[i]);
	auto checked = expected;
	checked[11] = sum | 0x80;
	EXPECT_EQ(bytes, checked);
}

TEST(functrace, what_goes_in_comes_out)
{
	for (uint32_t seed = 0; seed < 20; seed++) {
		generator calls(seed);
		stream one(0, 64 << seed % 8);
		std::vector<call> expected;

		for (int i = 0; i < 5000; i++) {
			expected.push_back(calls.next());
			one.add(expected.back());
		}
		one.end();
		const decoded got = decode(one.bytes);
		ASSERT_EQ(got.calls, expected) << seed;
		ASSERT_EQ(got.others.size(), 1);
		EXPECT_EQ(got.others[0].what, kind::end);
		EXPECT_EQ(got.others[0].cpu, 3);
	}
}

TEST(functrace, the_short_way_gives_the_same_bytes)
{
	generator from(7);
	stream by_call(2, 512), by_either(2, 512);
	size_t alone = 0;

	for (int i = 0; i < 20000; i++) {
		const call one = from.next();
		uint8_t packets[encoder::call_bytes_max];
		char comm[16] = {};

		memcpy(comm, one.comm.data(), std::min<size_t>(one.comm.size(), 15));
		by_call.add(one);
		if (by_either.made.says_the_call_alone({one.tid / 4, one.tid, comm})) {
			by_either.append(packets,
					 by_either.made.call_alone(packets, one.time, one.address));
			alone++;
		} else {
			by_either.add(one);
		}
		ASSERT_EQ(by_call.bytes.size(), by_either.bytes.size());
	}
	EXPECT_EQ(by_call.bytes, by_either.bytes);
	EXPECT_GT(alone, 10000u);
	EXPECT_LT(alone, 20000u);
}

TEST(functrace, ticks_do_not_add_up_to_an_error)
{
	generator calls(1);
	stream one(4);
	std::vector<call> expected;

	for (int i = 0; i < 5000; i++) {
		expected.push_back(calls.next());
		one.add(expected.back());
		expected.back().time &= ~uint64_t{15};
	}
	EXPECT_EQ(decode(one.bytes).calls, expected);
}

TEST(functrace, time_never_goes_back)
{
	stream one;
	one.add({1000, text, 4, "a"});
	one.add({900, text, 4, "a"});
	one.add({1001, text, 4, "a"});
	const auto got = decode(one.bytes).calls;
	ASSERT_EQ(got.size(), 3);
	EXPECT_EQ(got[1].time, 1000);
	EXPECT_EQ(got[2].time, 1001);
}

TEST(functrace, known_functions_take_two_bytes)
{
	stream one(4);
	one.add({0, text, 4, "a"});
	one.add({100, text + 512, 4, "a"});
	EXPECT_EQ(one.add({200, text, 4, "a"}), 2);
	EXPECT_EQ(one.add({300, text + 512, 4, "a"}), 2);
	EXPECT_EQ(one.add({300 + (1000 << 4), text, 4, "a"}), 3);
}

/* Four 7f in a row, whoever writes them, are a sync; the encoder writes none anywhere else. */
TEST(functrace, a_name_is_no_sync)
{
	stream one;
	one.add({1, text, 4, std::string(15, '\x7f')});
	one.add({2, text, 4, "a"});
	const auto got = decode(one.bytes);
	ASSERT_EQ(got.calls.size(), 2);
	EXPECT_EQ(got.calls[0].comm, std::string(15, '?'));
	EXPECT_TRUE(got.others.empty());
	one.bytes.erase(one.bytes.begin());
	const auto torn = decode(one.bytes);
	ASSERT_EQ(torn.others.size(), 1);
	EXPECT_EQ(torn.others[0].count, one.bytes.size());
}

TEST(functrace, losses_are_told_where_they_are)
{
	generator calls(7);
	stream one;
	std::vector<call> stored;
	uint64_t lost = 0;

	for (int i = 0; i < 5000; i++) {
		const call next = calls.next();
		const bool keeps = calls.random() % 50 || i == 4999;
		one.add(next, keeps);
		lost += !keeps;
		if (keeps)
			stored.push_back(next);
	}
	const decoded got = decode(one.bytes);
	EXPECT_EQ(got.calls, stored);
	EXPECT_EQ(got.lost, lost);
	for (const auto &other : got.others) {
		EXPECT_EQ(other.what, kind::lost);
		EXPECT_LE(other.since, other.time);
	}
}

TEST(functrace, calls_that_were_missed_are_told_once)
{
	stream one;
	one.add({1, text, 4, "a"});
	one.made.missed(3);
	one.add({2, text, 4, "a"}, false);
	one.add({3, text, 4, "a"}, false);
	one.add({4, text, 4, "a"});
	one.add({5, text, 4, "a"});
	one.made.missed(1);
	one.add({6, text, 4, "a"});
	const decoded got = decode(one.bytes);
	ASSERT_EQ(got.others.size(), 2);
	EXPECT_EQ(got.others[0].count, 5);
	EXPECT_EQ(got.others[0].since, 1);
	EXPECT_EQ(got.others[0].time, 4);
	EXPECT_EQ(got.others[1].count, 1);
	EXPECT_EQ(got.calls.size(), 4);
}

TEST(functrace, a_sync_is_found_from_anywhere)
{
	generator calls(3);
	stream one(0, 256);
	std::vector<call> all;

	for (int i = 0; i < 1500; i++) {
		all.push_back(calls.next());
		one.add(all.back());
	}
	for (size_t cut = 1; cut < one.bytes.size(); cut += 7) {
		const decoded got = decode(std::span(one.bytes).subspan(cut));
		ASSERT_LE(got.others.size(), 1);
		ASSERT_LE(got.calls.size(), all.size());
		ASSERT_TRUE(std::equal(got.calls.rbegin(), got.calls.rend(), all.rbegin())) << cut;
		if (!got.others.empty()) {
			ASSERT_EQ(got.others[0].why, reason::no_sync);
			ASSERT_LE(got.others[0].count, 256 + encoder::call_bytes_max);
		}
	}
}

TEST(functrace, a_cut_end_is_told)
{
	stream one;
	std::vector<call> all;
	generator calls(5);

	for (int i = 0; i < 200; i++) {
		all.push_back(calls.next());
		one.add(all.back());
	}
	for (size_t size = 0; size < one.bytes.size(); size++) {
		const decoded got = decode(std::span(one.bytes).first(size));
		ASSERT_TRUE(std::equal(got.calls.begin(), got.calls.end(), all.begin()));
		for (const auto &other : got.others)
			ASSERT_EQ(other.why, reason::truncated);
	}
}

TEST(functrace, wrong_bytes_cost_what_is_up_to_the_next_sync)
{
	stream one(0, 512);
	std::vector<call> all;
	generator calls(9);

	for (int i = 0; i < 2000; i++) {
		all.push_back(calls.next());
		one.add(all.back());
	}
	for (int i = 0; i < 2000; i++) {
		auto bytes = one.bytes;
		const size_t where = calls.random() % (bytes.size() / 2);
		const size_t until = std::min(bytes.size() / 2, where + calls.random() % 64 + 1);
		for (size_t at = where; at < until; at++)
			bytes[at] = static_cast<std::byte>(calls.random());
		const auto got = decode(bytes).calls;
		/* The second half is whole but for what stands before its first sync. */
		const size_t same = all.size() / 3;
		ASSERT_GE(got.size(), same);
		ASSERT_TRUE(std::equal(got.rbegin(), got.rbegin() + same, all.rbegin()));
	}
}

TEST(functrace, any_bytes_are_decoded)
{
	std::mt19937 random(11);

	for (int i = 0; i < 3000; i++) {
		std::vector<std::byte> bytes(random() % 300);
		for (auto &byte : bytes)
			byte = static_cast<std::byte>(random() % 3 ? random() : 0x7f);
		/* Half of them begin in order, so that what follows is decoded as packets. */
		stream one;
		one.add({1, text, 4, "a"});
		if (i % 2)
			bytes.insert(bytes.begin(), one.bytes.begin(), one.bytes.end());
		decode(bytes);
	}
}

TEST(functrace, what_is_wrong_is_named)
{
	const auto first_cut = [](std::initializer_list<uint8_t> behind) {
		stream one;
		one.add({1, text, 4, "a"});
		one.append(behind.begin(), behind.size());
		for (const auto &other : decode(one.bytes).others)
			return other.why;
		return reason::none;
	};
	const uint8_t other = static_cast<uint8_t>(perfbuf::functrace::slot_of(text) + 1);

	EXPECT_EQ(first_cut({0x00}), reason::none);
	EXPECT_EQ(first_cut({0x44}), reason::unknown);
	EXPECT_EQ(first_cut({0xc0, other}), reason::bad_slot);
	EXPECT_EQ(first_cut({0x01, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}),
		  reason::bad_number);
	EXPECT_EQ(first_cut({0x02, 1, 1, 16}), reason::bad_number);
	EXPECT_EQ(first_cut({0x7f, 0x7f, 0x00}), reason::bad_sync);
	EXPECT_EQ(first_cut({0x7f, 0x7f, 0x7f, 0x7f, 0x80, 1, 1, 1, 1, 0, 0x80}), reason::bad_sync);
	EXPECT_EQ(first_cut({0x02, 1}), reason::truncated);
}

} // namespace
