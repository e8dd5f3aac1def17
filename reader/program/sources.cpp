// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "program/sources.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

// What every device of every driver has: says nothing of the source.
const std::set<std::string> common_attributes{"uevent", "dev"};

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
		std::ifstream file(walk->path());
		std::string text(std::istreambuf_iterator<char>(file), {});
		while (!text.empty() && text.back() == '\n')
			text.pop_back();
		if (!text.empty())
			found.emplace(name, text);
	}
	return found;
}

} // namespace

std::vector<source> read_sources(const fs::path &devices, const fs::path &classes)
{
	std::vector<source> found;
	std::error_code ignored;
	for (fs::directory_iterator walk(devices, ignored);
	     !ignored && walk != fs::directory_iterator(); walk.increment(ignored)) {
		const std::string name = walk->path().filename();
		found.push_back({name, read_attributes(classes / name)});
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
