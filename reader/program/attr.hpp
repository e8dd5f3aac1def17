// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#pragma once

#include <linux/perf_event.h>

#include "program/options.hpp"

namespace perfbuf::program
{

/** @return the attr that records what the options ask for: perf record's own choices where they are
 * silent */
perf_event_attr make_attr(const record_options &options);

} // namespace perfbuf::program
