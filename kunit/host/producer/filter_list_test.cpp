// SPDX-License-Identifier: GPL-2.0
/* Filters: lists of values, units, and where a text stops being a filter. */
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common_kinds.hpp"

using namespace perfbuf;

namespace
{

using common_kinds::states;

constexpr perfbuf_field fields[] = {
	{"u32", "queue", nullptr, 8, 4, 1, PERFBUF_KIND_INT, 0},
	{"u64", "latency", nullptr, 12, 8, 1, PERFBUF_KIND_TIME, 0},
	{"s64", "offset", nullptr, 20, 8, 1, PERFBUF_KIND_INT, 1},
	{"u64", "bytes", nullptr, 28, 8, 1, PERFBUF_KIND_HEX, 0},
	{"s8", "state", states, 36, 1, 1, PERFBUF_KIND_ENUM, 1},
	{"u8", "flags", states, 37, 1, 1, PERFBUF_KIND_FLAGS, 0},
	{"char", "name", nullptr, 38, 6, 6, PERFBUF_KIND_CHARS, 1},
	{"u8", "blob", nullptr, 44, 4, 0, PERFBUF_KIND_BYTES, 0},
};

struct [[gnu::packed]] values {
	perfbuf_common common;
	u32 queue;
	u64 latency;
	s64 offset;
	u64 bytes;
	std::int8_t state;
	u8 flags;
	char name[6];
	u32 blob;
};

constexpr perfbuf_layout layout = {fields, std::size(fields), sizeof(values)};

bool matches(const std::string &text, const values &of)
{
	auto parsed = common_kinds::parse(text.c_str(), layout);

	EXPECT_TRUE(parsed) << text;
	return parsed && parsed.take()->matches(&of, nullptr);
}

struct refusal {
	int code;
	perfbuf_filter_check where;
};

refusal refused(const std::string &text)
{
	refusal out = {};
	auto parsed = common_kinds::parse(text.c_str(), layout, &out.where);

	out.code = parsed ? 0 : parsed.error().code();
	return out;
}

TEST(producer_filter, a_list_matches_each_of_its_values_and_ranges)
{
	values v = {};

	for (v.queue = 0; v.queue < 12; v.queue++) {
		const bool listed = v.queue == 1 || v.queue == 2 || v.queue == 7;
		const bool ranged = v.queue == 1 || (v.queue >= 4 && v.queue <= 6) || v.queue > 9;

		EXPECT_EQ(matches("queue in (1, 2, 7)", v), listed) << v.queue;
		EXPECT_EQ(matches("queue in(7,2,1)", v), listed) << v.queue;
		EXPECT_EQ(matches("!queue in (1,2,7)", v), !listed) << v.queue;
		EXPECT_EQ(matches("queue in (1, 4..6, 10 .. 4294967295)", v), ranged) << v.queue;
		EXPECT_EQ(matches("(queue in (1,2) || queue in (7)) && queue in (0..11)", v),
			  listed)
			<< v.queue;
	}
	for (v.state = -2; v.state < 3; v.state++) {
		EXPECT_EQ(matches("state in (none, busy)", v), v.state == -1 || v.state == 1);
		EXPECT_EQ(matches("state in (none..idle)", v), v.state == -1 || v.state == 0);
		EXPECT_EQ(matches("state in (-128..127)", v), true);
	}
	for (v.offset = -5000; v.offset < 6000; v.offset += 8)
		EXPECT_EQ(matches("offset in (-4KiB..4KiB)", v),
			  v.offset >= -4096 && v.offset <= 4096);
	std::memcpy(v.name, "second", 6);
	EXPECT_TRUE(matches("name in (first, \"second\")", v));
	EXPECT_FALSE(matches("name in ('first', third)", v));
	EXPECT_FALSE(matches("name in (sec*)", v)) << "no pattern";
}

/* A name may stand for a value that the field cannot hold. */
TEST(producer_filter, a_range_between_names_ends_where_the_field_does)
{
	for (const bool is_signed : {true, false}) {
		const perfbuf_name names[] = {{is_signed ? u64(-300) : 0, "lowest"},
					      {5, "five"},
					      {300, "highest"},
					      {400, "beyond"},
					      {0, nullptr}};
		const perfbuf_field field = {"u8",     "one", names, 8, 1, 1, PERFBUF_KIND_ENUM,
					     is_signed};
		const perfbuf_layout of = {&field, 1, 16};

		for (int value = 0; value < 256; value++) {
			char payload[16] = {};
			const int held = is_signed ? static_cast<std::int8_t>(value) : value;
			const auto in = [&](const char *range) {
				auto parsed = common_kinds::parse(range, of);

				return parsed && parsed.take()->matches(payload, nullptr);
			};

			payload[8] = static_cast<char>(value);
			EXPECT_EQ(in("one in (lowest..five)"), held <= 5) << held;
			EXPECT_EQ(in("one in (five..highest)"), held >= 5) << held;
			EXPECT_TRUE(in("one in (lowest..highest)")) << held;
			EXPECT_FALSE(in("one in (highest..beyond)")) << held;
		}
	}
}

TEST(producer_filter, each_value_of_a_list_counts_as_a_comparison)
{
	std::string many = "0";

	for (u32 i = 1; i < filter::predicates_max; i++)
		many += ",1";
	EXPECT_EQ(refused("queue in (" + many + ")").code, 0);

	const refusal over = refused("queue in (" + many + ", 99)");

	EXPECT_EQ(over.code, E2BIG);
	EXPECT_EQ(over.where.reason, u32{PERFBUF_FILTER_MANY});
	EXPECT_EQ(over.where.at, 12 + many.size());
	EXPECT_EQ(over.where.bytes, 2u);
}

TEST(producer_filter, a_unit_multiplies_a_number_of_a_field_that_has_it)
{
	const struct {
		const char *value;
		u64 is;
	} times[] = {{"50ns", 50},
		     {"50us", 50'000},
		     {"3ms", 3'000'000},
		     {"2s", 2'000'000'000},
		     {"18446744073s", 18446744073'000'000'000u}},
	  sizes[] = {{"1KiB", 1024},
		     {"4MiB", 4 << 20},
		     {"2GiB", u64{2} << 30},
		     {"16777215TiB", u64{16777215} << 40}};
	values v = {};

	for (const auto &time : times) {
		v.latency = time.is;
		EXPECT_TRUE(matches(std::string("latency == ") + time.value, v)) << time.value;
		EXPECT_FALSE(matches(std::string("latency > ") + time.value, v)) << time.value;
		v.latency++;
		EXPECT_TRUE(matches(std::string("latency > ") + time.value, v)) << time.value;
	}
	for (const auto &size : sizes) {
		v.bytes = size.is;
		EXPECT_TRUE(matches(std::string("bytes == ") + size.value, v)) << size.value;
		v.bytes--;
		EXPECT_FALSE(matches(std::string("bytes >= ") + size.value, v)) << size.value;
	}
	EXPECT_EQ(refused("latency > 18446744074s").code, ERANGE);
	EXPECT_EQ(refused("latency > 18446744073709551615us").code, ERANGE);
	EXPECT_EQ(refused("bytes > 16777216TiB").code, ERANGE);
	EXPECT_EQ(refused("queue == 4GiB").code, ERANGE) << "a u32";
	EXPECT_EQ(refused("queue == 3GiB").code, 0);
	EXPECT_EQ(refused("offset == -8388608TiB").code, 0);
	EXPECT_EQ(refused("offset == -8388609TiB").code, ERANGE);
}

TEST(producer_filter, a_unit_that_could_mean_two_things_is_refused)
{
	for (const char *text :
	     {"latency > 5KiB", "latency > 5m", "latency > 5min", "latency > 5S", "latency > 5uss",
	      "queue > 50us", "queue > 5s", "bytes > 5ms", "bytes > 5k", "bytes > 5K",
	      "bytes > 5KB", "bytes > 5kiB", "bytes > 5B", "bytes > 5M", "state == 1KiB",
	      "flags == 1s", "common_pid == 1us"}) {
		const refusal found = refused(text);
		const std::string all = text;

		EXPECT_EQ(found.code, EINVAL) << text;
		EXPECT_EQ(found.where.reason, u32{PERFBUF_FILTER_UNIT}) << text;
		EXPECT_EQ(found.where.at, all.find_last_of("0123456789") + 1) << text;
		EXPECT_EQ(found.where.at + found.where.bytes, all.size()) << text;
	}
	for (const char *text :
	     {"bytes > 0x10KiB", "latency > 0x5us", "latency > 5-", "latency > 5*"})
		EXPECT_EQ(refused(text).where.reason, u32{PERFBUF_FILTER_NO_NUMBER}) << text;
}

TEST(producer_filter, a_text_that_is_no_filter_is_pointed_at)
{
	const struct {
		const char *text;
		int code;
		u32 reason, at, bytes;
	} all[] = {
		{"nmber == 3", ENOENT, PERFBUF_FILTER_NO_FIELD, 0, 5},
		{"queue == 3 && sate == 1", ENOENT, PERFBUF_FILTER_NO_FIELD, 14, 4},
		{"blob == 3", EINVAL, PERFBUF_FILTER_NOT_COMPARED, 0, 4},
		{"", EINVAL, PERFBUF_FILTER_WANTS_FIELD, 0, 0},
		{"queue == 3 ||  ", EINVAL, PERFBUF_FILTER_WANTS_FIELD, 15, 0},
		{"queue == 3 || )", EINVAL, PERFBUF_FILTER_WANTS_FIELD, 14, 1},
		{"queue = 3", EINVAL, PERFBUF_FILTER_WANTS_OPERATOR, 6, 1},
		{"queue is 3", EINVAL, PERFBUF_FILTER_WANTS_OPERATOR, 6, 2},
		{"queue inn (3)", EINVAL, PERFBUF_FILTER_WANTS_OPERATOR, 6, 3},
		{"queue && 1", EINVAL, PERFBUF_FILTER_WANTS_OPERATOR, 6, 2},
		{"queue", EINVAL, PERFBUF_FILTER_WANTS_OPERATOR, 5, 0},
		{"queue == && 1", EINVAL, PERFBUF_FILTER_WANTS_VALUE, 9, 1},
		{"queue in (1, )", EINVAL, PERFBUF_FILTER_WANTS_VALUE, 13, 1},
		{"queue in (1.. )", EINVAL, PERFBUF_FILTER_WANTS_VALUE, 14, 1},
		{"queue in 1", EINVAL, PERFBUF_FILTER_WANTS_OPEN, 9, 1},
		{"queue in (1 2)", EINVAL, PERFBUF_FILTER_WANTS_COMMA, 12, 1},
		{"queue in (1, 2", EINVAL, PERFBUF_FILTER_WANTS_COMMA, 14, 0},
		{"queue in (7..3)", EINVAL, PERFBUF_FILTER_EMPTY, 13, 1},
		{"name in (a..b)", EINVAL, PERFBUF_FILTER_OPERATOR, 12, 1},
		{"queue == 3 4", EINVAL, PERFBUF_FILTER_WANTS_JOIN, 11, 1},
		{"queue == 3)", EINVAL, PERFBUF_FILTER_WANTS_JOIN, 10, 1},
		{"queue == 3 )x", EINVAL, PERFBUF_FILTER_WANTS_JOIN, 11, 1},
		{"(queue == 3", EINVAL, PERFBUF_FILTER_WANTS_CLOSE, 11, 0},
		{"queue ~ 3", EINVAL, PERFBUF_FILTER_OPERATOR, 6, 1},
		{"name >= x", EINVAL, PERFBUF_FILTER_OPERATOR, 5, 2},
		{"state == lazy", ENOENT, PERFBUF_FILTER_NO_NAME, 9, 4},
		{"state == \"a b\"", ENOENT, PERFBUF_FILTER_NO_NAME, 9, 5},
		{"queue == many", EINVAL, PERFBUF_FILTER_NO_NUMBER, 9, 4},
		{"queue == 4294967296", ERANGE, PERFBUF_FILTER_RANGE, 9, 10},
		{"queue in (1, 2, -1)", ERANGE, PERFBUF_FILTER_RANGE, 16, 2},
		{"name == \"open", EINVAL, PERFBUF_FILTER_QUOTE, 8, 5},
		{"name ~ a*b", EINVAL, PERFBUF_FILTER_STAR, 8, 1},
		{"!!!!!!!!!!!!!!!!queue == 1", E2BIG, PERFBUF_FILTER_DEEP, 16, 5},
	};

	for (const auto &row : all) {
		const refusal found = refused(row.text);

		EXPECT_EQ(found.code, row.code) << row.text;
		EXPECT_EQ(found.where.reason, row.reason) << row.text;
		EXPECT_EQ(found.where.at, row.at) << row.text;
		EXPECT_EQ(found.where.bytes, row.bytes) << row.text;
	}

	const refusal found = refused("name == " + std::string(filter::word_max + 1, 'x'));

	EXPECT_EQ(found.code, E2BIG);
	EXPECT_EQ(found.where.reason, u32{PERFBUF_FILTER_LONG});
	EXPECT_EQ(found.where.bytes, filter::word_max + 1);
	EXPECT_EQ(refused("queue in (1)").where.reason, u32{PERFBUF_FILTER_GOOD});
}

/*
 * Any text is a filter, or is refused with a reason and a token of the text. A comparison that is
 * put before the text moves the token, and changes no reason but that of too many comparisons.
 */
TEST(producer_filter, any_text_is_parsed_or_pointed_at_within_its_bounds)
{
	const char *pieces[] = {"queue",      "latency",  "state", "name",  "blob",
				"idle",	      "in",	  " in ",  "(",	    ")",
				",",	      "..",	  "1",	   "7",	    "-",
				"50us",	      "4KiB",	  "9k",	   "0x1f",  "==",
				">=",	      "!",	  "&&",	   "||",    "&",
				"~",	      "*",	  "\"",	   "'",	    " ",
				"\t",	      "\x80",	  ".",	   "= ",    "none",
				"busy",	      "offset",	  "2",	   "bytes", "queue in (7..1",
				"name ~ x*y", "(queue==1"};
	std::mt19937_64 random(5);
	u32 good = 0, refusals = 0;
	u64 reasons = 0;

	for (int turn = 0; turn < 100000; turn++) {
		std::string text;

		/* Half of them begin well. */
		if (random() % 2)
			text = "queue in (1, 2..5) && ";
		for (u64 n = random() % 10; n; n--)
			text += pieces[random() % std::size(pieces)];

		/* Behind its end nothing may be read. */
		const std::unique_ptr<char[]> exact(new char[text.size() + 1]);
		perfbuf_filter_check where = {};

		std::memcpy(exact.get(), text.c_str(), text.size() + 1);
		auto parsed = common_kinds::parse(exact.get(), layout, &where);
		if (parsed) {
			const values v = {};
			const perfbuf_part none = {};

			parsed.take()->matches(&v, &none);
			ASSERT_EQ(where.reason, 0u) << text;
			good++;
			continue;
		}
		refusals++;
		reasons |= u64{1} << where.reason;
		ASSERT_NE(where.reason, 0u) << text;
		ASSERT_LE(where.at, text.size()) << text;
		ASSERT_LE(where.bytes, text.size() - where.at) << text;
		ASSERT_EQ(where.bytes == 0, where.at == text.size()) << text;

		const refusal longer = refused("queue==1||" + text);

		if (where.reason != PERFBUF_FILTER_MANY && longer.where.reason != where.reason)
			ADD_FAILURE() << text;
		ASSERT_EQ(longer.where.at, where.at + 10) << text;
	}
	EXPECT_GT(good, 20u);
	EXPECT_GT(refusals, 50000u);
	/* All but those that take more than ten pieces. */
	for (u32 reason = 1; reason <= PERFBUF_FILTER_STAR; reason++)
		EXPECT_TRUE(reasons >> reason & 1) << reason;
}

} // namespace
