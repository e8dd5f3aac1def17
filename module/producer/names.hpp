/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of names: of sources and events in sysfs and /dev, and of fields in a format text. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/result.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

constexpr bool is_letter(char character) noexcept
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

constexpr bool is_name_character(char character) noexcept
{
	return is_letter(character) || (character >= '0' && character <= '9') || character == '_';
}

/* EINVAL, ENAMETOOLONG. @dashes: may stand in it, but not first. */
inline cxxrt::result<void> check_name(const char *name, bool dashes) noexcept
{
	if (!name || !(is_letter(name[0]) || name[0] == '_'))
		return cxxrt::error(EINVAL);

	u32 n = 1;

	for (; name[n]; n++) {
		if (n == PERFBUF_NAME_MAX)
			return cxxrt::error(ENAMETOOLONG);
		if (!is_name_character(name[n]) && !(dashes && name[n] == '-'))
			return cxxrt::error(EINVAL);
	}
	return {};
}

} // namespace perfbuf
