// SPDX-License-Identifier: GPL-2.0
/* Parses the module parameter persist. Process context. */
#include "recorder/persist_wish.hpp"

#include "ring/storage.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

/* A digit's value; 16: it is none. */
u32 digit_of(char character) noexcept
{
	if (character >= '0' && character <= '9')
		return static_cast<u32>(character - '0');
	if (character >= 'a' && character <= 'f')
		return static_cast<u32>(character - 'a' + 10);
	if (character >= 'A' && character <= 'F')
		return static_cast<u32>(character - 'A' + 10);
	return 16;
}

u32 shift_of(char character) noexcept
{
	switch (character) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	}
	return 0;
}

/* As memmap= has it: decimal or 0x, and K, M or G behind. False: it is none, or too large. */
bool parse_number(const char *&text, u64 &out) noexcept
{
	const bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const u32 base = is_hex ? 16 : 10;
	u32 digits = 0;

	out = 0;
	text += is_hex ? 2 : 0;
	for (; digit_of(*text) < base; text++, digits++) {
		if (__builtin_mul_overflow(out, u64{base}, &out) ||
		    __builtin_add_overflow(out, u64{digit_of(*text)}, &out))
			return false;
	}

	const u32 shift = shift_of(*text);

	if (shift)
		text++;
	if (!digits || out << shift >> shift != out)
		return false;
	out <<= shift;
	return true;
}

bool is_name(const char *text) noexcept
{
	bool has_at = false;

	for (const char *at = text; *at; at++)
		has_at |= *at == '@';
	return !has_at && (*text < '0' || *text > '9');
}

} // namespace

result<void> parse_persist(const char *text, persist_wish &out, const char **why) noexcept
{
	out = {};
	*why = "give SIZE@ADDRESS, as of memmap=SIZE$ADDRESS, or the name of a reserve_mem=";
	if (!*text)
		return error(EINVAL);
	if (is_name(text)) {
		out.name = text;
		return {};
	}
	if (!parse_number(text, out.bytes) || *text++ != '@' || !parse_number(text, out.physical) ||
	    *text)
		return error(EINVAL);
	return {};
}

result<void> check_persist(const persist_wish &wish, const char **why) noexcept
{
	*why = "its size and its address are to be multiples of 4096, and the size at least 8192";
	if ((wish.physical | wish.bytes) % page_size || wish.bytes < 2 * page_size ||
	    wish.physical + wish.bytes < wish.physical)
		return error(EINVAL);
	*why = "it is larger than 1 GiB";
	if (wish.bytes > persist_bytes_max)
		return error(E2BIG);
	return {};
}

} // namespace perfbuf
