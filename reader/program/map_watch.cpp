// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads maps out of /proc while the kernel reports none, and writes them as records.
#include "program/map_watch.hpp"

#include <algorithm>

#include "perfdata/synthesize.hpp"
#include "program/say.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

std::string why_maps_are_hidden(const std::filesystem::path &proc,
				const std::filesystem::path &debugfs)
{
	if (first_line(proc / "sys/kernel/ftrace_enabled") == "0")
		return "kernel.ftrace_enabled is 0: set it to 1 with sysctl";
	if (const auto path = debugfs / "kprobes/enabled"; first_line(path) == "0")
		return path.string() + " is 0: write 1 to it";
	return {};
}

bool map_watch::check()
{
	if (hidden_)
		return true;
	const auto now = std::chrono::steady_clock::now();
	if (now < next_)
		return false;
	next_ = now + interval;
	const std::string why = why_maps_are_hidden();
	hidden_ = !why.empty();
	if (hidden_)
		say("perfbuf: the kernel does not report what processes map, so it is looked up in "
		    "/proc from time to time, and code of processes that ended soon has no names; "
		    "{}\n",
		    why);
	return hidden_;
}

namespace
{

// A process, or one that descends from it.
bool descends(const std::vector<perfdata::process> &all, const perfdata::process &process,
	      const std::vector<pid_t> &from)
{
	const perfdata::process *now = &process;
	for (size_t steps = 0; now && steps <= all.size(); steps++) {
		if (std::find(from.begin(), from.end(), static_cast<pid_t>(now->pid)) != from.end())
			return true;
		const auto parent = std::find_if(all.begin(), all.end(), [&](const auto &each) {
			return each.pid == now->parent;
		});
		now = parent == all.end() ? nullptr : &*parent;
	}
	return false;
}

} // namespace

perfdata::bytes map_watch::read(const std::filesystem::path &proc)
{
	perfdata::bytes records;
	perfdata::synthesizer to(records, identity_size_);
	const auto processes = perfdata::read_processes(which_, proc);
	for (const auto &process : processes) {
		if (!pids_.empty() && !descends(processes, process, pids_))
			continue;
		for (const auto &map : process.maps)
			if (seen_.emplace(process.pid, map.start, map.length, map.name).second)
				to.map(process.pid, map);
	}
	return records;
}

} // namespace perfbuf::program
