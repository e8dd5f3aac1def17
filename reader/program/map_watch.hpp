// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * MMAP2 records come from a kprobe (docs/design-sideband.md). If an administrator disables kprobes,
 * no record comes and no call fails. map_watch notices that, before and during a recording, and
 * reads the maps from /proc instead.
 */
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <sys/types.h>
#include <tuple>
#include <vector>

#include "perfdata/bytes.hpp"
#include "perfdata/processes.hpp"

namespace perfbuf::program
{

/** @return what keeps the kernel from reporting maps, as the sysctl or file and what to do; empty:
 * nothing */
std::string why_maps_are_hidden(const std::filesystem::path &proc = "/proc",
				const std::filesystem::path &debugfs = "/sys/kernel/debug");

class map_watch
{
public:
	/** @param pids whose maps are recorded, with all their children; empty: every process's */
	map_watch(std::vector<pid_t> pids, perfdata::maps which, size_t identity_size)
		: pids_(std::move(pids)), which_(which), identity_size_(identity_size)
	{
	}

	/** Call check() at least so often. */
	static constexpr std::chrono::milliseconds interval{100};

	/** Checks whether the kernel reports maps, and warns the first time that it does not.
	 * @return true: it does not, or did not at an earlier call */
	bool check();

	/** @return records of the maps that /proc shows and earlier calls did not return */
	perfdata::bytes read(const std::filesystem::path &proc = "/proc");

private:
	std::vector<pid_t> pids_;
	perfdata::maps which_;
	size_t identity_size_;
	bool hidden_ = false;
	std::chrono::steady_clock::time_point next_{};
	std::set<std::tuple<uint32_t, uint64_t, uint64_t, std::string>> seen_;
};

} // namespace perfbuf::program
