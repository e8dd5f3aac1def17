// SPDX-License-Identifier: GPL-2.0
/* Parses an administrator's text about recorders. Process context, may sleep. */
#include "recorder/wish.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

result<void> wish_text::set(const char *from) noexcept
{
	u64 n = 0;

	for (; from[n] && from[n] != '\n'; n++) {
		if (n == sizeof(bytes) - 1)
			return error(E2BIG);
		bytes[n] = from[n];
	}
	bytes[n] = 0;
	return {};
}

result<void> parse_wish(char *text, recorder_wish &out) noexcept
{
	u64 bytes = 0;
	u32 digits = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (++digits > 12)
			return error(EINVAL);
		bytes = bytes * 10 + static_cast<u64>(*text - '0');
	}
	if (!digits)
		return error(EINVAL);
	if (*text == 'K' || *text == 'k') {
		bytes <<= 10;
		text++;
	} else if (*text == 'M' || *text == 'm') {
		bytes <<= 20;
		text++;
	}
	if (*text && *text != ' ')
		return error(EINVAL);
	while (*text == ' ')
		text++;
	out = {bytes, *text ? text : nullptr};
	return {};
}

bool find_wish(const char *all, const char *source, wish_text &out) noexcept
{
	const u64 name_bytes = __builtin_strlen(source);

	while (all && *all) {
		const bool found =
			!__builtin_strncmp(all, source, name_bytes) && all[name_bytes] == '=';
		u64 n = 0;

		if (found)
			all += name_bytes + 1;
		for (; *all && *all != ','; all++) {
			if (found && n < sizeof(out.bytes) - 1)
				out.bytes[n++] = *all == ':' ? ' ' : *all == '+' ? ',' : *all;
		}
		if (found)
			return true;
		if (*all)
			all++;
	}
	return false;
}

} // namespace perfbuf
