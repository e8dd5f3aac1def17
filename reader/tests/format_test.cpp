// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the parser of format files.
#include <gtest/gtest.h>
#include <perfbuf/format.hpp>

#include <array>

#include "typed_event.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using reader::parse_format;

namespace
{

reader::typed_format parsed(const std::string &text = typed_format_text())
{
	const auto format = parse_format(text);
	EXPECT_TRUE(format) << format.error().text;
	return format ? *format : reader::typed_format{};
}

} // namespace

TEST(Format, AFormatTextGivesTheNamesAndTypesOfItsFields)
{
	const auto format = parsed();
	EXPECT_EQ(format.name, "all");
	EXPECT_EQ(format.id, typed_id);
	ASSERT_EQ(format.fields.size(), 15u) << "without the common ones";
	EXPECT_EQ(format.fields.front().name, "a_u8");
	EXPECT_EQ(format.fields.back().name, "blob");
	const auto *lanes = format.find("lanes");
	ASSERT_TRUE(lanes);
	EXPECT_EQ(lanes->type, "u16");
	EXPECT_EQ(lanes->offset, 51u);
	EXPECT_EQ(lanes->size, 8u);
	EXPECT_EQ(lanes->elements, 4u);
	const auto *message = format.find("message");
	ASSERT_TRUE(message);
	EXPECT_EQ(message->type, "char");
	EXPECT_TRUE(message->is_dynamic);
	EXPECT_FALSE(format.find("common_pid"));
}

TEST(Format, AFormatTakesTheValuesOutOfAPayload)
{
	const auto format = parsed();
	for (const auto &values : {largest_values(), smallest_values()}) {
		const auto payload = values.payload();
		const auto number = [&](const char *name, size_t element = 0) {
			return format.find(name)->integer(payload.view(), element);
		};
		EXPECT_EQ(number("a_u8"), values.a_u8);
		EXPECT_EQ(number("a_u64"), values.a_u64);
		EXPECT_EQ(number("a_u16"), values.a_u16);
		EXPECT_EQ(number("a_u32"), values.a_u32);
		EXPECT_EQ(number("a_s8"), static_cast<uint64_t>(values.a_s8));
		EXPECT_EQ(number("a_s16"), static_cast<uint64_t>(values.a_s16));
		EXPECT_EQ(number("a_s32"), static_cast<uint64_t>(values.a_s32));
		EXPECT_EQ(number("a_s64"), static_cast<uint64_t>(values.a_s64));
		EXPECT_EQ(number("state"), static_cast<uint64_t>(values.state));
		for (size_t lane = 0; lane < 4; lane++)
			EXPECT_EQ(number("lanes", lane), values.lanes[lane]);
		EXPECT_EQ(number("lanes", 4), std::nullopt);
		EXPECT_EQ(number("message"), std::nullopt);
		EXPECT_EQ(format.find("name")->text(payload.view()), values.name.data());
		EXPECT_EQ(format.find("message")->text(payload.view()), values.message);
		EXPECT_EQ(format.find("blob")->bytes(payload.view()).size(), values.blob.size());
	}
}

TEST(Format, AFormatNeverReadsBeyondAPayload)
{
	const auto format = parsed();
	auto payload = largest_values().payload();
	for (size_t size = 0; size <= payload.size(); size++) {
		const std::vector<std::byte> cut(payload.view().begin(),
						 payload.view().begin() +
							 static_cast<ptrdiff_t>(size));
		for (const auto &field : format.fields) {
			(void)field.integer(cut);
			(void)field.text(cut);
		}
		EXPECT_EQ(format.find("a_u8")->integer(cut).has_value(), size > 8);
	}
	payload.patch(67, ~uint32_t{0}); // where the message says it stands
	EXPECT_EQ(format.find("message")->text(payload.view()), "");
}

TEST(Format, AFormatTextThatMakesNoSenseIsRefused)
{
	const std::string good = typed_format_text();
	for (const auto &[from, to] : {std::pair{"name: all", "nome: all"},
				       {"ID: 1999", "ID: x"},
				       {"ID: 1999", ""},
				       {"offset:8", "offset:-8"},
				       {"size:8", "size:0"},
				       {"size:8", "size:"},
				       {"lanes[4]", "lanes[3]"},
				       {"lanes[4]", "lanes[0]"},
				       {"lanes[4]", "lanes[4"},
				       {"u8 a_u8", "a_u8"},
				       {"offset:", "of:"}}) {
		std::string bad = good;
		// Not the common ones.
		const size_t at =
			bad.find(from, *from == 'n' || *from == 'I' ? 0 : bad.find("\n\n"));
		ASSERT_NE(at, std::string::npos) << from;
		bad.replace(at, std::string(from).size(), to);
		EXPECT_FALSE(parse_format(bad)) << to;
	}
	EXPECT_FALSE(parse_format(""));
	for (size_t size = 0; size < good.size(); size++)
		(void)parse_format(good.substr(0, size));
}

TEST(Format, fields_that_are_larger_than_any_record_are_refused)
{
	const auto with_fields = [](std::initializer_list<std::array<uint64_t, 2>> all) {
		std::string text = "name: all\nID: 1\nformat:\n";
		for (const auto &[offset, size] : all)
			text += "\tfield:u8 f[" + std::to_string(size) +
				"];\toffset:" + std::to_string(offset) +
				";\tsize:" + std::to_string(size) + ";\tsigned:0;\n";
		return parse_format(text);
	};
	const auto whole = with_fields({{8, 8}, {16, UINT16_MAX - 16}});
	ASSERT_TRUE(whole) << whole.error().text;
	EXPECT_EQ(whole->fields.size(), 2u);
	for (const auto &refused :
	     {with_fields({{8, UINT64_MAX}}), with_fields({{8, uint64_t{1} << 32}}),
	      with_fields({{8, UINT16_MAX - 7}}), with_fields({{UINT64_MAX, 4}}),
	      with_fields({{8, 30000}, {8, 30000}, {8, 30000}})}) {
		ASSERT_FALSE(refused);
		EXPECT_EQ(refused.error().code.value(), EINVAL);
		EXPECT_EQ(refused.error().text.find("a field of an event is larger than any "
						    "record: field:u8 f["),
			  0u)
			<< refused.error().text;
	}
}

namespace
{

std::string fields_called(const std::vector<std::string> &names)
{
	std::string text = "name: all\nID: 1\nformat:\n";
	for (const auto &name : names)
		text += "\tfield:u8 " + name + ";\toffset:8;\tsize:1;\tsigned:0;\n";
	return text;
}

} // namespace

// Each field has a copy of its names.
TEST(Format, fields_that_share_the_names_of_their_values_are_refused)
{
	std::string names;
	for (int value = 0; value < 1000; value++)
		names += ", { " + std::to_string(value) + ", \"n\" }";
	std::vector<std::string> fields(1000, "f");
	const std::string call = "__print_flags(REC->f, \"|\"" + names;
	for (const auto &end : {")\n", ""}) {
		const auto shared =
			parse_format(fields_called(fields) + "\nprint fmt: \"\", " + call + end);
		ASSERT_FALSE(shared);
		EXPECT_EQ(shared.error().code.value(), EINVAL);
		EXPECT_EQ(shared.error().text,
			  "fields of an event share the names of their values");
	}
	// Calls within each other, none of which ends.
	std::string nested;
	for (size_t number = 0; number < fields.size(); number++) {
		fields[number] = "f" + std::to_string(number);
		nested += "__print_symbolic(REC->" + fields[number] + ", ";
	}
	EXPECT_FALSE(parse_format(fields_called(fields) + "\nprint fmt: \"\", " + nested + names));
	// One field may have as many as its text holds.
	const auto own = parse_format(fields_called({"f", "g"}) + "\nprint fmt: \"\", " + call +
				      "), __print_symbolic(REC->g" + names + ")\n");
	ASSERT_TRUE(own) << own.error().text;
	for (const auto &field : own->fields)
		EXPECT_EQ(field.names.size(), 1000u);
}

TEST(Format, names_of_values_may_have_parentheses_and_braces)
{
	const auto format =
		parse_format(fields_called({"f"}) +
			     "\nprint fmt: \"f=%s\", __print_symbolic(REC->f, { 1, \"open()\" }, "
			     "{ 2, \"{, }\" }, { 1 << 2, \"computed\" }, { 0x8UL, \"last\" })\n");
	ASSERT_TRUE(format) << format.error().text;
	const std::vector<std::pair<uint64_t, std::string>> expected{
		{1, "open()"}, {2, "{, }"}, {8, "last"}};
	EXPECT_EQ(format->fields.front().names, expected);
	EXPECT_FALSE(format->fields.front().names_are_bits);
}
