/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sides that a run covers: both, or perf alone (--perf-only), which checks the
 * expectations written here against the kernel that they were taken from.
 */
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace device_test
{

/* The side under test: perf_event_open(2), or /dev/perfbuf/clock. */
enum class side { perf, clock };

void set_perf_only(bool on);
bool perf_only();

/* The sides of this run, perf first: it is the reference. */
std::vector<side> sides();
std::vector<side> own_side();

const char *name(side s);

/* For GoogleTest. */
inline void PrintTo(side s, std::ostream *out)
{
	*out << name(s);
}

/* The name of a parameter in a test's name. */
template <typename Info>
std::string side_name(const Info &info)
{
	return name(info.param);
}

} /* namespace device_test */
