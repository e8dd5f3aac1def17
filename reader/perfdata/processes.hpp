// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What already runs, from /proc. */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace perfbuf::perfdata
{

struct process_map {
	uint64_t start = 0;
	uint64_t length = 0; /**< bytes */
	uint64_t offset = 0; /**< in the file, bytes */
	uint32_t major = 0;
	uint32_t minor = 0;
	uint64_t inode = 0;
	uint32_t protection = 0; /**< PROT_* */
	uint32_t flags = 0;	 /**< MAP_SHARED or MAP_PRIVATE */
	std::string name;
};

struct thread {
	uint32_t tid = 0;
	std::string name;
};

struct process {
	uint32_t pid = 0;
	uint32_t parent = 0;
	std::vector<thread> threads;
	std::vector<process_map> maps;
};

enum class maps {
	code, /**< what instruction pointers can fall into */
	all,  /**< also the data, in which unwinding looks up its tables */
};

/** @return one process; nothing if it has gone */
std::optional<process> read_process(uint32_t pid, maps which,
				    const std::filesystem::path &proc = "/proc");

/** @return every process */
std::vector<process> read_processes(maps which, const std::filesystem::path &proc = "/proc");

} // namespace perfbuf::perfdata
