// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A typed event with every kind of field that docs/producer.md knows, as the kernel lays it
 * out. */
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../perfdata/bytes.hpp"

namespace perfbuf::tests
{

inline constexpr uint16_t typed_id = 1999;

/** The text of its format, under another name and id for a second one like it. */
inline std::string typed_format_text(const std::string &name = "all", uint16_t id = typed_id)
{
	return "name: " + name + "\nID: " + std::to_string(id) +
	       "\nformat:\n"
	       "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	       "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	       "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	       "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	       "\n"
	       "\tfield:u8 a_u8;\toffset:8;\tsize:1;\tsigned:0;\n"
	       "\tfield:u64 a_u64;\toffset:9;\tsize:8;\tsigned:0;\n"
	       "\tfield:u16 a_u16;\toffset:17;\tsize:2;\tsigned:0;\n"
	       "\tfield:u32 a_u32;\toffset:19;\tsize:4;\tsigned:0;\n"
	       "\tfield:s8 a_s8;\toffset:23;\tsize:1;\tsigned:1;\n"
	       "\tfield:s16 a_s16;\toffset:24;\tsize:2;\tsigned:1;\n"
	       "\tfield:s32 a_s32;\toffset:26;\tsize:4;\tsigned:1;\n"
	       "\tfield:s64 a_s64;\toffset:30;\tsize:8;\tsigned:1;\n"
	       "\tfield:u64 address;\toffset:38;\tsize:8;\tsigned:0;\n"
	       "\tfield:u32 flags;\toffset:46;\tsize:4;\tsigned:0;\n"
	       "\tfield:s8 state;\toffset:50;\tsize:1;\tsigned:1;\n"
	       "\tfield:u16 lanes[4];\toffset:51;\tsize:8;\tsigned:0;\n"
	       "\tfield:char name[8];\toffset:59;\tsize:8;\tsigned:0;\n"
	       "\tfield:__data_loc char[] message;\toffset:67;\tsize:4;\tsigned:0;\n"
	       "\tfield:__data_loc u8[] blob;\toffset:71;\tsize:4;\tsigned:0;\n"
	       "\n"
	       "print fmt: \"a_u8=%u a_u64=%llu a_u16=%u a_u32=%u a_s8=%hhd a_s16=%hd a_s32=%d "
	       "a_s64=%lld address=0x%llx flags=%s state=%s lanes=%s name=%s message=%s blob=%s\", "
	       "REC->a_u8, REC->a_u64, REC->a_u16, REC->a_u32, REC->a_s8, REC->a_s16, REC->a_s32, "
	       "REC->a_s64, REC->address, "
	       "__print_flags(REC->flags, \"|\", { 1, \"busy\" }, { 2, \"error\" }, "
	       "{ 2147483648, \"last\" }), "
	       "__print_symbolic(REC->state, { 255, \"none\" }, { 0, \"idle\" }, { 1, \"runs\" }), "
	       "__print_array(REC->lanes, 4, 2), REC->name, __get_str(message), "
	       "__print_hex(__get_dynamic_array(blob), __get_dynamic_array_len(blob))\n";
}

struct typed_values {
	uint8_t a_u8 = 0;
	uint64_t a_u64 = 0;
	uint16_t a_u16 = 0;
	uint32_t a_u32 = 0;
	int8_t a_s8 = 0;
	int16_t a_s16 = 0;
	int32_t a_s32 = 0;
	int64_t a_s64 = 0;
	uint64_t address = 0;
	uint32_t flags = 0;
	int8_t state = 0;
	std::array<uint16_t, 4> lanes{};
	std::array<char, 8> name{};
	std::string message;
	std::vector<uint8_t> blob;

	perfdata::bytes payload(uint16_t id = typed_id) const
	{
		constexpr size_t fixed = 75;
		perfdata::bytes all;
		all.put(id);
		all.put(uint16_t{0x108}); // in a hard interrupt
		all.put(int32_t{77});
		all.put(a_u8);
		all.put(a_u64);
		all.put(a_u16);
		all.put(a_u32);
		all.put(a_s8);
		all.put(a_s16);
		all.put(a_s32);
		all.put(a_s64);
		all.put(address);
		all.put(flags);
		all.put(state);
		all.put(lanes);
		all.put(name);
		const size_t string = message.size() + 1;
		all.put(static_cast<uint32_t>(fixed | string << 16));
		all.put(static_cast<uint32_t>((fixed + string) | blob.size() << 16));
		all.put_raw(message.c_str(), string);
		all.put_raw(blob.data(), blob.size());
		// With the u32 of its size before it, a multiple of 8.
		all.zeros((12 - all.size() % 8) % 8);
		return all;
	}
};

inline typed_values largest_values()
{
	typed_values all;
	all.a_u8 = std::numeric_limits<uint8_t>::max();
	all.a_u64 = std::numeric_limits<uint64_t>::max();
	all.a_u16 = std::numeric_limits<uint16_t>::max();
	all.a_u32 = std::numeric_limits<uint32_t>::max();
	all.a_s8 = std::numeric_limits<int8_t>::max();
	all.a_s16 = std::numeric_limits<int16_t>::max();
	all.a_s32 = std::numeric_limits<int32_t>::max();
	all.a_s64 = std::numeric_limits<int64_t>::max();
	all.address = std::numeric_limits<uint64_t>::max();
	all.flags = 0x80000003;
	all.state = 1;
	all.lanes = {0xffff, 0x8000, 1, 0};
	all.name = {'s', 'e', 'v', 'e', 'n', '!', '!', 0};
	all.message = "a message";
	all.blob = {0, 0x7f, 0xff};
	return all;
}

inline typed_values smallest_values()
{
	typed_values all;
	all.a_s8 = std::numeric_limits<int8_t>::min();
	all.a_s16 = std::numeric_limits<int16_t>::min();
	all.a_s32 = std::numeric_limits<int32_t>::min();
	all.a_s64 = std::numeric_limits<int64_t>::min();
	all.state = -1;
	return all;
}

} // namespace perfbuf::tests
