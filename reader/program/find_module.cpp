// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds the file of perfbuf.ko for a release.
#include "program/find_module.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

// "vermagic=6.1.0-13-amd64 SMP preempt mod_unload": the first word is the release.
std::string release_in(const fs::path &path)
{
	std::ifstream file(path, std::ios::binary);
	const std::string all(std::istreambuf_iterator<char>(file), {});
	constexpr std::string_view key = "vermagic=";
	const size_t at = all.find(key);
	if (at == std::string::npos)
		return {};
	const size_t begin = at + key.size();
	return all.substr(begin, all.find_first_of(std::string_view(" \0", 2), begin) - begin);
}

} // namespace

std::optional<module_file> find_module(const fs::path &tree)
{
	std::error_code ignored;
	fs::recursive_directory_iterator walk(tree, fs::directory_options::skip_permission_denied,
					      ignored);
	for (; !ignored && walk != fs::recursive_directory_iterator(); walk.increment(ignored))
		if (walk->path().filename().string().starts_with("perfbuf.ko"))
			return module_file{walk->path(), release_in(walk->path())};
	return std::nullopt;
}

std::vector<std::string> split(std::string_view text, char at)
{
	std::vector<std::string> parts;
	for (size_t begin = 0; begin <= text.size();) {
		const size_t end = std::min(text.find(at, begin), text.size());
		if (end > begin)
			parts.emplace_back(text.substr(begin, end - begin));
		begin = end + 1;
	}
	return parts;
}

} // namespace perfbuf::program
