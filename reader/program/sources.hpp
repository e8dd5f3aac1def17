// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The sources there are, and what sysfs says of them. */
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace perfbuf::program
{

struct source_event {
	std::string name;
	uint64_t id = 0;
	std::string format; /**< the text that describes its payload */
};

struct source {
	std::string name;
	std::map<std::string, std::string>
		attributes;		  /**< of /sys/class/perfbuf/<source>, by file name */
	std::vector<source_event> events; /**< by name; empty: it has no typed ones */
};

/** @return those of a directory of sysfs or tracefs: <event>/id and <event>/format; by name */
std::vector<source_event> read_events(const std::filesystem::path &directory);

/** @return by name; empty without the module */
std::vector<source> read_sources(const std::filesystem::path &devices = "/dev/perfbuf",
				 const std::filesystem::path &classes = "/sys/class/perfbuf");

/** "clock, net" */
std::string names_of(const std::vector<source> &sources);

/** @return the first line of a file, empty if it cannot be read */
std::string first_line(const std::filesystem::path &path);

} // namespace perfbuf::program
