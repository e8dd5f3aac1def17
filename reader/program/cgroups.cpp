// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses -G, opens cgroups, and lists their tasks.
#include "program/cgroups.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <linux/perf_event.h>
#include <sstream>

#include "program/failure.hpp"

namespace perfbuf::program
{

std::vector<std::string> parse_cgroups(std::string_view text)
{
	std::vector<std::string> names;
	for (size_t at = 0; at <= text.size();) {
		const size_t end = std::min(text.find(',', at), text.size());
		names.emplace_back(text.substr(at, end - at));
		at = end + 1;
	}
	if (std::all_of(names.begin(), names.end(), [](const auto &name) { return name.empty(); }))
		throw failure(exit_usage, fmt::format("-G '{}': give the name of a cgroup, such as "
						      "-G system.slice",
						      text));
	return names;
}

std::string cgroup_of(const std::vector<std::string> &names, size_t event)
{
	if (names.size() == 1)
		return names.front();
	return event < names.size() ? names[event] : std::string();
}

bool is_first_of_cgroup(const std::vector<std::string> &names, size_t event)
{
	const std::string own = cgroup_of(names, event);
	for (size_t before = 0; before < event; before++)
		if (const auto other = cgroup_of(names, before); other.empty() || other == own)
			return false;
	return true;
}

std::filesystem::path cgroup_root(const std::filesystem::path &mounts)
{
	std::ifstream all(mounts);
	for (std::string line; std::getline(all, line);) {
		std::istringstream words(line);
		std::string device, where, type;
		if (words >> device >> where >> type && type == "cgroup2")
			return where;
	}
	throw failure(exit_failed, "cgroup2 is not mounted: mount it, as with mount -t cgroup2 "
				   "none /sys/fs/cgroup");
}

cgroup_directories::cgroup_directories(const std::vector<std::string> &names, size_t events)
{
	if (names.empty())
		return;
	if (names.size() > events && names.size() > 1)
		throw failure(
			exit_usage,
			fmt::format("-G names {} cgroups, and there are fewer events ({}): give an "
				    "event for each, or one cgroup for all",
				    names.size(), events));
	const auto root = cgroup_root();
	for (size_t event = 0; event < events; event++) {
		const std::string name = cgroup_of(names, event);
		auto &made = directories_.emplace_back();
		if (name.empty())
			continue;
		// A name that begins with a slash is below the same directory.
		const std::string path = root.string() + "/" + name;
		made = reader::unique_fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		if (!made && (errno == ENOENT || errno == ENOTDIR))
			throw failure(exit_usage,
				      fmt::format("there is no cgroup \"{}\": give one of the "
						  "directories below {}",
						  name, root.string()));
		if (!made)
			throw failure(exit_failed,
				      fmt::format("the cgroup \"{}\" cannot be opened ({}): run it "
						  "as root",
						  name, std::strerror(errno)));
	}
}

event_tasks cgroup_directories::tasks_of(size_t event, pid_t thread) const
{
	if (event >= directories_.size() || !directories_[event])
		return {thread, 0};
	return {directories_[event].get(), PERF_FLAG_PID_CGROUP};
}

} // namespace perfbuf::program
