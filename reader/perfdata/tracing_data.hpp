// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The section by which perf knows the fields of typed events. */
#pragma once

#include <span>

#include "perfdata/writer.hpp"

namespace perfbuf::perfdata
{

/**
 * Of those attrs that have a format. Their system is the part of the name before the ':', with '_'
 * for what cannot stand in the name of a Python function: perf makes one out of it. Without such an
 * attr nothing is added.
 */
void add_tracing_data(feature_map &to, std::span<const described_attr> attrs);

} // namespace perfbuf::perfdata
