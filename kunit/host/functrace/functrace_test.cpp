// SPDX-License-Identifier: GPL-2.0
// The encoder of function traces and the reader's decoder, held against each other.
#include "functrace/generator.hpp"

#include <algorithm>

namespace
{

using namespace functrace_test;

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

TEST(functrace, a_loss_that_was_told_where_there_was_no_room_is_told_again)
{
	stream one;
	perfbuf::functrace::u8 nowhere[perfbuf::functrace::encoder::tell_bytes_max +
				       perfbuf::functrace::encoder::end_bytes_max];
	one.add({1, text, 4, "a"});
	one.made.missed(3);
	one.made.end(nowhere + one.made.tell(nowhere, 2));
	one.made.not_told();
	one.add({3, text, 4, "a"});
	// Nothing was told: nothing is lost.
	one.made.end(nowhere + one.made.tell(nowhere, 4));
	one.made.not_told();
	one.add({5, text, 4, "a"});
	const decoded got = decode(one.bytes);
	ASSERT_EQ(got.others.size(), 1);
	EXPECT_EQ(got.others[0].what, kind::lost);
	EXPECT_EQ(got.others[0].count, 3);
	EXPECT_EQ(got.calls.size(), 3);
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

/* What a file holds in chunks comes in pieces: wherever they end, it says the same. */
TEST(functrace, pieces_say_what_the_whole_says)
{
	for (uint32_t seed = 0; seed < 12; seed++) {
		generator calls(seed);
		stream one(seed % 3, 128);
		for (int i = 0; i < 300; i++)
			one.add(calls.next(), calls.random() % 40);
		/* Some are damaged. */
		for (int i = 0; seed % 2 && i < 5; i++)
			one.bytes[calls.random() % one.bytes.size()] =
				static_cast<std::byte>(calls.random() % 4 ? calls.random() : 0x7f);
		const decoded whole = decode(one.bytes);
		uint64_t cut = 0;
		for (const auto &other : whole.others)
			cut += other.what == kind::cut ? other.count : 0;

		for (size_t most : {1, 2, 3, 5, 7, 12, 64, 1000}) {
			reader::decoder in_pieces;
			std::vector<call> got;
			uint64_t lost = 0;
			uint64_t cut_in_pieces = 0;
			uint64_t begin = 0; /* of what the decoder has not taken */
			for (size_t end = 0; end < one.bytes.size();) {
				end = std::min(one.bytes.size(), end + 1 + calls.random() % most);
				in_pieces.feed(std::span(one.bytes).subspan(begin, end - begin),
					       begin, end == one.bytes.size());
				while (const auto item = in_pieces.next()) {
					if (item->what == kind::call)
						got.push_back(
							{item->time, item->address,
							 item->who ? item->who->tid : 0,
							 item->who ? std::string(item->who->name())
								   : ""});
					lost += item->what == kind::lost ? item->count : 0;
					cut_in_pieces += item->what == kind::cut ? item->count : 0;
				}
				begin += in_pieces.taken();
			}
			ASSERT_EQ(begin, one.bytes.size());
			ASSERT_EQ(got, whole.calls) << seed << ' ' << most;
			ASSERT_EQ(lost, whole.lost);
			ASSERT_EQ(cut_in_pieces, cut);
		}
	}
}

TEST(functrace, a_piece_that_is_missing_costs_what_is_up_to_the_next_sync)
{
	generator calls(4);
	stream one(0, 128);
	std::vector<call> all;
	for (int i = 0; i < 500; i++) {
		all.push_back(calls.next());
		one.add(all.back());
	}
	const size_t half = one.bytes.size() / 2;
	reader::decoder two;
	std::vector<uint64_t> times;
	const auto take = [&] {
		while (const auto item = two.next())
			if (item->what == kind::call)
				times.push_back(item->time);
	};
	two.feed(std::span(one.bytes).first(half), 0, false);
	take();
	two.feed(std::span(one.bytes).subspan(half + 10), half + 10, true);
	take();
	EXPECT_LT(times.size(), all.size());
	EXPECT_GT(times.size(), all.size() * 3 / 4);
	EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
	EXPECT_EQ(times.back(), all.back().time);
}

} // namespace
