// SPDX-License-Identifier: GPL-2.0
// The encoder of function traces and the reader's decoder, held against each other.
#include "functrace/generator.hpp"

#include <algorithm>

namespace
{

using namespace functrace_test;

/* As bytes of a test, with the check of the sync at their beginning. */
std::vector<uint8_t> with_check(std::vector<uint8_t> bytes, size_t at)
{
	uint8_t sum = 0;
	for (size_t i = 5; i < at; i++)
		sum = static_cast<uint8_t>(sum * 5 + bytes[i]);
	bytes[at] = sum | 0x80;
	return bytes;
}

std::vector<uint8_t> bytes_of(const std::vector<std::byte> &from)
{
	std::vector<uint8_t> bytes(from.size());
	memcpy(bytes.data(), from.data(), bytes.size());
	return bytes;
}

TEST(functrace, the_encoder_gives_the_bytes_of_the_documents_example)
{
	stream stream(4, 4096, 1);
	stream.add({0x1000, 0x40, 8, "sh"});
	stream.add({0x1020, 0x40, 8, "sh"});
	stream.add({0x1020 + (300 << 4), 0x3e, 8, "sh"});
	stream.add({0x1020 + (5300 << 4), 0x40, 8, "sh"});
	stream.end();

	const std::vector<uint8_t> expected{
		0x7f, 0x7f, 0x7f, 0x7f, 0x80, 0x02, 0x01, 0x04, 0x80, 0x02, 0x00, 0xd9, // sync
		0x0f, 0x02, 0x08, 0x02, 's',  'h',					// context
		0x1f, 0x46, 0x00, 0x80, 0x01, // named, +0x40
		0x33, 0x22, 0x00,	      // known, +2 ticks
		0x1f, 0x28, 0xac, 0x02, 0x03, // named, +300 ticks, -2
		0x07, 0x88, 0x27,	      // time, 5000 ticks
		0x33, 0x02, 0x00,	      // known
		0x17,			      // end
	};
	EXPECT_EQ(bytes_of(stream.bytes), expected);
}

/* A function alone: what follows it is itself. The context takes three calls to settle. */
TEST(functrace, an_expected_call_takes_one_byte_or_two_by_its_time)
{
	stream stream;
	uint64_t time = 1000;
	for (int i = 0; i < 6; i++)
		stream.add({time += 10, text, 4, "a"});
	const struct {
		uint64_t ticks;
		std::vector<uint8_t> packet;
	} rows[] = {
		{0, {0x02}},
		{1, {0x04}},
		{126, {0xfe}},
		{127, {0xfd, 0x01}},
		{300, {0xb1, 0x04}},
		{16383, {0xfd, 0xff}},
		{16384, {0x07, 0x80, 0x80, 0x01, 0x02}},
	};
	for (const auto &row : rows) {
		const size_t before = stream.bytes.size();
		stream.add({time += row.ticks, text, 4, "a"});
		const std::vector<std::byte> made(stream.bytes.begin() + ptrdiff_t(before),
						  stream.bytes.end());
		EXPECT_EQ(bytes_of(made), row.packet) << row.ticks;
	}
	EXPECT_EQ(decode(stream.bytes).calls.back(), (call{time, text, 4, "a"}));
}

TEST(functrace, a_loop_of_calls_takes_one_byte_each_once_it_is_known)
{
	stream stream;
	uint64_t time = 1;
	const auto round = [&] {
		const size_t before = stream.bytes.size();
		for (int i = 0; i < 24; i++)
			stream.add({time += 20, text + uint64_t(i % 8 == 7 ? 0 : i) * 64, 4, "a"});
		return stream.bytes.size() - before;
	};
	for (int i = 0; i < 4; i++)
		round();
	EXPECT_EQ(round(), 24u);
}

/* Five functions of one set of four slots. */
TEST(functrace, functions_that_share_slots_replace_each_other_in_turn)
{
	std::vector<uint64_t> same;
	for (uint64_t address = text; same.size() < 5; address += 16)
		if (perfbuf::functrace::set_of(address) == perfbuf::functrace::set_of(text))
			same.push_back(address);
	stream stream;
	std::vector<call> expected;
	for (uint64_t i = 0; i < 200; i++) {
		expected.push_back({i * 5000, same[i * i % 5], 4, "a"});
		stream.add(expected.back());
	}
	/* Two ways of a set are never the same function. */
	const decoded got = decode(stream.bytes);
	EXPECT_EQ(got.calls, expected);
	EXPECT_TRUE(got.others.empty());
}

TEST(functrace, calls_that_are_encoded_come_out_of_the_decoder)
{
	for (uint32_t seed = 0; seed < 20; seed++) {
		generator calls(seed, seed % 2);
		stream stream(0, 64 << seed % 8);
		std::vector<call> expected;

		for (int i = 0; i < 5000; i++) {
			expected.push_back(calls.next());
			stream.add(expected.back());
		}
		stream.end();
		const decoded got = decode(stream.bytes);
		ASSERT_EQ(got.calls, expected) << seed;
		ASSERT_EQ(got.others.size(), 1);
		EXPECT_EQ(got.others[0].type, kind::end);
		EXPECT_EQ(got.others[0].cpu, 3);
	}
}

/* As the tracer does: the fast path where it may, the slow path for all else. */
TEST(functrace, the_fast_path_gives_the_bytes_of_the_slow_path)
{
	generator from(7, true);
	stream by_call(2, 512), by_either(2, 512);
	size_t next = 0, known = 0;
	constexpr int calls = 20000;

	for (int i = 0; i < calls; i++) {
		const call call = from.next();
		uint8_t packets[encoder::call_bytes_max];
		char comm[16] = {};
		encoder &made = by_either.made;
		uint32_t bytes = 0;

		memcpy(comm, call.comm.data(), std::min<size_t>(call.comm.size(), 15));
		by_call.add(call);
		if (made.until_sync() > 0 && made.is_same_caller(caller_of(made, call.tid, comm))) {
			const uint64_t now = made.ticks_of(call.time);
			bytes = made.next_call(packets, now, call.address);
			next += bytes != 0;
			if (!bytes) {
				bytes = made.known_call(packets, now, call.address);
				known += bytes != 0;
			}
		}
		if (bytes) {
			by_either.append(packets, bytes);
			made.wrote(bytes);
		} else {
			by_either.add(call);
		}
		ASSERT_EQ(by_call.bytes.size(), by_either.bytes.size());
	}
	EXPECT_EQ(by_call.bytes, by_either.bytes);
	EXPECT_GT(next, calls / 10u);
	EXPECT_GT(known, calls / 20u);
	EXPECT_LT(next + known, size_t{calls});
}

TEST(functrace, a_trace_of_version_1_is_read)
{
	for (uint32_t seed = 0; seed < 12; seed++) {
		generator calls(seed, seed % 2);
		stream_of_version_1 stream(seed % 4, 64 << seed % 8);
		std::vector<call> expected;
		uint64_t lost = 0;

		for (int i = 0; i < 3000; i++) {
			const call next = calls.next();
			const bool stored = calls.random() % 100;
			stream.add(next, stored || i == 2999);
			if (stored || i == 2999) {
				expected.push_back(next);
				expected.back().time >>= seed % 4;
				expected.back().time <<= seed % 4;
			} else {
				lost++;
			}
		}
		stream.end();
		const decoded got = decode(stream.bytes);
		ASSERT_EQ(got.calls, expected) << seed;
		EXPECT_EQ(got.lost, lost);
		EXPECT_EQ(got.others.back().type, kind::end);
	}
}

/* As in an area that an older module and a newer one wrote to, one after the other. */
TEST(functrace, each_sync_says_the_version_of_what_follows)
{
	generator calls(21, true);
	stream both(0, 256);
	std::vector<call> expected;

	for (int turn = 0; turn < 6; turn++) {
		stream_of_version_1 old(0, 256);
		for (int i = 0; i < 200; i++) {
			expected.push_back(calls.next());
			if (turn % 2)
				old.add(expected.back());
			else
				both.add(expected.back());
		}
		both.bytes.insert(both.bytes.end(), old.bytes.begin(), old.bytes.end());
		both.made.restart();
	}
	EXPECT_EQ(decode(both.bytes).calls, expected);
}

TEST(functrace, ticks_do_not_add_up_to_an_error)
{
	generator calls(1);
	stream stream(4);
	std::vector<call> expected;

	for (int i = 0; i < 5000; i++) {
		expected.push_back(calls.next());
		stream.add(expected.back());
		expected.back().time &= ~uint64_t{15};
	}
	EXPECT_EQ(decode(stream.bytes).calls, expected);
}

TEST(functrace, the_time_of_calls_never_goes_back)
{
	stream stream;
	stream.add({1000, text, 4, "a"});
	stream.add({900, text, 4, "a"});
	stream.add({1001, text, 4, "a"});
	const auto got = decode(stream.bytes).calls;
	ASSERT_EQ(got.size(), 3);
	EXPECT_EQ(got[1].time, 1000);
	EXPECT_EQ(got[2].time, 1001);
}

TEST(functrace, a_known_function_takes_three_bytes)
{
	stream stream(4);
	stream.add({0, text, 4, "a"});
	stream.add({100, text + 512, 4, "a"});
	EXPECT_EQ(stream.add({200, text, 4, "a"}), 3);
	EXPECT_EQ(stream.add({200 + (4095 << 4), text + 512, 4, "a"}), 3);
	/* A time packet before it. */
	EXPECT_EQ(stream.add({200 + ((4095 + 4096) << 4), text, 4, "a"}), 6);
}

TEST(functrace, the_mark_of_a_sync_stands_nowhere_else)
{
	for (uint32_t seed = 0; seed < 8; seed++) {
		generator calls(seed, true);
		stream stream(0, 256, 0x7f);
		std::vector<uint64_t> syncs;
		uint64_t time = 0;

		/* Functions, times and tasks whose bytes are 7f. */
		for (int i = 0; i < 3000; i++) {
			const uint32_t kind = calls.random() % 8;
			time += kind < 4 ? 0x7f7f >> 2 : kind < 6 ? 0x7f7 : 0x7f;
			if (stream.made.until_sync() <= 0)
				syncs.push_back(stream.bytes.size());
			stream.add({time, kind % 2 ? calls.next().address : 0x7f * (kind + 1),
				    0x7f + kind / 7, std::string(kind, '\x7f')});
		}
		size_t found = 0;
		for (size_t at = 0; at + 5 <= stream.bytes.size(); at++) {
			if (memcmp(&stream.bytes[at], "\x7f\x7f\x7f\x7f\x80", 5))
				continue;
			ASSERT_LT(found, syncs.size());
			ASSERT_EQ(at, syncs[found++]);
		}
		EXPECT_EQ(found, syncs.size());
		EXPECT_GT(found, 10u);
	}
}

/* Four 7f in a row are a sync, so the encoder writes none in a name. */
TEST(functrace, a_name_with_the_bytes_of_a_sync_is_no_sync)
{
	stream stream;
	stream.add({1, text, 4, std::string(15, '\x7f')});
	stream.add({2, text, 4, "a"});
	const auto got = decode(stream.bytes);
	ASSERT_EQ(got.calls.size(), 2);
	EXPECT_EQ(got.calls[0].comm, std::string(15, '?'));
	EXPECT_TRUE(got.others.empty());
	stream.bytes.erase(stream.bytes.begin());
	const auto torn = decode(stream.bytes);
	ASSERT_EQ(torn.others.size(), 1);
	EXPECT_EQ(torn.others[0].count, stream.bytes.size());
}

TEST(functrace, a_loss_is_decoded_where_it_happened)
{
	generator calls(7, true);
	stream stream;
	std::vector<call> stored;
	uint64_t lost = 0;

	for (int i = 0; i < 5000; i++) {
		const call next = calls.next();
		const bool keeps = calls.random() % 50 || i == 4999;
		stream.add(next, keeps);
		lost += !keeps;
		if (keeps)
			stored.push_back(next);
	}
	const decoded got = decode(stream.bytes);
	EXPECT_EQ(got.calls, stored);
	EXPECT_EQ(got.lost, lost);
	for (const auto &other : got.others) {
		EXPECT_EQ(other.type, kind::lost);
		EXPECT_LE(other.since, other.time);
	}
}

TEST(functrace, calls_that_were_missed_are_reported_once)
{
	stream stream;
	stream.add({1, text, 4, "a"});
	stream.made.missed(3);
	stream.add({2, text, 4, "a"}, false);
	stream.add({3, text, 4, "a"}, false);
	stream.add({4, text, 4, "a"});
	stream.add({5, text, 4, "a"});
	stream.made.missed(1);
	stream.add({6, text, 4, "a"});
	const decoded got = decode(stream.bytes);
	ASSERT_EQ(got.others.size(), 2);
	EXPECT_EQ(got.others[0].count, 5);
	EXPECT_EQ(got.others[0].since, 1);
	EXPECT_EQ(got.others[0].time, 4);
	EXPECT_EQ(got.others[1].count, 1);
	EXPECT_EQ(got.calls.size(), 4);
}

TEST(functrace, a_loss_whose_report_found_no_space_is_reported_again)
{
	stream stream;
	perfbuf::functrace::u8 nowhere[perfbuf::functrace::encoder::report_bytes_max +
				       perfbuf::functrace::encoder::end_bytes_max];
	stream.add({1, text, 4, "a"});
	stream.made.missed(3);
	stream.made.end(nowhere + stream.made.report(nowhere, 2));
	stream.made.not_reported();
	stream.add({3, text, 4, "a"});
	// Nothing was reported: nothing is lost.
	stream.made.end(nowhere + stream.made.report(nowhere, 4));
	stream.made.not_reported();
	stream.add({5, text, 4, "a"});
	const decoded got = decode(stream.bytes);
	ASSERT_EQ(got.others.size(), 1);
	EXPECT_EQ(got.others[0].type, kind::lost);
	EXPECT_EQ(got.others[0].count, 3);
	EXPECT_EQ(got.calls.size(), 3);
}

TEST(functrace, a_sync_is_found_from_anywhere)
{
	generator calls(3);
	stream stream(0, 256);
	std::vector<call> all;

	for (int i = 0; i < 1500; i++) {
		all.push_back(calls.next());
		stream.add(all.back());
	}
	for (size_t cut = 1; cut < stream.bytes.size(); cut += 7) {
		const decoded got = decode(std::span(stream.bytes).subspan(cut));
		ASSERT_LE(got.others.size(), 1);
		ASSERT_LE(got.calls.size(), all.size());
		ASSERT_TRUE(std::equal(got.calls.rbegin(), got.calls.rend(), all.rbegin())) << cut;
		if (!got.others.empty()) {
			ASSERT_EQ(got.others[0].why, reason::no_sync);
			ASSERT_LE(got.others[0].count, 256 + encoder::call_bytes_max);
		}
	}
}

TEST(functrace, a_cut_end_of_a_stream_is_reported)
{
	stream stream;
	std::vector<call> all;
	generator calls(5, true);

	for (int i = 0; i < 400; i++) {
		all.push_back(calls.next());
		stream.add(all.back());
	}
	for (size_t size = 0; size < stream.bytes.size(); size++) {
		const decoded got = decode(std::span(stream.bytes).first(size));
		ASSERT_TRUE(std::equal(got.calls.begin(), got.calls.end(), all.begin()));
		for (const auto &other : got.others)
			ASSERT_EQ(other.why, reason::truncated);
	}
}

TEST(functrace, wrong_bytes_cost_what_is_up_to_the_next_sync)
{
	stream stream(0, 512);
	std::vector<call> all;
	generator calls(9, true);

	for (int i = 0; i < 2000; i++) {
		all.push_back(calls.next());
		stream.add(all.back());
	}
	for (int i = 0; i < 2000; i++) {
		auto bytes = stream.bytes;
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

TEST(functrace, the_decoder_takes_any_bytes_without_a_crash)
{
	std::mt19937 random(11);

	for (int i = 0; i < 3000; i++) {
		std::vector<std::byte> bytes(random() % 300);
		for (auto &byte : bytes)
			byte = static_cast<std::byte>(random() % 3 ? random() : 0x7f);
		/* Half of them begin in order, so that what follows is decoded as packets. */
		stream stream;
		stream.add({1, text, 4, "a"});
		if (i % 2)
			bytes.insert(bytes.begin(), stream.bytes.begin(), stream.bytes.end());
		decode(bytes);
	}
}

template <typename Stream>
reason first_cut(std::initializer_list<uint8_t> behind)
{
	Stream stream;
	stream.add({1, text, 4, "a"});
	stream.append(behind.begin(), behind.size());
	for (const auto &other : decode(stream.bytes).others)
		return other.why;
	return reason::none;
}

TEST(functrace, each_kind_of_damage_is_named)
{
	const auto cut = first_cut<stream>;
	/* A slot that is empty, and the number of the one that is not. */
	const uint32_t own = perfbuf::functrace::set_of(text);
	const uint32_t other = (own ^ 1) << 3 | 3;

	EXPECT_EQ(cut({0x00}), reason::none);
	EXPECT_EQ(cut({0x27}), reason::unknown);
	EXPECT_EQ(cut({0xff}), reason::unknown);
	EXPECT_EQ(cut({static_cast<uint8_t>(other), static_cast<uint8_t>(other >> 8), 0}),
		  reason::bad_slot);
	/* No next function was encoded yet, and slot 0 is empty. */
	EXPECT_EQ(cut({0x02}), own ? reason::bad_slot : reason::none);
	EXPECT_EQ(cut({0x01, 0x00}), own ? reason::bad_slot : reason::none);
	EXPECT_EQ(cut({0x1f, 0x80, 0x04, 0x00, 0x02}), reason::bad_number); /* slot 512 */
	EXPECT_EQ(cut({0x1f, 0xff, 0x03, 0x00, 0x02}), reason::none);
	EXPECT_EQ(cut({0x1f, 0x01, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 0}),
		  reason::bad_number);
	EXPECT_EQ(cut({0x07, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}), reason::bad_number);
	EXPECT_EQ(cut({0x0f, 1, 1, 16}), reason::bad_number);
	EXPECT_EQ(cut({0x7f, 0x7f, 0x00}), reason::bad_sync);
	EXPECT_EQ(cut({0x7f, 0x7f, 0x7f, 0x7f, 0x80, 2, 1, 1, 1, 0, 0x80}), reason::bad_sync);
	EXPECT_EQ(cut({0x0f, 1}), reason::truncated);
	EXPECT_EQ(cut({0x01}), reason::truncated);
	EXPECT_EQ(cut({0x03}), reason::truncated);
	EXPECT_EQ(cut({0x03, 0x00}), reason::truncated);
	EXPECT_EQ(cut({0x1f, 0x01, 0x00}), reason::truncated);
}

TEST(functrace, each_kind_of_damage_in_version_1_is_named)
{
	const auto cut = first_cut<stream_of_version_1>;
	const uint8_t other = static_cast<uint8_t>(version_1::slot_of(text) + 1);

	EXPECT_EQ(cut({0x00}), reason::none);
	EXPECT_EQ(cut({0x44}), reason::unknown);
	EXPECT_EQ(cut({0x1f, 0x01, 0x00, 0x02}), reason::unknown);
	EXPECT_EQ(cut({0xc0, other}), reason::bad_slot);
	EXPECT_EQ(cut({0x01, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}), reason::bad_number);
	EXPECT_EQ(cut({0x02, 1, 1, 16}), reason::bad_number);
	EXPECT_EQ(cut({0x02, 1}), reason::truncated);
}

TEST(functrace, a_version_that_is_not_known_is_named)
{
	std::vector<uint8_t> sync{0x7f, 0x7f, 0x7f, 0x7f, 0x80, 3, 1, 1, 1, 0, 0};
	sync = with_check(sync, 10);
	const auto got = decode(std::as_bytes(std::span(sync)));
	ASSERT_EQ(got.others.size(), 1);
	EXPECT_EQ(got.others[0].why, reason::version);
}

/* The chunks of a file come in pieces: wherever they end, it says the same. */
template <typename Stream>
void decode_in_pieces()
{
	for (uint32_t seed = 0; seed < 12; seed++) {
		generator calls(seed, seed & 2);
		Stream stream(seed % 3, 128);
		for (int i = 0; i < 300; i++)
			stream.add(calls.next(), calls.random() % 40);
		/* Some are damaged. */
		for (int i = 0; seed % 2 && i < 5; i++)
			stream.bytes[calls.random() % stream.bytes.size()] =
				static_cast<std::byte>(calls.random() % 4 ? calls.random() : 0x7f);
		const decoded whole = decode(stream.bytes);
		uint64_t cut = 0;
		for (const auto &other : whole.others)
			cut += other.type == kind::cut ? other.count : 0;

		for (size_t most : {1, 2, 3, 5, 7, 12, 64, 1000}) {
			reader::decoder in_pieces;
			std::vector<call> got;
			uint64_t lost = 0;
			uint64_t cut_in_pieces = 0;
			uint64_t begin = 0; /* of what the decoder has not taken */
			for (size_t end = 0; end < stream.bytes.size();) {
				end = std::min(stream.bytes.size(),
					       end + 1 + calls.random() % most);
				in_pieces.feed(std::span(stream.bytes).subspan(begin, end - begin),
					       begin, end == stream.bytes.size());
				while (const auto item = in_pieces.next()) {
					if (item->type == kind::call)
						got.push_back(
							{item->time, item->address,
							 item->task ? item->task->tid : 0,
							 item->task
								 ? std::string(item->task->name())
								 : ""});
					lost += item->type == kind::lost ? item->count : 0;
					cut_in_pieces += item->type == kind::cut ? item->count : 0;
				}
				begin += in_pieces.consumed();
			}
			ASSERT_EQ(begin, stream.bytes.size());
			ASSERT_EQ(got, whole.calls) << seed << ' ' << most;
			ASSERT_EQ(lost, whole.lost);
			ASSERT_EQ(cut_in_pieces, cut);
		}
	}
}

TEST(functrace, decoding_in_pieces_gives_the_calls_of_the_whole)
{
	decode_in_pieces<stream>();
	decode_in_pieces<stream_of_version_1>();
}

TEST(functrace, a_piece_that_is_missing_costs_what_is_up_to_the_next_sync)
{
	generator calls(4);
	stream stream(0, 128);
	std::vector<call> all;
	for (int i = 0; i < 500; i++) {
		all.push_back(calls.next());
		stream.add(all.back());
	}
	const size_t half = stream.bytes.size() / 2;
	reader::decoder two;
	std::vector<uint64_t> times;
	const auto take = [&] {
		while (const auto item = two.next())
			if (item->type == kind::call)
				times.push_back(item->time);
	};
	two.feed(std::span(stream.bytes).first(half), 0, false);
	take();
	two.feed(std::span(stream.bytes).subspan(half + 10), half + 10, true);
	take();
	EXPECT_LT(times.size(), all.size());
	EXPECT_GT(times.size(), all.size() * 3 / 4);
	EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
	EXPECT_EQ(times.back(), all.back().time);
}

} // namespace
