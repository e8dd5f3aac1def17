// SPDX-License-Identifier: GPL-2.0
/* Format texts, and the layouts that have none. */
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "producer/format.hpp"

#include "common_kinds.hpp"

using namespace perfbuf;
using namespace perfbuf::common_kinds;

namespace
{

TEST(producer_format, the_format_text_describes_every_kind_of_field)
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
TEST(producer_format, a_format_text_is_as_long_as_it_was_measured)
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
	layout_fault fault = {};
	EXPECT_TRUE(check_layout(layout, fault));

	const auto refused = [&](auto &&change) {
		std::vector<perfbuf_field> mine(std::begin(fields), std::end(fields));
		perfbuf_layout of = {mine.data(), static_cast<u32>(mine.size()), sizeof(values)};
		change(mine, of);
		const auto done = check_layout(of, fault);
		return done ? 0 : done.error().code();
	};
	EXPECT_EQ(refused([](auto &, auto &of) { of.bytes = 7; }), EINVAL);
	EXPECT_EQ(refused([](auto &, auto &of) { of.bytes = PERFBUF_FIXED_MAX + 1; }), E2BIG);
	EXPECT_EQ(refused([](auto &f, auto &) { f[1].name = "a"; }), EEXIST);
	EXPECT_STREQ(fault.field, "a");
	EXPECT_EQ(refused([](auto &f, auto &) { f[0].name = nullptr; }), EINVAL);
	EXPECT_STREQ(fault.field, "a field");
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

TEST(producer_format, a_refused_layout_says_which_field_and_a_reason_of_its_own)
{
	static constexpr perfbuf_name unprintable[] = {{0, "a\"b"}, {0, nullptr}};
	const perfbuf_field good = {"u32", "f", nullptr, 8, 4, 1, PERFBUF_KIND_INT, 0};
	const auto changed = [&](auto change) {
		perfbuf_field changed_field = good;

		change(changed_field);
		return changed_field;
	};
	const struct {
		perfbuf_field field;
		const char *why;
	} all[] = {
		{changed([](auto &f) { f.name = "9"; }), "has no name that can be"},
		{changed([](auto &f) { f.name = "a2345678901234567890123456789012"; }),
		 "has too long a name"},
		{changed([](auto &f) { f.name = "common_pid"; }),
		 "has a name that begins as those of every event do"},
		{changed([](auto &f) { f.offset = 4; }), "does not lie in the fixed part"},
		{changed([](auto &f) { f.type = "int"; }),
		 "has a type that is none of u8 u16 u32 u64 s8 s16 s32 s64"},
		{changed([](auto &f) { f.is_signed = 1; }), "has not the sign of its type"},
		{changed([](auto &f) { f.type = "u16"; }), "has not the size of its type"},
		{changed([](auto &f) { f.kind = 99; }),
		 "is of a kind that this perfbuf does not know"},
		{changed([](auto &f) { f.kind = PERFBUF_KIND_ENUM; }),
		 "has no names for its values"},
		{changed([](auto &f) {
			 f.kind = PERFBUF_KIND_FLAGS;
			 f.names = unprintable;
		 }),
		 "has a name for a value that cannot be printed"},
		{changed([](auto &f) {
			 f.kind = PERFBUF_KIND_STRING;
			 f.bytes = 8;
		 }),
		 "has not the 4 bytes that say where its data is"},
		{changed([](auto &f) {
			 f.kind = PERFBUF_KIND_DYNAMIC_ARRAY;
			 f.bytes = 8;
		 }),
		 "has not the 4 bytes that say where its data is"},
		{changed([](auto &f) { f.kind = PERFBUF_KIND_CHARS; }),
		 "has not one byte for each character"},
		{changed([](auto &f) { f.kind = PERFBUF_KIND_BOOL; }),
		 "has not the type and the size of its kind"},
		{changed([](auto &f) { f.kind = PERFBUF_KIND_IPV4; }),
		 "has not the type and the size of its kind"},
	};

	for (const auto &row : all) {
		layout_fault fault = {};

		EXPECT_FALSE(check_layout({&row.field, 1, 16}, fault)) << row.why;
		EXPECT_STREQ(fault.field, row.field.name);
		EXPECT_STREQ(fault.why, row.why);
	}

	const perfbuf_field twice[] = {good, changed([](auto &f) { f.offset = 12; })};
	layout_fault fault = {};

	EXPECT_FALSE(check_layout({twice, 2, 16}, fault));
	EXPECT_STREQ(fault.why, "has the name of another field");
	EXPECT_FALSE(check_layout({&good, 1, 7}, fault));
	EXPECT_STREQ(fault.why, "is smaller than the fields of every event");
	EXPECT_FALSE(check_layout({&good, 1, PERFBUF_FIXED_MAX + 1}, fault));
	EXPECT_STREQ(fault.why, "is too large");
}

/* Every kind and type of field, word for word. */
TEST(producer_format, a_text_says_each_field_as_tracefs_does)
{
	static constexpr perfbuf_name bits[] = {{1, "one"}, {2, "two"}, {0, nullptr}};
	static constexpr perfbuf_name signs[] = {{u64(-1), "minus"}, {5, "five"}, {0, nullptr}};
	static constexpr perfbuf_field all[] = {
		{"u16", "i", nullptr, 8, 2, 1, PERFBUF_KIND_INT, 0},
		{"s8", "j", nullptr, 10, 1, 1, PERFBUF_KIND_INT, 1},
		{"s16", "k", nullptr, 12, 2, 1, PERFBUF_KIND_INT, 1},
		{"s64", "l", nullptr, 16, 8, 1, PERFBUF_KIND_INT, 1},
		{"u64", "t", nullptr, 24, 8, 1, PERFBUF_KIND_TIME, 0},
		{"u8", "h", nullptr, 32, 1, 1, PERFBUF_KIND_HEX, 0},
		{"u32", "f", bits, 36, 4, 1, PERFBUF_KIND_FLAGS, 0},
		{"s16", "e", signs, 40, 2, 1, PERFBUF_KIND_ENUM, 1},
		{"u16", "r", nullptr, 42, 6, 3, PERFBUF_KIND_ARRAY, 0},
		{"char", "c", nullptr, 48, 5, 5, PERFBUF_KIND_CHARS, 1},
		{"char", "s", nullptr, 56, 4, 0, PERFBUF_KIND_STRING, 0},
		{"u8", "b", nullptr, 60, 4, 0, PERFBUF_KIND_BYTES, 0},
		{"bool", "o", nullptr, 64, 1, 1, PERFBUF_KIND_BOOL, 0},
		{"void *", "p", nullptr, 65, 8, 1, PERFBUF_KIND_POINTER, 0},
		{"u8", "v4", nullptr, 73, 4, 4, PERFBUF_KIND_IPV4, 0},
		{"u8", "v6", nullptr, 77, 16, 16, PERFBUF_KIND_IPV6, 0},
		{"u8", "m", nullptr, 93, 6, 6, PERFBUF_KIND_MAC, 0},
		{"u8", "u", nullptr, 99, 16, 16, PERFBUF_KIND_UUID, 0},
		{"u16", "d", nullptr, 115, 4, 0, PERFBUF_KIND_DYNAMIC_ARRAY, 0},
		{"s64", "w", nullptr, 119, 4, 0, PERFBUF_KIND_DYNAMIC_ARRAY, 1},
	};
	constexpr perfbuf_layout of = {all, std::size(all), 123};
	layout_fault fault = {};
	char text[4096] = {};
	text_writer out(text, sizeof(text) - 1);

	EXPECT_TRUE(check_layout(of, fault)) << fault.field;
	write_format(out, "every", 4711, of);
	EXPECT_EQ(std::string(text, out.bytes()),
		  "name: every\nID: 4711\nformat:\n"
		  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		  "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		  "\tfield:u16 i;\toffset:8;\tsize:2;\tsigned:0;\n"
		  "\tfield:s8 j;\toffset:10;\tsize:1;\tsigned:1;\n"
		  "\tfield:s16 k;\toffset:12;\tsize:2;\tsigned:1;\n"
		  "\tfield:s64 l;\toffset:16;\tsize:8;\tsigned:1;\n"
		  "\tfield:u64 t;\toffset:24;\tsize:8;\tsigned:0;\n"
		  "\tfield:u8 h;\toffset:32;\tsize:1;\tsigned:0;\n"
		  "\tfield:u32 f;\toffset:36;\tsize:4;\tsigned:0;\n"
		  "\tfield:s16 e;\toffset:40;\tsize:2;\tsigned:1;\n"
		  "\tfield:u16 r[3];\toffset:42;\tsize:6;\tsigned:0;\n"
		  "\tfield:char c[5];\toffset:48;\tsize:5;\tsigned:1;\n"
		  "\tfield:__data_loc char[] s;\toffset:56;\tsize:4;\tsigned:0;\n"
		  "\tfield:__data_loc u8[] b;\toffset:60;\tsize:4;\tsigned:0;\n"
		  "\tfield:bool o;\toffset:64;\tsize:1;\tsigned:0;\n"
		  "\tfield:void * p;\toffset:65;\tsize:8;\tsigned:0;\n"
		  "\tfield:u8 v4[4];\toffset:73;\tsize:4;\tsigned:0;\n"
		  "\tfield:u8 v6[16];\toffset:77;\tsize:16;\tsigned:0;\n"
		  "\tfield:u8 m[6];\toffset:93;\tsize:6;\tsigned:0;\n"
		  "\tfield:u8 u[16];\toffset:99;\tsize:16;\tsigned:0;\n"
		  "\tfield:__data_loc u16[] d;\toffset:115;\tsize:4;\tsigned:0;\n"
		  "\tfield:__data_loc s64[] w;\toffset:119;\tsize:4;\tsigned:1;\n"
		  "\nprint fmt: \"i=%u j=%hhd k=%hd l=%lld t=%llu h=0x%x f=%s e=%s r=%s c=%s s=%s "
		  "b=%s o=%s p=0x%llx v4=%pI4 v6=%pI6c m=%pM u=%pUb d=%s w=%s\", REC->i, REC->j, "
		  "REC->k, REC->l, REC->t, REC->h, "
		  "__print_flags(REC->f, \"|\", { 1, \"one\" }, { 2, \"two\" }), "
		  "__print_symbolic(REC->e, { 65535, \"minus\" }, { 5, \"five\" }), "
		  "__print_array(REC->r, 3, 2), REC->c, __get_str(s), "
		  "__print_hex(__get_dynamic_array(b), __get_dynamic_array_len(b)), "
		  "__print_symbolic(REC->o, { 0, \"false\" }, { 1, \"true\" }), REC->p, REC->v4, "
		  "REC->v6, REC->m, REC->u, "
		  "__print_array(__get_dynamic_array(d), (__get_dynamic_array_len(d) / 2), 2), "
		  "__print_array(__get_dynamic_array(w), (__get_dynamic_array_len(w) / 8), 8)\n");
}

TEST(producer_format, an_event_has_at_most_eight_pointers)
{
	std::vector<std::string> names;
	std::vector<perfbuf_field> all;
	layout_fault fault = {};

	for (u32 i = 0; i <= PERFBUF_POINTERS_MAX; i++)
		names.push_back("p" + std::to_string(i));
	for (u32 i = 0; i <= PERFBUF_POINTERS_MAX; i++)
		all.push_back({"void *", names[i].c_str(), nullptr, 8 + 8 * i, 8, 1,
			       PERFBUF_KIND_POINTER, 0});
	EXPECT_TRUE(check_layout({all.data(), PERFBUF_POINTERS_MAX, 80}, fault));

	const auto done = check_layout({all.data(), PERFBUF_POINTERS_MAX + 1, 80}, fault);

	ASSERT_FALSE(done);
	EXPECT_EQ(done.error().code(), E2BIG);
	EXPECT_STREQ(fault.field, "p8");
	EXPECT_STREQ(fault.why, "is one pointer too many");
}

TEST(producer_format, kinds_of_a_fixed_size_have_that_size_and_type)
{
	const struct {
		u8 kind;
		const char *type;
		u32 bytes, elements;
	} all[] = {{PERFBUF_KIND_BOOL, "bool", 1, 1},	     {PERFBUF_KIND_POINTER, "void *", 8, 1},
		   {PERFBUF_KIND_IPV4, "u8", 4, 4},	     {PERFBUF_KIND_IPV6, "u8", 16, 16},
		   {PERFBUF_KIND_MAC, "u8", 6, 6},	     {PERFBUF_KIND_UUID, "u8", 16, 16},
		   {PERFBUF_KIND_DYNAMIC_ARRAY, "u64", 4, 0}};
	const auto error_of = [](const perfbuf_field &field) {
		layout_fault fault = {};
		const auto done = check_layout({&field, 1, 64}, fault);

		return done ? 0 : done.error().code();
	};

	for (const auto &row : all) {
		const perfbuf_field good = {row.type,  "f",	     nullptr,  8,
					    row.bytes, row.elements, row.kind, 0};
		perfbuf_field bad = good;

		EXPECT_EQ(error_of(good), 0) << row.type;
		bad.type = "char";
		EXPECT_EQ(error_of(bad), EINVAL) << row.type;
		bad = good;
		bad.is_signed = 1;
		EXPECT_EQ(error_of(bad), EINVAL) << row.type;
		for (u32 bytes : {row.bytes - 1, row.bytes + 1, 2 * row.bytes}) {
			bad = good;
			bad.bytes = bytes;
			EXPECT_EQ(error_of(bad), EINVAL) << row.type << bytes;
		}
		if (row.elements > 1) {
			bad = good;
			bad.elements++;
			EXPECT_EQ(error_of(bad), EINVAL) << row.type;
		}
	}
}

TEST(producer_format, a_value_that_the_field_cannot_hold_is_said_as_it_is)
{
	static constexpr perfbuf_name names[] = {{0x17f, "above"}, {0, nullptr}};
	const perfbuf_field field = {"u8", "f", names, 8, 1, 1, PERFBUF_KIND_ENUM, 0};
	const perfbuf_layout of = {&field, 1, 9};
	char text[1024] = {};
	text_writer out(text, sizeof(text) - 1);

	write_format(out, "e", 1, of);
	EXPECT_NE(std::string(text).find("{ 383, \"above\" }"), std::string::npos);
}

/* One field at a time, at its boundaries. */
TEST(producer_format, a_field_lies_within_the_fixed_part_and_is_what_its_type_says)
{
	const auto error_of = [](const perfbuf_field &field, u32 bytes = 24) {
		const perfbuf_layout of = {&field, 1, bytes};
		layout_fault fault = {};
		const auto done = check_layout(of, fault);

		EXPECT_STREQ(fault.field, field.name ? field.name : "a field");
		return done ? 0 : done.error().code();
	};
	const auto integer = [](u32 offset, u32 bytes, const char *type = "u32") {
		return perfbuf_field{type, "f", nullptr, offset, bytes, 1, PERFBUF_KIND_INT, 0};
	};

	EXPECT_EQ(error_of(integer(8, 4)), 0);
	EXPECT_EQ(error_of(integer(20, 4)), 0);
	EXPECT_EQ(error_of(integer(21, 4)), EINVAL);
	EXPECT_EQ(error_of(integer(24, 4)), EINVAL);
	EXPECT_EQ(error_of(integer(25, 4)), EINVAL);
	EXPECT_EQ(error_of(integer(~u32{0} - 1, 4)), EINVAL);
	EXPECT_EQ(error_of(integer(7, 4)), EINVAL);
	EXPECT_EQ(error_of(integer(0, 4)), EINVAL);
	EXPECT_EQ(error_of(integer(8, 0)), EINVAL);
	EXPECT_EQ(error_of(integer(8, 2)), EINVAL);
	EXPECT_EQ(error_of(integer(8, 8)), EINVAL);
	EXPECT_EQ(error_of(integer(8, ~u32{0})), EINVAL);
	EXPECT_EQ(error_of(integer(8, 4, "int")), EINVAL);
	for (u8 kind : {PERFBUF_KIND_CHARS, PERFBUF_KIND_ARRAY}) {
		const perfbuf_field nothing = {"u8", "f", nullptr, 8, 0, 0, kind, 0};

		EXPECT_EQ(error_of(nothing), EINVAL) << u32{kind};
	}
	EXPECT_EQ(error_of(integer(8, 8, "u64")), 0);
	for (u32 kind = 0; kind < 256; kind++) {
		perfbuf_field field = integer(8, 4);

		field.kind = static_cast<u8>(kind);
		field.elements = 4;
		const bool bare = kind == PERFBUF_KIND_INT || kind == PERFBUF_KIND_HEX ||
				  kind == PERFBUF_KIND_TIME || kind == PERFBUF_KIND_CHARS ||
				  kind == PERFBUF_KIND_STRING || kind == PERFBUF_KIND_BYTES ||
				  kind == PERFBUF_KIND_DYNAMIC_ARRAY;
		EXPECT_EQ(error_of(field), bare ? 0 : EINVAL) << kind;
	}

	perfbuf_field field = integer(8, 6, "u16");

	field.kind = PERFBUF_KIND_ARRAY;
	for (u32 elements = 0; elements < 5; elements++) {
		field.elements = static_cast<decltype(field.elements)>(elements);
		EXPECT_EQ(error_of(field), elements == 3 ? 0 : EINVAL) << elements;
	}
	field = integer(8, 5, "char");
	field.kind = PERFBUF_KIND_CHARS;
	for (u32 elements : {4u, 5u, 6u, 13u}) {
		field.elements = static_cast<decltype(field.elements)>(elements);
		EXPECT_EQ(error_of(field), elements == 5 ? 0 : EINVAL) << elements;
	}
	for (u8 kind : {PERFBUF_KIND_STRING, PERFBUF_KIND_BYTES})
		for (u32 bytes : {1u, 3u, 4u, 5u, 8u, 12u}) {
			field = integer(8, bytes, "char");
			field.kind = kind;
			EXPECT_EQ(error_of(field), bytes == 4 ? 0 : EINVAL) << bytes;
		}
	field = integer(8, 4);
	field.is_signed = 1;
	EXPECT_EQ(error_of(field), EINVAL);
	field.type = "s32";
	EXPECT_EQ(error_of(field), 0);
	field.is_signed = 0;
	EXPECT_EQ(error_of(field), EINVAL);

	static constexpr const char *names[] = {"common_x", "commo_x", "common", "",	  "_",
						"a-b",	    "a b",     "9a",	 "a9Z_z", "A",
						"@",	    "[",       "`",	 "{"};
	static constexpr bool good[] = {false, true, true, false, true,	 false, false,
					false, true, true, false, false, false, false};
	for (size_t i = 0; i < std::size(names); i++) {
		field = integer(8, 4);
		field.name = names[i];
		EXPECT_EQ(error_of(field), good[i] ? 0 : EINVAL) << names[i];
	}
}

TEST(producer_format, a_name_of_a_value_is_printable_and_stands_in_quotes)
{
	for (int c = 1; c < 256; c++) {
		const char text[] = {'a', static_cast<char>(c), 'b', 0};
		const perfbuf_name names[] = {{0, "good"}, {1, text}, {0, nullptr}};

		for (u8 kind : {PERFBUF_KIND_ENUM, PERFBUF_KIND_FLAGS}) {
			const perfbuf_field field = {"u8", "f", names, 8, 1, 1, kind, 0};
			const perfbuf_layout of = {&field, 1, 9};
			layout_fault fault = {};

			EXPECT_EQ(static_cast<bool>(check_layout(of, fault)),
				  c >= ' ' && c <= '~' && c != '"' && c != '\\')
				<< c;
		}
	}
}

TEST(producer_format, a_fixed_part_is_from_its_common_fields_to_the_largest)
{
	for (u32 bytes : {0u, 1u, 7u, 8u, 9u, u32{PERFBUF_FIXED_MAX} - 1, u32{PERFBUF_FIXED_MAX},
			  u32{PERFBUF_FIXED_MAX} + 1, u32{PERFBUF_FIXED_MAX} + 9, ~0u}) {
		const perfbuf_layout of = {nullptr, 0, bytes};
		layout_fault fault = {};
		const auto done = check_layout(of, fault);

		EXPECT_EQ(done ? 0 : done.error().code(), bytes < 8		      ? EINVAL
							  : bytes > PERFBUF_FIXED_MAX ? E2BIG
										      : 0);
		EXPECT_STREQ(fault.field, "its fixed part");
	}
}

} // namespace
