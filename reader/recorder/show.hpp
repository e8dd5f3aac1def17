// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Events of recorders as text: the line that the kernel prints at a panic. */
#pragma once

#include <string>

#include "recorder/rings.hpp"

namespace perfbuf::recorder
{

/** @return "12.000345678 cpu 1 tid 4242 mydev:tick queue=3 state=busy" */
std::string line_of(const std::string &source, const recorded_event &of);

} // namespace perfbuf::recorder
