// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The text that says how many records were lost, and by what. */
#pragma once

#include <cstdint>
#include <perfbuf/file.hpp>
#include <string>
#include <vector>

namespace perfbuf::program
{

/**
 * "12 lost (10 full, 2 paused)"
 * @param reported the sum of the LOST records; the files also count losses that no record reported,
 * and before 6.0 they do not count
 */
std::string losses_of(const std::vector<reader::file> &files, uint64_t reported);

} // namespace perfbuf::program
