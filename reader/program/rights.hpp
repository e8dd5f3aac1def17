// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What this process may do. */
#pragma once

#include <cstdint>

namespace perfbuf::program
{

/** The effective capabilities, as bits. */
uint64_t effective_capabilities();

bool has_capability(uint64_t set, int capability);

/** CAP_PERFMON, or CAP_SYS_ADMIN: everything may be recorded. Without, a driver's events with
 * the fields that the driver emits. */
bool may_trace();

} // namespace perfbuf::program
