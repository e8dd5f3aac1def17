// SPDX-License-Identifier: GPL-2.0
/* Filters at their boundaries: every width and place of a number, strings, and texts that are none.
 */
#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "producer/text_search.hpp"

#include "common_kinds.hpp"

using namespace perfbuf;

namespace
{

using common_kinds::states;

constexpr perfbuf_field fields[] = {
	{"u8", "a", nullptr, 8, 1, 1, PERFBUF_KIND_INT, 0},
	{"s8", "b", nullptr, 9, 1, 1, PERFBUF_KIND_INT, 1},
	{"u64", "c", nullptr, 10, 8, 1, PERFBUF_KIND_HEX, 0},
	{"s64", "d", nullptr, 18, 8, 1, PERFBUF_KIND_TIME, 1},
	{"s8", "state", states, 26, 1, 1, PERFBUF_KIND_ENUM, 1},
	{"u16", "list", nullptr, 27, 4, 2, PERFBUF_KIND_ARRAY, 0},
	{"u8", "blob", nullptr, 31, 4, 0, PERFBUF_KIND_BYTES, 0},
	{"char", "text", nullptr, 35, 4, 0, PERFBUF_KIND_STRING, 0},
	{"char", "name", nullptr, 39, 6, 6, PERFBUF_KIND_CHARS, 1},
	{"char", "more", nullptr, 45, 4, 0, PERFBUF_KIND_STRING, 0},
};
constexpr u32 bytes = 49;
constexpr perfbuf_layout layout = {fields, std::size(fields), bytes};

int error_of(const std::string &text, const perfbuf_layout &of = layout)
{
	auto parsed = common_kinds::parse(text.c_str(), of);

	if (!parsed)
		return parsed.error().code();
	const auto made = parsed.take();
	return made ? 0 : ENOMEM;
}

struct payload {
	payload() { std::memset(fixed, 0, sizeof(fixed)); }

	bool matches(const std::string &text, const perfbuf_layout &of = layout) const
	{
		auto parsed = common_kinds::parse(text.c_str(), of);

		EXPECT_TRUE(parsed) << text;
		return parsed && parsed.take()->matches(fixed, parts);
	}

	char fixed[bytes];
	perfbuf_part parts[3] = {};
};

TEST(producer_filter, a_number_is_compared_at_every_width_and_place)
{
	struct type {
		const char *name;
		u32 bytes;
		bool is_signed;
	};
	constexpr type types[] = {{"u8", 1, false},  {"u16", 2, false}, {"u32", 4, false},
				  {"u64", 8, false}, {"s8", 1, true},	{"s16", 2, true},
				  {"s32", 4, true},  {"s64", 8, true}};
	const char *signs[] = {"==", "!=", "<", "<=", ">", ">=", "&"};
	std::mt19937_64 random(3);

	for (const type &of : types)
		for (u32 before = 0; before < 9; before++)
			for (u32 behind = 0; behind < 9; behind++) {
				const u32 offset = 8 + before;
				const perfbuf_field field = {
					of.name,	  "f",
					nullptr,	  offset,
					of.bytes,	  1,
					PERFBUF_KIND_INT, static_cast<u8>(of.is_signed)};
				const perfbuf_layout with = {&field, 1, offset + of.bytes + behind};
				const u32 unused = 64 - 8 * of.bytes;
				const u64 edges[] = {0,
						     1,
						     ~u64{0},
						     u64{1} << (8 * of.bytes - 1),
						     (u64{1} << (8 * of.bytes - 1)) - 1,
						     random()};
				const auto cut = [&](u64 value) {
					value <<= unused;
					return of.is_signed
						       ? static_cast<u64>(static_cast<s64>(value) >>
									  unused)
						       : value >> unused;
				};

				for (u64 to : edges) {
					to = cut(to);
					for (int op = 0; op < 7; op++) {
						const std::string text =
							std::string("f") + signs[op] +
							(of.is_signed
								 ? std::to_string(
									   static_cast<s64>(to))
								 : std::to_string(to));
						auto parsed =
							common_kinds::parse(text.c_str(), with);

						ASSERT_TRUE(parsed) << of.name << ' ' << text;
						const auto made = parsed.take();

						for (u64 value : edges) {
							char all[64];

							value = cut(value);
							std::memset(all, 0x5a, sizeof(all));
							std::memcpy(all + offset, &value, of.bytes);
							const bool less =
								of.is_signed
									? static_cast<s64>(value) <
										  static_cast<s64>(
											  to)
									: value < to;
							const u64 ones = ~u64{0} >> unused;
							const bool wanted[] = {
								value == to,
								value != to,
								less,
								less || value == to,
								!less && value != to,
								!less,
								(value & to & ones) != 0};

							ASSERT_EQ(made->matches(all, nullptr),
								  wanted[op])
								<< of.name << ' ' << text << " of "
								<< value << " at " << offset;
						}
					}
				}
			}
}

TEST(producer_filter, a_number_that_the_field_cannot_hold_is_a_range_error)
{
	const struct {
		const char *text;
		int error;
	} all[] = {
		{"a==255", 0},
		{"a==256", ERANGE},
		{"a==0xff", 0},
		{"a==0XfF", 0},
		{"a==0x100", ERANGE},
		{"a==-1", ERANGE},
		{"a==-0", 0 + ERANGE},
		{"b==127", 0},
		{"b==128", ERANGE},
		{"b==-128", 0},
		{"b==-129", ERANGE},
		{"b==-0x80", 0},
		{"b==-0x81", ERANGE},
		{"b==-0", 0},
		{"c==18446744073709551615", 0},
		{"c==18446744073709551616", ERANGE},
		{"c==18446744073709551625", ERANGE},
		{"c==184467440737095516150", ERANGE},
		{"c==0xffffffffffffffff", 0},
		{"c==0x10000000000000000", ERANGE},
		{"d==9223372036854775807", 0},
		{"d==9223372036854775808", ERANGE},
		{"d==-9223372036854775808", 0},
		{"d==-9223372036854775809", ERANGE},
		{"a==00255", 0},
		{"a==0x0a", 0},
		/* No number. */
		{"a==0x", EINVAL},
		{"a==-", EINVAL},
		{"a==--1", EINVAL},
		{"a==1a", EINVAL},
		{"a==0x1g", EINVAL},
		{"a==0x1`", EINVAL},
		{"a==1-", EINVAL},
		{"a==1*", EINVAL},
		{"a==1_", EINVAL},
		{"a==x1", EINVAL},
		{"a==1x1", EINVAL},
		{"a=='1'", EINVAL},
		{"a==\"1\"", EINVAL},
		/* Names. */
		{"state==busy", 0},
		{"state=='busy'", 0},
		{"state==bus", ENOENT},
		{"state==busyy", ENOENT},
		{"state==none", 0},
		{"state==-1", 0},
		{"state==-busy", ENOENT},
		{"state==--1", ENOENT},
		{"state==*1", ENOENT},
		{"state==A", ENOENT},
	};

	for (const auto &row : all)
		EXPECT_EQ(error_of(row.text), row.error) << row.text;

	payload p;

	p.fixed[8] = 10;
	EXPECT_TRUE(p.matches("a==0x0a"));
	EXPECT_TRUE(p.matches("a==0xA"));
	EXPECT_TRUE(p.matches("a==010")) << "decimal";
	p.fixed[8] = static_cast<char>(0xf9);
	EXPECT_TRUE(p.matches("a==0xf9"));
	p.fixed[26] = -1;
	EXPECT_TRUE(p.matches("state==none"));
	EXPECT_FALSE(p.matches("state==idle"));
	p.fixed[26] = 1;
	EXPECT_TRUE(p.matches("state==busy"));
	EXPECT_TRUE(p.matches("state>'idle'"));
}

TEST(producer_filter, a_text_that_is_no_expression_is_EINVAL)
{
	for (const char *text : {"",
				 " ",
				 "a",
				 "a ==",
				 "a 1",
				 "== 1",
				 "a = 1",
				 "a === 1",
				 "a == 1 b",
				 "a == 1)",
				 "(a == 1",
				 "()",
				 "a == 1 &&",
				 "a == 1 ||",
				 "&& a == 1",
				 "a == 1 | a == 2",
				 "a & & 1",
				 "a && 1",
				 "a == 1 & b",
				 "!",
				 "a !",
				 "a ! = 1",
				 "a ! 1",
				 "a ~ 1",
				 "a == 'x",
				 "a == \"x'",
				 "name == 'x",
				 "name < x",
				 "name & x",
				 "name >= x",
				 "name ~ a*b",
				 "name ~ *a*b",
				 "name ~ a**",
				 "name ~ **a",
				 "name ~ '*'*'",
				 "list == 1",
				 "blob == 1",
				 "blob == x",
				 "a == 1;",
				 "a == @",
				 "text > a",
				 "'a == 1"})
		EXPECT_EQ(error_of(text), EINVAL) << text;
	for (const char *text : {"z == 1", "aa == 1", "common == 1", "common_pi == 1",
				 "common_pidd == 1", "A == 1", "nam == x", "names == x", "-a == 1"})
		EXPECT_EQ(error_of(text), ENOENT) << text;
	for (const char *text :
	     {"a==1", " \t\n a\t==\n1 \t\n", "((a==1))", "!a==1", "! ! a == 1", "'a' == 1", "a&1",
	      "a & 1&&a&2", "a<1||a>1", "name ~ *", "name ~ **", "name ~ '*'", "name == ''",
	      "name == 'a*b'", "name == a*b", "name != \"a'b\"", "name ~ 'a b*'", "text ~ ''",
	      "more == x"})
		EXPECT_EQ(error_of(text), 0) << text;
}

TEST(producer_filter, nesting_and_words_have_their_bounds)
{
	for (u32 depth = 0; depth < 20; depth++) {
		const int wanted = depth < filter::depth_max ? 0 : E2BIG;

		EXPECT_EQ(error_of(std::string(depth, '!') + "a==1"), wanted) << depth;
		EXPECT_EQ(error_of(std::string(depth, '(') + "a==1" + std::string(depth, ')')),
			  wanted)
			<< depth;
	}
	for (u32 n = filter::word_max - 9; n < filter::word_max + 10; n++) {
		const std::string word(n, 'w');
		const int wanted = n <= filter::word_max ? 0 : E2BIG;

		EXPECT_EQ(error_of("text == " + word), wanted) << n;
		EXPECT_EQ(error_of("text ~ *" + word + "*"), wanted) << n;

		payload p;

		p.parts[1] = {word.data(), n};
		if (!wanted) {
			EXPECT_TRUE(p.matches("text == " + word));
			EXPECT_FALSE(p.matches("text == " + word.substr(1) + "x"));
		}
	}
}

/* The last field of a payload is loaded with what stands before it. */
TEST(producer_filter, nothing_behind_the_payload_is_looked_at)
{
	for (u32 width : {1u, 2u, 4u, 8u}) {
		const perfbuf_field field = {"u64", "f", nullptr,	   16,
					     width, 1,	 PERFBUF_KIND_INT, 0};
		const perfbuf_layout of = {&field, 1, 16 + width};
		const std::unique_ptr<char[]> exact(new char[16 + width]());
		const auto made = common_kinds::parse("f == 0 && common_pid == 0", of).take();

		EXPECT_TRUE(made->matches(exact.get(), nullptr));
		EXPECT_TRUE(made->matches_numbers(exact.get()));
	}
}

/* Of the largest expression, too, and of the text of a word, which stands behind the tests. */
TEST(producer_filter, the_last_test_decides_and_a_word_is_no_test)
{
	payload p;
	std::string many;

	for (u32 i = 1; i < filter::predicates_max; i++)
		many += "c == " + std::to_string(i) + " || ";
	for (u32 last : {0u, 1u}) {
		const auto made =
			common_kinds::parse((many + "a == " + std::to_string(last)).c_str(), layout)
				.take();

		EXPECT_FALSE(made->compares_text());
		EXPECT_EQ(made->matches(p.fixed, nullptr), !last);
		EXPECT_EQ(made->matches_numbers(p.fixed), !last);
	}
	EXPECT_FALSE(p.matches("name == 'aaaaa\xff\xff\xff\xff\xff\xff\xff\xff'"));
}

TEST(producer_filter, each_string_is_the_part_or_the_field_of_its_name)
{
	payload p;

	std::memcpy(&p.fixed[39], "middle", 6);
	p.fixed[45] = 'x';
	p.parts[0] = {"blob", 4};
	p.parts[1] = {"first", 5};
	p.parts[2] = {"second", 7};
	EXPECT_TRUE(p.matches("text == first"));
	EXPECT_TRUE(p.matches("more == second")) << "its NUL is not compared";
	EXPECT_TRUE(p.matches("name == middle")) << "it ends with the field";
	EXPECT_FALSE(p.matches("name == middlex"));
	EXPECT_FALSE(p.matches("text == second"));
	EXPECT_TRUE(p.matches("text != second && more != first && name != first"));
	p.parts[2] = {"se\0cond", 7};
	EXPECT_TRUE(p.matches("more == se"));
	EXPECT_FALSE(p.matches("more ~ *cond"));
	p.fixed[41] = 0;
	EXPECT_TRUE(p.matches("name == mi"));
	EXPECT_FALSE(p.matches("name ~ *dle*"));
}

TEST(producer_filter, the_common_fields_are_compared_as_they_are_laid_out)
{
	payload p;
	const perfbuf_common common = {
		.type = 0x1234, .flags = 0x56, .preempt_count = 0x78, .pid = -9};

	std::memcpy(p.fixed, &common, sizeof(common));
	EXPECT_TRUE(p.matches("common_type == 0x1234"));
	EXPECT_TRUE(p.matches("common_flags == 0x56"));
	EXPECT_TRUE(p.matches("common_preempt_count == 0x78"));
	EXPECT_TRUE(p.matches("common_pid == -9"));
	EXPECT_TRUE(p.matches("common_pid < 0"));
	EXPECT_EQ(error_of("common_type == 65535"), 0);
	EXPECT_EQ(error_of("common_type == 65536"), ERANGE);
	EXPECT_EQ(error_of("common_flags == 256"), ERANGE);
	EXPECT_EQ(error_of("common_preempt_count == 256"), ERANGE);
	EXPECT_EQ(error_of("common_pid == -2147483648"), 0);
	EXPECT_EQ(error_of("common_pid == 2147483648"), ERANGE);
}

/* Every string of up to four letters against every pattern of up to three. */
TEST(producer_filter, a_pattern_matches_at_its_open_ends)
{
	std::vector<std::string> words = {""};

	for (size_t i = 0; i < words.size(); i++)
		if (words[i].size() < 4)
			for (const char *letter : {"a", "b"})
				words.push_back(words[i] + letter);
	for (const std::string &word : words) {
		if (word.size() > 3)
			continue;
		for (int stars = 0; stars < 4; stars++) {
			const std::string pattern =
				(stars & 1 ? "*" : "") + word + (stars & 2 ? "*" : "");
			const std::string text =
				"text ~ '" + pattern + "' && name ~ '" + pattern + "'";
			auto parsed = common_kinds::parse(text.c_str(), layout);

			ASSERT_TRUE(parsed) << text;
			const auto made = parsed.take();

			for (const std::string &value : words) {
				payload p;
				const size_t at = value.rfind(word);
				/* "*" alone is open at its front, and has no end. */
				const bool before = pattern.size() && pattern[0] == '*';
				const bool behind = stars & 2 && (pattern.size() > 1 || !before);
				const bool wanted =
					before && behind ? value.find(word) != value.npos
					: before	 ? at != value.npos &&
							   at + word.size() == value.size()
					: behind ? value.compare(0, word.size(), word) == 0
						 : value == word;

				p.parts[1] = {value.data(), static_cast<u32>(value.size())};
				std::copy(value.begin(), value.end(), &p.fixed[39]);
				ASSERT_EQ(made->matches(p.fixed, p.parts), wanted)
					<< text << " of " << value;
			}
		}
	}
}

/* Counts how often it is compared. */
struct counted_char {
	char value;
	u32 *comparisons;

	friend bool operator==(char character, const counted_char &other)
	{
		++*other.comparisons;
		return character == other.value;
	}
};

struct counted_word {
	explicit counted_word(const std::string &from) : bytes(static_cast<u32>(from.size()))
	{
		find_borders(from.data(), bytes, borders);
		for (u32 i = 0; i < bytes; i++)
			text[i] = {from[i], &comparisons};
	}
	counted_word(const counted_word &) = delete;

	u32 comparisons = 0;
	u32 bytes;
	counted_char text[filter::word_max];
	u8 borders[filter::word_max];
};

TEST(producer_filter, a_search_of_a_string_compares_at_most_twice_for_each_byte)
{
	const u32 n = 60000;
	const std::string same(filter::word_max - 1, 'a');
	std::string halves;

	for (u32 i = 0; i < n; i++)
		halves += i % 32 == 31 ? 'b' : 'a';
	for (const std::string &text : {std::string(n, 'a'), halves}) {
		for (const std::string &word :
		     {same + 'b', 'b' + same, same.substr(32) + 'b' + same.substr(31)}) {
			counted_word wanted(word);

			EXPECT_EQ(contains(text.data(), n, wanted),
				  text.find(word) != std::string::npos);
			EXPECT_LE(wanted.comparisons, 2 * n);
		}
	}
}

TEST(producer_filter, a_search_finds_what_stands_in_a_string_and_nothing_else)
{
	std::mt19937 random(1);
	const auto some = [&](u32 most) {
		std::string made(random() % (most + 1), 'a');

		for (char &character : made)
			character = static_cast<char>('a' + random() % 2);
		return made;
	};

	for (int turn = 0; turn < 20000; turn++) {
		const std::string text = some(24), word = some(6);

		ASSERT_EQ(contains(text.data(), static_cast<u32>(text.size()), counted_word(word)),
			  text.find(word) != std::string::npos)
			<< word << " in " << text;
	}
}

} // namespace
