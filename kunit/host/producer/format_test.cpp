// SPDX-License-Identifier: GPL-2.0
/* Format texts, and the layouts that have none. */
#include <string>
#include <vector>

#include <gtest/gtest.h>

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
