// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Messages to the user, on standard error. */
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
	const std::string message = fmt::format(text, std::forward<Arguments>(arguments)...);
	(void)std::fwrite(message.data(), 1, message.size(), stderr);
}

} // namespace perfbuf::program
