// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads where the kernel and its modules lie, out of /proc.
#include "perfdata/kernel_maps.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <string_view>
#include <sys/utsname.h>

namespace perfbuf::perfdata
{

namespace
{

namespace fs = std::filesystem;

// "nf_tables.ko.xz" is the module nf_tables; file names may have '-' where the kernel has '_'.
std::string module_name(std::string file)
{
	file.resize(file.find(".ko"));
	std::replace(file.begin(), file.end(), '-', '_');
	return file;
}

std::map<std::string, std::string> find_module_files(const fs::path &tree)
{
	std::map<std::string, std::string> found;
	std::error_code ignored;
	fs::recursive_directory_iterator walk(tree, fs::directory_options::skip_permission_denied,
					      ignored);
	for (; !ignored && walk != fs::recursive_directory_iterator(); walk.increment(ignored)) {
		const fs::path &path = walk->path();
		// build/ and source/ lead to the kernel's headers, far away and without modules.
		if (walk->is_symlink(ignored)) {
			walk.disable_recursion_pending();
			continue;
		}
		const std::string name = path.filename();
		const size_t ending = name.rfind(".ko");
		if (ending != std::string::npos &&
		    (ending + 3 == name.size() || name[ending + 3] == '.'))
			found.emplace(module_name(name), path);
	}
	return found;
}

} // namespace

std::optional<kernel_map> read_kernel_map(const fs::path &kallsyms)
{
	std::ifstream file(kallsyms);
	uint64_t text = 0;
	uint64_t end = 0;
	std::string line;
	while ((!text || !end) && std::getline(file, line)) {
		// "ffffffff81000000 T _text"; modules follow, with a tab and "[name]".
		const size_t name_at = line.rfind(' ') + 1;
		const std::string_view name = std::string_view(line).substr(name_at);
		uint64_t *to = name == "_text" ? &text : name == "_etext" ? &end : nullptr;
		if (to)
			std::from_chars(line.data(), line.data() + line.size(), *to, 16);
	}
	if (!text || end <= text)
		return std::nullopt;
	return kernel_map{text, end - text, text, "[kernel.kallsyms]_text", ""};
}

std::vector<kernel_map> read_module_maps(const fs::path &modules, const fs::path &tree)
{
	std::vector<kernel_map> maps;
	std::ifstream file(modules);
	std::string line;
	while (std::getline(file, line)) {
		// "name size references users state 0xaddress", and perhaps taints.
		const std::string name = line.substr(0, line.find(' '));
		const size_t address_at = line.find(" 0x");
		kernel_map map;
		map.module = name;
		map.name = "[" + name + "]";
		const char *end = line.data() + line.size();
		if (address_at == std::string::npos || name.size() + 1 >= line.size())
			continue;
		std::from_chars(line.data() + name.size() + 1, end, map.length);
		std::from_chars(line.data() + address_at + 3, end, map.start, 16);
		if (map.start && map.length)
			maps.push_back(std::move(map));
	}
	if (maps.empty())
		return maps;
	const auto files = find_module_files(tree);
	for (auto &map : maps)
		if (const auto found = files.find(map.module); found != files.end())
			map.name = found->second;
	std::sort(maps.begin(), maps.end(),
		  [](const auto &a, const auto &b) { return a.start < b.start; });
	// The size is that of a module's text and data, which since 6.4 do not lie together: what
	// is said to lie behind the text would hide the modules there.
	for (size_t at = 1; at < maps.size(); at++)
		maps[at - 1].length =
			std::min(maps[at - 1].length, maps[at].start - maps[at - 1].start);
	return maps;
}

std::vector<kernel_map> read_module_maps()
{
	utsname system{};
	::uname(&system);
	return read_module_maps("/proc/modules", fs::path("/lib/modules") / system.release);
}

} // namespace perfbuf::perfdata
