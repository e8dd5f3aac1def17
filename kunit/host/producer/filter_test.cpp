// SPDX-License-Identifier: GPL-2.0
/* Filters: what they mean, against an oracle, and what text makes none. */
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "producer/filter.hpp"

#include "common_kinds.hpp"

using namespace perfbuf;
using namespace perfbuf::common_kinds;

namespace
{

int parse_error(const std::string &text)
{
	auto parsed = common_kinds::parse(text.c_str(), layout);
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
			const expression expression = any(depth - 1);
			return {"!(" + expression.text + ")",
				[=](const values &v) { return !expression.holds(v); }};
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

TEST(producer_filter, a_random_filter_decides_as_its_expression_does)
{
	generator random(1);
	unsigned parsed_ones = 0;
	for (int turn = 0; turn < 20000; turn++) {
		const expression expression = random.any(4);
		auto parsed = common_kinds::parse(expression.text.c_str(), layout);
		ASSERT_TRUE(parsed) << expression.text << ": " << parsed.error().code();
		const auto made = parsed.take();
		parsed_ones++;
		for (int i = 0; i < 8; i++) {
			values v = {};
			v.a = random.edge<u8>();
			v.b = random.edge<s32>();
			v.c = random.edge<u64>();
			ASSERT_EQ(made->matches(&v, nullptr), expression.holds(v))
				<< expression.text;
		}
	}
	EXPECT_EQ(parsed_ones, 20000u);
}

/* Any text: an answer, and nothing is read behind its end. */
TEST(producer_filter, the_parser_takes_any_text_without_a_crash)
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
		auto parsed = common_kinds::parse(exact.get(), layout);
		if (!parsed)
			continue;
		const auto made = parsed.take();
		const values v = {};
		const perfbuf_part none = {nullptr, 0};
		made->matches(&v, &none);
	}
}

TEST(producer_filter, strings_are_compared_to_their_ends)
{
	const auto matches = [](const std::string &text, const char *name,
				const std::string &tail) {
		auto parsed = common_kinds::parse(text.c_str(), layout);
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

TEST(producer_filter, a_filter_of_the_largest_size_is_taken_and_a_larger_one_refused)
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

/* Each operator on each value of a byte, which is the last of a payload or stands before others. */
TEST(producer_filter, a_filter_compares_every_value_of_a_byte_with_every_other)
{
	static constexpr perfbuf_name names[] = {
		{0x17f, "above"}, {u64(-200), "below"}, {0, nullptr}};
	const char *signs[] = {"==", "!=", "<", "<=", ">", ">="};

	for (int is_signed : {0, 1})
		for (u32 behind : {0u, 3u, 9u}) {
			const perfbuf_field byte = {
				is_signed ? "s8" : "u8",   "f", names, 8, 1, 1, PERFBUF_KIND_ENUM,
				static_cast<u8>(is_signed)};
			const perfbuf_layout of = {&byte, 1, 9 + behind};

			for (int op = 0; op < 6; op++)
				for (int to = is_signed ? -128 : 0; to < 258 - 128 * is_signed;
				     to++) {
					const bool above = to >= 256 - 128 * is_signed;
					const bool below = is_signed && to == 129;
					const s64 number = below ? -200 : above ? 0x17f : to;
					std::string text = std::string("f ") + signs[op] + " ";

					text += below	? "below"
						: above ? "above"
							: std::to_string(to);
					auto parsed = common_kinds::parse(text.c_str(), of);
					ASSERT_TRUE(parsed) << text;
					const auto made = parsed.take();
					for (int v = 0; v < 256; v++) {
						char payload[18];

						memset(payload, v * 7, sizeof(payload));
						payload[8] = static_cast<char>(v);
						const s64 value =
							is_signed ? static_cast<std::int8_t>(v) : v;
						const bool wanted[] = {
							value == number, value != number,
							value<number, value <= number, value>
								number,
							value >= number};

						ASSERT_EQ(made->matches(payload, nullptr),
							  wanted[op])
							<< text << " of " << value << " before "
							<< behind;
					}
				}
		}
}

TEST(producer_filter, a_comparison_whose_answer_is_known_decides_without_a_test)
{
	const values v = {};

	for (const char *text : {"a >= 0", "a <= 255 && c >= 0", "a == 1 || a >= 0", "!(a & 0)",
				 "b >= -2147483648", "!(a < 0) && (a == 0 || c == 5)"})
		EXPECT_TRUE(common_kinds::parse(text, layout).take()->matches(&v, nullptr)) << text;
	for (const char *text : {"a < 0", "c > 18446744073709551615", "a == 0 && a & 0",
				 "!(a >= 0)", "(a < 0 || c & 0) && a == 0"})
		EXPECT_FALSE(common_kinds::parse(text, layout).take()->matches(&v, nullptr))
			<< text;
}

} // namespace
