// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// stat without events: prints each source, its events and its readers, with rates.
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "program/commands.hpp"
#include "program/failure.hpp"
#include "program/rates.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

int stat(std::chrono::nanoseconds interval)
{
	const auto before = read_sources();
	if (before.empty())
		throw failure(exit_failed, "there are no sources in /dev/perfbuf: load the module "
					   "with modprobe perfbuf, and see "
					   "perfbuf doctor");
	const auto begin = std::chrono::steady_clock::now();
	std::this_thread::sleep_for(interval);
	const auto now = read_sources();
	const std::chrono::duration<double> between = std::chrono::steady_clock::now() - begin;
	for (const auto &source : now) {
		const auto same = std::find_if(before.begin(), before.end(), [&](const auto &each) {
			return each.name == source.name;
		});
		fmt::print("{}",
			   describe_rates(same == before.end() ? source : *same, source, between));
	}
	return 0;
}

} // namespace perfbuf::program
