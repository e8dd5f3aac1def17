// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads processes, their threads and their maps out of /proc.
#include "perfdata/processes.hpp"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <sys/mman.h>

namespace perfbuf::perfdata
{

namespace
{

namespace fs = std::filesystem;

// Every directory of /proc that is a number; empty if it is not there (any more).
std::vector<uint32_t> numbered_entries(const fs::path &in)
{
	std::vector<uint32_t> found;
	std::error_code ignored;
	for (fs::directory_iterator walk(in, ignored); !ignored && walk != fs::directory_iterator();
	     walk.increment(ignored)) {
		const std::string name = walk->path().filename();
		uint32_t number = 0;
		const char *end = name.data() + name.size();
		if (const auto [stop, bad] = std::from_chars(name.data(), end, number);
		    bad == std::errc() && stop == end)
			found.push_back(number);
	}
	std::sort(found.begin(), found.end());
	return found;
}

std::string first_line(const fs::path &path)
{
	std::string line;
	std::getline(std::ifstream(path), line);
	return line;
}

uint32_t parent_of(const fs::path &process)
{
	std::ifstream status(process / "status");
	constexpr std::string_view key = "PPid:\t";
	for (std::string line; std::getline(status, line);)
		if (line.starts_with(key)) {
			uint32_t parent = 0;
			std::from_chars(line.data() + key.size(), line.data() + line.size(),
					parent);
			return parent;
		}
	return 0;
}

std::optional<process_map> parse_map(const std::string &line)
{
	// "55d0c000-55d0d000 r-xp 00002000 fe:00 247230    /usr/bin/dash"
	process_map map;
	uint64_t end = 0;
	char rights[5] = {};
	int name_at = 0;
	const int got = std::sscanf(line.c_str(),
				    "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32
				    " %" SCNu64 " %n",
				    &map.start, &end, rights, &map.offset, &map.major, &map.minor,
				    &map.inode, &name_at);
	if (got != 7 || end <= map.start)
		return std::nullopt;
	map.length = end - map.start;
	map.protection = (rights[0] == 'r' ? PROT_READ : 0u) |
			 (rights[1] == 'w' ? PROT_WRITE : 0u) | (rights[2] == 'x' ? PROT_EXEC : 0u);
	map.flags = rights[3] == 's' ? MAP_SHARED : MAP_PRIVATE;
	map.name = line.substr(static_cast<size_t>(name_at));
	// The names that perf knows memory without a file by.
	if (map.name.empty() || map.name.starts_with("/anon_hugepage"))
		map.name = "//anon";
	return map;
}

std::vector<process_map> read_maps(const fs::path &process, maps which)
{
	std::vector<process_map> found;
	std::ifstream file(process / "maps");
	for (std::string line; std::getline(file, line);) {
		auto map = parse_map(line);
		if (!map)
			continue;
		const bool code = map->protection & PROT_EXEC;
		const bool data = which == maps::all && map->protection & PROT_READ;
		if (code || data)
			found.push_back(*std::move(map));
	}
	return found;
}

} // namespace

std::optional<process> read_process(uint32_t pid, maps which, const fs::path &proc)
{
	const fs::path home = proc / std::to_string(pid);
	process found;
	found.pid = pid;
	for (const uint32_t tid : numbered_entries(home / "task"))
		found.threads.push_back(
			{tid, first_line(home / "task" / std::to_string(tid) / "comm")});
	if (found.threads.empty())
		return std::nullopt;
	found.parent = parent_of(home);
	found.maps = read_maps(home, which);
	return found;
}

std::vector<process> read_processes(maps which, const fs::path &proc)
{
	std::vector<process> found;
	for (const uint32_t pid : numbered_entries(proc))
		if (auto process = read_process(pid, which, proc))
			found.push_back(*std::move(process));
	return found;
}

} // namespace perfbuf::perfdata
