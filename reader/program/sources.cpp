// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the sources and their events out of sysfs.
#include "program/sources.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

// Attributes that every device of every driver has: they say nothing of the source.
const std::set<std::string> common_attributes{"uevent", "dev"};

// Empty also where the reading is refused: `rates` is for CAP_PERFMON alone.
std::string whole_text(const fs::path &path)
{
	std::ifstream file(path);
	std::ostringstream text;
	text << file.rdbuf();
	return text.str();
}

std::map<std::string, std::string> read_attributes(const fs::path &directory)
{
	std::map<std::string, std::string> found;
	std::error_code ignored;
	for (fs::directory_iterator walk(directory, ignored);
	     !ignored && walk != fs::directory_iterator(); walk.increment(ignored)) {
		const std::string name = walk->path().filename();
		if (!walk->is_regular_file(ignored) || walk->is_symlink(ignored) ||
		    common_attributes.contains(name))
			continue;
		std::string text = whole_text(walk->path());
		while (!text.empty() && text.back() == '\n')
			text.pop_back();
		if (!text.empty())
			found.emplace(name, text);
	}
	return found;
}

} // namespace

std::vector<source_event> read_events(const fs::path &directory)
{
	std::vector<source_event> found;
	std::error_code ignored;
	for (fs::directory_iterator walk(directory, ignored);
	     !ignored && walk != fs::directory_iterator(); walk.increment(ignored)) {
		source_event event{walk->path().filename(), 0, whole_text(walk->path() / "format")};
		const std::string id = first_line(walk->path() / "id");
		std::from_chars(id.data(), id.data() + id.size(), event.id);
		if (event.id && !event.format.empty())
			found.push_back(std::move(event));
	}
	std::sort(found.begin(), found.end(),
		  [](const auto &a, const auto &b) { return a.name < b.name; });
	return found;
}

std::vector<source> read_sources(const fs::path &devices, const fs::path &classes)
{
	std::vector<source> found;
	std::error_code ignored;
	for (fs::directory_iterator walk(devices, ignored);
	     !ignored && walk != fs::directory_iterator(); walk.increment(ignored)) {
		const std::string name = walk->path().filename();
		found.push_back({name, read_attributes(classes / name),
				 read_events(classes / name / "events")});
	}
	std::sort(found.begin(), found.end(),
		  [](const auto &a, const auto &b) { return a.name < b.name; });
	return found;
}

std::string names_of(const std::vector<source> &sources)
{
	std::string names;
	for (const auto &source : sources)
		names += (names.empty() ? "" : ", ") + source.name;
	return names;
}

std::string first_line(const fs::path &path)
{
	std::string line;
	std::getline(std::ifstream(path), line);
	return line;
}

} // namespace perfbuf::program
