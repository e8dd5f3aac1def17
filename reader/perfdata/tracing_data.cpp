// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/*
 * As trace-cmd and perf lay it out, version 0.6:
 *
 *   17 08 44 "tracing" | "0.6" NUL | big endian? u8 | bytes of a long u8 | page size u32 |
 *   "header_page" NUL, u64 size, text | "header_event" NUL, u64 size, text |
 *   u32 count of ftrace's own formats | u32 count of systems, each: name NUL, u32 count, each:
 *   u64 size, text | u32 size of kallsyms | u32 size of printk formats | u64 size of command names
 *
 * The last three are empty: perf takes symbols and names from records.
 */
#include "perfdata/tracing_data.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <map>
#include <string>
#include <unistd.h>

namespace perfbuf::perfdata
{

namespace
{

void put_name(bytes &to, std::string_view name)
{
	to.put_raw(name.data(), name.size());
	to.zeros(1);
}

void put_text(bytes &to, std::string_view text)
{
	to.put(static_cast<uint64_t>(text.size()));
	to.put_raw(text.data(), text.size());
}

std::string field(const char *type, const char *name, size_t offset, size_t size, bool is_signed)
{
	return "\tfield: " + std::string(type) + " " + name +
	       ";\toffset:" + std::to_string(offset) + ";\tsize:" + std::to_string(size) +
	       ";\tsigned:" + (is_signed ? "1" : "0") + ";\n";
}

// How ftrace's own pages would look. There are none, but a reader wants to know.
std::string page_header(size_t page_size)
{
	constexpr size_t data_at = sizeof(uint64_t) + sizeof(long);
	return field("u64", "timestamp", 0, sizeof(uint64_t), false) +
	       field("local_t", "commit", sizeof(uint64_t), sizeof(long), true) +
	       field("int", "overwrite", sizeof(uint64_t), 1, true) +
	       field("char", "data", data_at, page_size - data_at, true);
}

constexpr std::string_view event_header = "# compressed entry header\n"
					  "\ttype_len    :    5 bits\n"
					  "\ttime_delta  :   27 bits\n"
					  "\tarray       :   32 bits\n";

std::string system_of(const std::string &name)
{
	std::string system = name.substr(0, name.find(':'));
	std::replace_if(
		system.begin(), system.end(),
		[](char character) { return !std::isalnum(static_cast<unsigned char>(character)); },
		'_');
	return system;
}

} // namespace

void add_tracing_data(feature_map &to, std::span<const described_attr> attrs)
{
	std::map<std::string, std::vector<std::string_view>> systems;
	for (const auto &attr : attrs)
		if (!attr.format.empty())
			systems[system_of(attr.name)].push_back(attr.format);
	if (systems.empty())
		return;

	constexpr std::array<uint8_t, 3> signature{0x17, 0x08, 0x44};
	const auto page_size = static_cast<uint32_t>(::sysconf(_SC_PAGESIZE));
	bytes &data = to[feature::tracing_data];
	data.put(signature);
	data.put_raw("tracing", 7);
	put_name(data, "0.6");
	data.put(uint8_t{std::endian::native == std::endian::big});
	data.put(uint8_t{sizeof(long)});
	data.put(page_size);
	put_name(data, "header_page");
	put_text(data, page_header(page_size));
	put_name(data, "header_event");
	put_text(data, event_header);
	data.put(uint32_t{0});
	data.put(static_cast<uint32_t>(systems.size()));
	for (const auto &[system, formats] : systems) {
		put_name(data, system);
		data.put(static_cast<uint32_t>(formats.size()));
		for (const auto &format : formats)
			put_text(data, format);
	}
	data.put(uint32_t{0});
	data.put(uint32_t{0});
	data.put(uint64_t{0});
}

} // namespace perfbuf::perfdata
