// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What people are told, on standard error. */
#pragma once

#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace perfbuf::program
{

/** Prints to standard error. A failure to print is ignored, so that the recording goes on. */
template <typename... Arguments>
void say(fmt::format_string<Arguments...> text, Arguments &&...arguments)
{
	const std::string told = fmt::format(text, std::forward<Arguments>(arguments)...);
	(void)std::fwrite(told.data(), 1, told.size(), stderr);
}

} // namespace perfbuf::program
