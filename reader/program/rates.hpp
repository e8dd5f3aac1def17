// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The rates of a source, from two readings of its attributes. */
#pragma once

#include <chrono>
#include <string>

#include "program/sources.hpp"

namespace perfbuf::program
{

/**
 * @return lines about the source, its typed events and its open files: totals, rates, and losses by
 * cause
 * @param before  the same source, `between` earlier
 */
std::string describe_rates(const source &before, const source &now,
			   std::chrono::duration<double> between);

} // namespace perfbuf::program
