/* SPDX-License-Identifier: GPL-2.0 */
/* Parses an administrator's text about recorders: "65536", "64K tick,done", "0". */
#pragma once

#include "recorder/recorder.hpp"

namespace perfbuf
{

/* A text that a recorder_wish may point into. */
struct wish_text {
	char bytes[256] = {};

	/* E2BIG: it is too long. A newline at the end goes. */
	cxxrt::result<void> set(const char *from) noexcept;
};

/* SIZE, or SIZE and behind a blank the names of events with commas between; a size may end in K or
 * M. EINVAL. @text is changed, and is pointed into. */
cxxrt::result<void> parse_wish(char *text, recorder_wish &out) noexcept;

/*
 * Out of "mydev=64K,other=0,third=64K:tick+done", the parameter recorders: what it says of @source,
 * as parse_wish() wants it. False: nothing. What is too long is cut, and makes no sense then.
 */
bool find_wish(const char *all, const char *source, wish_text &out) noexcept;

} // namespace perfbuf
