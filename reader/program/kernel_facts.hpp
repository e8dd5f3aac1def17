/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/** @file The maps of the kernel, and the records for all that was mapped before a recording. */
#pragma once

#include <optional>
#include <sys/types.h>
#include <vector>

#include "perfdata/bytes.hpp"
#include "perfdata/kernel_maps.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

/** The maps of the kernel and of its modules, as a recording describes them. */
struct kernel_facts {
	std::optional<perfdata::kernel_map> kernel;
	std::vector<perfdata::kernel_map> modules;
};

/** Reads the maps of the running kernel; says on standard error if the kernel hides them. */
kernel_facts read_kernel(const record_options &options);

/**
 * The records that describe everything that was mapped before the recording began: the kernel, and
 * the processes that are recorded (@child if the options name none).
 */
perfdata::bytes synthesize(const record_options &options, const kernel_facts &facts, pid_t child,
			   size_t identity_size);

} // namespace perfbuf::program
