// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The commands. Each returns the exit status or throws `failure`. */
#pragma once

#include <string>
#include <vector>

#include "program/opener.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

int list();
int record(const record_options &options, const opener &open);
int stat();
int stat_command(const std::string &source, const std::vector<std::string> &command,
		 const opener &open);
int doctor(const opener &open);

} // namespace perfbuf::program
