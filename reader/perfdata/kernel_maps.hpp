// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Where the kernel and its modules lie, so that kernel addresses can get names. */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace perfbuf::perfdata
{

struct kernel_map {
	uint64_t start = 0;
	uint64_t length = 0; /**< bytes */
	uint64_t offset =
		0; /**< for the kernel, the address of its first symbol: perf relocates by it */
	std::string name;   /**< as perf finds symbols by it: a path, or "[name]" */
	std::string module; /**< empty for the kernel itself */
};

/** @return the kernel's text; nothing when its addresses are hidden (kernel.kptr_restrict, no
 * CAP_SYSLOG) */
std::optional<kernel_map> read_kernel_map(const std::filesystem::path &kallsyms = "/proc/kallsyms");

/**
 * @param modules the list of loaded modules
 * @param tree    where their files are looked for: /lib/modules/<release>
 * @return the modules whose addresses are shown
 */
std::vector<kernel_map> read_module_maps(const std::filesystem::path &modules,
					 const std::filesystem::path &tree);

/** Of the running kernel. */
std::vector<kernel_map> read_module_maps();

} // namespace perfbuf::perfdata
