// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include <fmt/format.h>
#include <string_view>

#include "program/commands.hpp"
#include "program/failure.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

// An attribute of several lines ("lost" by cause) is shown as a block under its name.
void show(const std::string &name, std::string_view value)
{
	if (value.find('\n') == std::string_view::npos) {
		fmt::print("  {:<14} {}\n", name, value);
		return;
	}
	fmt::print("  {}\n", name);
	while (!value.empty()) {
		const size_t end = std::min(value.find('\n'), value.size());
		fmt::print("    {}\n", value.substr(0, end));
		value.remove_prefix(std::min(end + 1, value.size()));
	}
}

} // namespace

int stat()
{
	const auto sources = read_sources();
	if (sources.empty())
		throw failure(exit_failed, "there are no sources in /dev/perfbuf: load the module "
					   "with modprobe perfbuf, and see "
					   "perfbuf doctor");
	for (const auto &source : sources) {
		fmt::print("{}\n", source.name);
		for (const auto &[name, value] : source.attributes)
			show(name, value);
	}
	return 0;
}

} // namespace perfbuf::program
