// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The cgroups of -G, one for each event. */
#pragma once

#include <filesystem>
#include <perfbuf/unique_fd.hpp>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace perfbuf::program
{

/** "a,,b/c": names, below the directory that cgroup2 is mounted on; an empty one is no cgroup.
 * Throws `failure` where none of them is one. */
std::vector<std::string> parse_cgroups(std::string_view text);

/** The cgroup of the event: its own in the order of -G, or, if there is one alone, that one. */
std::string cgroup_of(const std::vector<std::string> &names, size_t event);

/** Whether an event of its own has to report the tasks of the event's cgroup: no event before it
 * has the same one, or all tasks. */
bool is_first_of_cgroup(const std::vector<std::string> &names, size_t event);

/** Where cgroup2 is mounted; throws `failure` if it is not. */
std::filesystem::path cgroup_root(const std::filesystem::path &mounts = "/proc/mounts");

/** The arguments of perf_event_open(2) that select the tasks of an event. */
struct event_tasks {
	pid_t pid;
	unsigned long flags;
};

/** Open directories, which the events need only while they are opened. */
class cgroup_directories
{
public:
	/** Throws `failure` where a cgroup is not there, or has no event. */
	cgroup_directories(const std::vector<std::string> &names, size_t events);

	/** @return for an event without a cgroup, the thread */
	event_tasks tasks_of(size_t event, pid_t thread) const;

private:
	std::vector<reader::unique_fd> directories_;
};

} // namespace perfbuf::program
