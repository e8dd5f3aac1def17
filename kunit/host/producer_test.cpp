// SPDX-License-Identifier: GPL-2.0
/* What of typed events is logic alone: filters and format texts. */
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "producer/filter.hpp"
#include "producer/format.hpp"

using namespace perfbuf;

namespace
{

constexpr perfbuf_name states[] = {{u64(-1), "none"}, {0, "idle"}, {1, "busy"}, {0, nullptr}};

constexpr perfbuf_field fields[] = {
	{"u8", "a", nullptr, 8, 1, 1, PERFBUF_KIND_INT, 0},
	{"s32", "b", nullptr, 9, 4, 1, PERFBUF_KIND_INT, 1},
	{"u64", "c", nullptr, 13, 8, 1, PERFBUF_KIND_HEX, 0},
	{"s8", "state", states, 21, 1, 1, PERFBUF_KIND_ENUM, 1},
	{"char", "name", nullptr, 22, 4, 4, PERFBUF_KIND_CHARS, 1},
	{"char", "text", nullptr, 26, 4, 0, PERFBUF_KIND_STRING, 0},
};

struct [[gnu::packed]] values {
	perfbuf_common common;
	u8 a;
	s32 b;
	u64 c;
	std::int8_t state;
	char name[4];
	u32 text;
};

constexpr perfbuf_layout layout = {fields, std::size(fields), sizeof(values)};

int parse_error(const std::string &text)
{
	auto parsed = filter::parse(text.c_str(), layout);
	if (!parsed)
		return parsed.error().code();
	const auto made = parsed.take();
	return made ? 0 : ENOMEM;
}

/* An expression, and what it should say. */
struct expression {
	std::string text;
	std::function<bool(const values &)> holds;
};

class generator
{
public:
	explicit generator(unsigned seed) : random_(seed) {}

	u64 below(u64 n) { return random_() % n; }

	expression any(unsigned depth)
	{
		switch (depth ? below(4) : 3) {
		case 0: {
			const expression l = any(depth - 1), r = any(depth - 1);
			return {"(" + l.text + ")&&(" + r.text + ")",
				[=](const values &v) { return l.holds(v) && r.holds(v); }};
		}
		case 1: {
			const expression l = any(depth - 1), r = any(depth - 1);
			return {"( " + l.text + " || " + r.text + " )",
				[=](const values &v) { return l.holds(v) || r.holds(v); }};
		}
		case 2: {
			const expression one = any(depth - 1);
			return {"!(" + one.text + ")",
				[=](const values &v) { return !one.holds(v); }};
		}
		}
		switch (below(3)) {
		case 0: {
			const u8 to = edge<u8>();
			return compare<u8>("a", to, [](const values &v) { return v.a; });
		}
		case 1: {
			const s32 to = edge<s32>();
			return compare<s32>("b", to, [](const values &v) { return v.b; });
		}
		}
		const u64 to = edge<u64>();
		return compare<u64>("c", to, [](const values &v) { return v.c; });
	}

	template <typename T>
	T edge()
	{
		const T all[] = {0,
				 1,
				 2,
				 T(-1),
				 std::numeric_limits<T>::min(),
				 std::numeric_limits<T>::max()};
		return all[below(std::size(all))];
	}

private:
	template <typename T, typename Get>
	expression compare(const std::string &field, T to, Get get)
	{
		const char *signs[] = {"==", "!=", "<", "<=", ">", ">=", "&"};
		const u64 op = below(std::size(signs));
		return {field + signs[op] + std::to_string(to), [=](const values &v) -> bool {
				const T value = get(v);
				switch (op) {
				case 0:
					return value == to;
				case 1:
					return value != to;
				case 2:
					return value < to;
				case 3:
					return value <= to;
				case 4:
					return value > to;
				case 5:
					return value >= to;
				}
				return value & to;
			}};
	}

	std::mt19937_64 random_;
};

TEST(producer_filter, says_what_its_expression_says)
{
	generator random(1);
	unsigned parsed_ones = 0;
	for (int turn = 0; turn < 20000; turn++) {
		const expression one = random.any(4);
		auto parsed = filter::parse(one.text.c_str(), layout);
		ASSERT_TRUE(parsed) << one.text << ": " << parsed.error().code();
		const auto made = parsed.take();
		parsed_ones++;
		for (int i = 0; i < 8; i++) {
			values v = {};
			v.a = random.edge<u8>();
			v.b = random.edge<s32>();
			v.c = random.edge<u64>();
			ASSERT_EQ(made->matches(&v, nullptr), one.holds(v)) << one.text;
		}
	}
	EXPECT_EQ(parsed_ones, 20000u);
}

/* Any text: an answer, and nothing is read behind its end. */
TEST(producer_filter, reads_any_text)
{
	const char *pieces[] = {"a",	 "b",	 "c",	       "name", "text",
				"state", "idle", "==",	       "!=",   "<",
				">=",	 "&",	 "&&",	       "||",   "!",
				"(",	 ")",	 "~",	       "\"",   "'",
				"*",	 "-",	 "1",	       "0x",   "99999999999999999999",
				" ",	 "\t",	 "common_pid", "\x80"};
	generator random(2);
	for (int turn = 0; turn < 200000; turn++) {
		std::string text;
		for (u64 n = random.below(12); n; n--)
			text += pieces[random.below(std::size(pieces))];
		const std::unique_ptr<char[]> exact(new char[text.size() + 1]);
		memcpy(exact.get(), text.c_str(), text.size() + 1);
		auto parsed = filter::parse(exact.get(), layout);
		if (!parsed)
			continue;
		const auto made = parsed.take();
		const values v = {};
		const perfbuf_part none = {nullptr, 0};
		made->matches(&v, &none);
	}
}

TEST(producer_filter, compares_strings_to_their_ends)
{
	const auto matches = [](const std::string &text, const char *name,
				const std::string &tail) {
		auto parsed = filter::parse(text.c_str(), layout);
		EXPECT_TRUE(parsed) << text;
		if (!parsed)
			return false;
		values v = {};
		memcpy(v.name, name, strnlen(name, sizeof(v.name)));
		const perfbuf_part part = {tail.data(), static_cast<u32>(tail.size())};
		return parsed.take()->matches(&v, &part);
	};
	EXPECT_TRUE(matches("name == full", "full", "")) << "without a NUL";
	EXPECT_FALSE(matches("name == ful", "full", ""));
	EXPECT_TRUE(matches("name ~ ful*", "full", ""));
	EXPECT_TRUE(matches("text ~ *c", "", "abc"));
	EXPECT_TRUE(matches("text ~ *b*", "", "abc"));
	EXPECT_FALSE(matches("text ~ *d*", "", "abc"));
	EXPECT_FALSE(matches("text ~ *abcd*", "", "abc"));
	EXPECT_TRUE(matches("text == ''", "", ""));
	EXPECT_TRUE(matches("text != b", "", "abc"));
}

TEST(producer_filter, takes_as_much_as_it_says_and_no_more)
{
	std::string many = "a==1", deep = "a==1";
	for (unsigned i = 1; i < filter::predicates_max; i++)
		many += "||a==1";
	EXPECT_EQ(parse_error(many), 0);
	EXPECT_EQ(parse_error(many + "||a==1"), E2BIG);
	for (unsigned i = 1; i < filter::depth_max; i++)
		deep = "(" + deep + ")";
	EXPECT_EQ(parse_error(deep), 0);
	EXPECT_EQ(parse_error("(" + deep + ")"), E2BIG);
	EXPECT_EQ(parse_error("state == busy"), 0);
	EXPECT_EQ(parse_error("state == lazy"), ENOENT);
}

TEST(producer_format, of_every_kind)
{
	char text[4096] = {};
	text_writer out(text, sizeof(text) - 1);
	write_format(out, "event", 7, layout);
	const std::string all(text, out.bytes());
	EXPECT_EQ(all.size(), out.length());
	EXPECT_EQ(all.substr(0, 26), "name: event\nID: 7\nformat:\n");
	EXPECT_NE(all.find("\tfield:s32 b;\toffset:9;\tsize:4;\tsigned:1;\n"), all.npos);
	EXPECT_NE(all.find("\tfield:char name[4];\toffset:22;\tsize:4;\tsigned:1;\n"), all.npos);
	EXPECT_NE(all.find("\tfield:__data_loc char[] text;\toffset:26;\tsize:4;\tsigned:0;\n"),
		  all.npos);
	EXPECT_NE(all.find("\nprint fmt: \"a=%u b=%d c=0x%llx state=%s name=%s text=%s\", REC->a, "
			   "REC->b, REC->c, __print_symbolic(REC->state, { 255, \"none\" }, "
			   "{ 0, \"idle\" }, { 1, \"busy\" }), REC->name, __get_str(text)\n"),
		  all.npos);
}

/* A text that is measured first needs exactly what was measured. */
TEST(producer_format, is_as_long_as_it_was_measured)
{
	text_writer measure(nullptr, 0);
	write_format(measure, "event", 65535, layout);
	EXPECT_EQ(measure.bytes(), 0u);
	std::vector<char> exact(measure.length());
	text_writer out(exact.data(), exact.size());
	write_format(out, "event", 65535, layout);
	EXPECT_EQ(out.bytes(), exact.size());
	EXPECT_EQ(exact.back(), '\n');
}

TEST(producer_format, layouts_that_cannot_be_are_refused)
{
	const char *where;
	EXPECT_TRUE(check_layout(layout, &where));

	const auto refused = [&](auto &&change) {
		std::vector<perfbuf_field> mine(std::begin(fields), std::end(fields));
		perfbuf_layout of = {mine.data(), static_cast<u32>(mine.size()), sizeof(values)};
		change(mine, of);
		const auto done = check_layout(of, &where);
		return done ? 0 : done.error().code();
	};
	EXPECT_EQ(refused([](auto &, auto &of) { of.bytes = 7; }), EINVAL);
	EXPECT_EQ(refused([](auto &, auto &of) { of.bytes = PERFBUF_FIXED_MAX + 1; }), E2BIG);
	EXPECT_EQ(refused([](auto &f, auto &) { f[1].name = "a"; }), EEXIST);
	EXPECT_STREQ(where, "a");
	EXPECT_EQ(refused([](auto &f, auto &) { f[0].name = nullptr; }), EINVAL);
	EXPECT_EQ(refused([](auto &f, auto &) { f[0].name = "9"; }), EINVAL);
	EXPECT_EQ(refused([](auto &f, auto &) { f[0].name = "a2345678901234567890123456789012"; }),
		  ENAMETOOLONG);
	EXPECT_EQ(refused([](auto &f, auto &) { f[1].is_signed = 0; }), EINVAL);
	EXPECT_EQ(refused([](auto &f, auto &) { f[5].bytes = 8; }), EINVAL);
	EXPECT_EQ(refused([](auto &f, auto &) { f[5].offset = ~0u; }), EINVAL);
	EXPECT_EQ(refused([](auto &f, auto &) { f[4].elements = 5; }), EINVAL);
	static constexpr perfbuf_name quoted[] = {{0, "a\"b"}, {0, nullptr}};
	EXPECT_EQ(refused([](auto &f, auto &) { f[3].names = quoted; }), EINVAL);
}

} // namespace
