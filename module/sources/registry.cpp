// SPDX-License-Identifier: GPL-2.0
#include "sources/clock.hpp"
#include "sources/pmu.hpp"

namespace perfbuf
{

source *const sources_in_the_box[] = {
	&the_clock,
	&the_pmu,
	nullptr,
};

} // namespace perfbuf
