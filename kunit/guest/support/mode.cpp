// SPDX-License-Identifier: GPL-2.0
/* Whether tests run on perf's own events only, or on ours, too. */
#include "support/mode.hpp"

namespace device_test
{
namespace
{
bool perf_only_;
}

void set_perf_only(bool on)
{
	perf_only_ = on;
}

bool perf_only()
{
	return perf_only_;
}

std::vector<side> sides()
{
	if (perf_only_)
		return {side::perf};
	return {side::perf, side::clock};
}

std::vector<side> own_side()
{
	if (perf_only_)
		return {};
	return {side::clock};
}

const char *name(side s)
{
	return s == side::perf ? "perf" : "clock";
}

} /* namespace device_test */
