// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The files that the program writes: created beside the final name, or without a name. */
#pragma once

#include <perfbuf/unique_fd.hpp>
#include <string>

namespace perfbuf::program
{

/** A file to record into. As perf does, what was there is kept as <path>.old. Throws `failure`. */
reader::unique_fd create_file(const std::string &path);

/** A file without a name, in the directory for temporary ones. Throws `failure`. */
reader::unique_fd create_nameless_file();

} // namespace perfbuf::program
