// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command recover: finds recorders in a crashed machine's memory, and prints their events.
#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "program/cli_recorder.hpp"
#include "program/failure.hpp"
#include "program/recorder_output.hpp"
#include "program/say.hpp"
#include "recorder/memory.hpp"

namespace perfbuf::program
{

namespace
{

// Nothing if the file is no snapshot.
std::vector<recorder::contents> read_snapshot(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	char magic[16] = {};
	file.read(magic, sizeof(magic));
	if (std::memcmp(magic, PERFBUF_SNAPSHOT_MAGIC, sizeof(magic)) != 0)
		return {};
	file.seekg(0);
	const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
	auto made = recorder::parse_snapshot(std::as_bytes(std::span(bytes)));
	if (!made)
		throw plain_failure(made.error());
	std::vector<recorder::contents> all;
	all.push_back(std::move(*made));
	return all;
}

} // namespace

int recover(const recover_options &options)
{
	auto when = recorder::moment::live;
	auto recorders = read_snapshot(options.input);
	size_t refused = 0;
	if (recorders.empty()) {
		const auto in = recorder::memory::open(options.input);
		if (!in)
			throw plain_failure(in.error());
		auto found = recorder::find_recorders(*in);
		for (const auto &why : found.refused)
			say("perfbuf: a recorder cannot be read, {}\n", why);
		refused = found.refused.size();
		recorders = std::move(found.recorders);
		when = recorder::moment::stopped;
	}
	if (recorders.empty())
		throw failure(
			exit_failed,
			fmt::format("{} holds no recorder{}: was the module loaded, and did a "
				    "driver have one?",
				    options.input, refused ? " that can be read" : ""));
	recorder::omissions left_out;
	std::vector<recorder_events> events;
	for (const auto &each : recorders)
		events.push_back({&each, recorder::events_of(each.rings, each.of, when, left_out)});
	write_events(events, options.output, options.arguments);
	say("[ perfbuf: {} of {} recorder{} ]\n", summary(events, left_out), recorders.size(),
	    recorders.size() == 1 ? "" : "s");
	return 0;
}

} // namespace perfbuf::program
