// SPDX-License-Identifier: GPL-2.0
/* The sources of a module that is built with TEST_SOURCES=1. */
#include "pattern.hpp"
#include "sources/clock.hpp"

namespace perfbuf
{

source *const sources_in_the_box[] = {
	&the_clock,
	&the_pattern,
	nullptr,
};

} // namespace perfbuf
