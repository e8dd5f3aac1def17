// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The attributes (perf_event_attr) of the events of the command line. */
#pragma once

#include <linux/perf_event.h>
#include <vector>

#include "program/events.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

/**
 * @return the attrs that record what the options ask for, in the order of the events: perf record's
 * own choices where they are silent. The first one's records report tasks and maps. All share
 * what a decoder wants to know of a record that is not a sample, and where a sample, if it
 * has any, has its time.
 * Throws `failure` where the options do not fit the events.
 */
std::vector<perf_event_attr> make_attrs(const record_options &options,
					const std::vector<chosen_event> &events);

} // namespace perfbuf::program
