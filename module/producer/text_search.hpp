/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The search of a filter's `~`, by Knuth, Morris and Pratt: at most two comparisons for each byte
 * of the text, whatever the text and the word are, because interrupts are off meanwhile.
 *
 * A word has `text`, `bytes`, and `borders`: borders[i] is the length of the longest text that the
 * first i + 1 characters both begin and end with, and that is not all of them.
 */
#pragma once

#include "ring/abi.hpp"

namespace perfbuf
{

/* Sets @borders for the @bytes of @text. */
inline void find_borders(const char *text, u32 bytes, u8 *borders) noexcept
{
	u32 border = 0;

	for (u32 at = 0; at < bytes; at++) {
		while (border && text[at] != text[border])
			border = borders[border - 1];
		if (border || (at && text[at] == text[0]))
			border++;
		borders[at] = static_cast<u8>(border);
	}
}

/* Whether @wanted stands anywhere in the @bytes of @text. Any context. */
template <typename Word>
bool contains(const char *text, u32 bytes, const Word &wanted) noexcept
{
	u32 found = 0;

	for (u32 at = 0; at < bytes && found < wanted.bytes; at++) {
		while (found && text[at] != wanted.text[found])
			found = wanted.borders[found - 1];
		if (found || text[at] == wanted.text[0])
			found++;
	}
	return found == wanted.bytes;
}

} // namespace perfbuf
