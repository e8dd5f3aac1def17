// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Copies function traces out of AUX areas, and counts what was lost.
#include "program/aux_drain.hpp"

#include <ctime>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/utsname.h>

namespace perfbuf::program
{

void aux_drain::read_positions(std::vector<cpu_ring> &rings)
{
	for (auto &each : rings)
		if (each.aux && each.driver.empty() && !each.aux->refresh())
			corrupt_ += each.aux->skip_all();
}

namespace
{

// Counts the positions up to `until` at which the area was full, and removes them.
uint64_t count_full(std::vector<uint64_t> &positions, uint64_t until)
{
	return std::erase_if(positions, [until](uint64_t each) {
		return static_cast<int64_t>(each - until) <= 0;
	});
}

} // namespace

reader::result<void> aux_drain::pass(std::vector<cpu_ring> &rings,
				     const std::vector<reader::file> &files, bool reenable)
{
	for (size_t stream = 0; stream < rings.size(); stream++) {
		auto &[cpu, area, ring, file, aux, full_at, lost, copied, driver] = rings[stream];
		if (!aux || !driver.empty())
			continue;
		const auto pieces = aux->unread();
		uint64_t position = aux->position();
		const uint64_t until = position + pieces[0].size() + pieces[1].size();
		const uint64_t times_full = count_full(full_at, until);
		for (size_t at = 0; at < pieces.size(); at++) {
			const bool last = at + 1 == pieces.size() || pieces[at + 1].empty();
			auto done =
				to_.bytes(static_cast<uint32_t>(stream), static_cast<uint32_t>(cpu),
					  position, pieces[at], times_full && last);
			if (!done)
				return done;
			position += pieces[at].size();
			bytes_ += pieces[at].size();
			if (last)
				break;
		}
		aux->release();
		full_ += times_full;
		// A full area turns the event off, and the record that would say so may be among
		// those that were lost.
		if ((times_full || lost) && reenable)
			(void)files[file].enable();
		lost = false;
	}
	return {};
}

tracefile::facts facts_of(const record_options &options)
{
	utsname system{};
	::uname(&system);
	std::string command;
	for (const auto &word : options.arguments)
		command += (command.empty() ? "" : " ") + word;
	const std::time_t now = std::time(nullptr);
	std::tm parts{};
	char when[32] = "";
	if (::gmtime_r(&now, &parts))
		std::strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return {{"recorded-by", "perfbuf " PERFBUF_VERSION},
		{"command", command},
		{"date", when},
		{"host", system.nodename},
		{"kernel", fmt::format("{} {}", system.release, system.machine)}};
}

tracefile::facts end_facts(const aux_drain &of, uint64_t calls)
{
	return {{"calls", std::to_string(calls)},
		{"bytes", std::to_string(of.bytes())},
		{"full", std::to_string(of.full())}};
}

} // namespace perfbuf::program
