// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Samples as the lines of `perfbuf script`. */
#pragma once

#include "program/feed.hpp"
#include "program/samples.hpp"

namespace perfbuf::program
{

/** To standard output. @return the exit status of the feed */
int print_samples(feed &from, const symbol_words &symbols);

} // namespace perfbuf::program
