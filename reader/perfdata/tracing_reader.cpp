// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The other half of tracing_data.cpp, where the layout is described.
#include "perfdata/cursor.hpp"
#include "perfdata/reader.hpp"

namespace perfbuf::perfdata
{

namespace
{

std::string text_of(std::span<const std::byte> bytes)
{
	return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace

std::vector<std::string> formats_in_tracing_data(std::span<const std::byte> content)
{
	cursor from(content);
	std::vector<std::string> formats;
	if (text_of(from.bytes(10)) != std::string("\x17\x08\x44tracing"))
		return formats;
	from.text();	       // version
	from.bytes(1 + 1 + 4); // byte order, size of a long, size of a page
	for (int header = 0; header < 2; header++) {
		from.text();
		from.bytes(from.get<uint64_t>());
	}
	const auto own = from.get<uint32_t>();
	for (uint32_t each = 0; each < own && from.ok(); each++)
		from.bytes(from.get<uint64_t>());
	const auto systems = from.get<uint32_t>();
	for (uint32_t system = 0; system < systems && from.ok(); system++) {
		from.text();
		const auto count = from.get<uint32_t>();
		for (uint32_t each = 0; each < count && from.ok(); each++)
			if (auto text = text_of(from.bytes(from.get<uint64_t>())); from.ok())
				formats.push_back(std::move(text));
	}
	return formats;
}

} // namespace perfbuf::perfdata
