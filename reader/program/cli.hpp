// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The command line: the program's options, and the function that runs it. */
#pragma once

#include "program/opener.hpp"

namespace perfbuf::program
{

/** The program. @return its exit status */
int run(int argc, char **argv, const opener &open);

} // namespace perfbuf::program
