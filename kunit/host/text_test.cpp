// SPDX-License-Identifier: GPL-2.0
/* Texts of lines of one length, which are read in parts: any part has the bytes of the whole. */
#include "device/text.hpp"

#include <gtest/gtest.h>
#include <string>

using namespace perfbuf;

namespace
{

constexpr u32 line_bytes = 16;
constexpr u64 lines = 3;

/* At most @bytes of the text, from @position on. The second line is longer than its space. */
std::string read(u64 position, u64 bytes, u32 *written = nullptr)
{
	std::string to(bytes, '?');
	line_window<line_bytes> window(position, to.data(), bytes);

	for (u64 i = 0; i < lines; i++) {
		window.line([&](text_writer &out) {
			out.string(i == 1 ? "a line of more bytes " : "line ");
			out.decimal(i);
			if (written)
				++*written;
		});
	}
	EXPECT_EQ(window.is_full(), window.done() == bytes);
	to.resize(window.done());
	return to;
}

} // namespace

TEST(line_window, a_part_of_a_text_has_the_bytes_of_the_whole_wherever_it_begins_and_ends)
{
	const std::string whole = "line 0         \na line of more \nline 2         \n";

	ASSERT_EQ(read(0, 100), whole);
	for (u64 position = 0; position < whole.size() + 20; position++) {
		for (u64 bytes = 0; bytes < whole.size() + 20; bytes++) {
			const std::string wanted =
				position < whole.size() ? whole.substr(position, bytes) : "";

			ASSERT_EQ(read(position, bytes), wanted) << bytes << " from " << position;
		}
	}
}

TEST(line_window, a_line_that_lies_outside_of_the_window_is_not_composed)
{
	u32 written = 0;

	(void)read(line_bytes, line_bytes, &written);
	EXPECT_EQ(written, 1u);
}
