// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The file of perfbuf.ko: where it is, and for which release. */
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perfbuf::program
{

struct module_file {
	std::filesystem::path path;
	std::string built_for; /**< the kernel's release; empty if it cannot be determined (a
				  compressed file) */
};

/** @return perfbuf's file below /lib/modules/<release> */
std::optional<module_file> find_module(const std::filesystem::path &tree);

std::vector<std::string> split(std::string_view text, char at);

} // namespace perfbuf::program
