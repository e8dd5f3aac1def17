// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include <chrono>
#include <fmt/format.h>
#include <sys/wait.h>

#include "program/commands.hpp"
#include "program/events.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/open_files.hpp"
#include "program/parse.hpp"
#include "program/rights.hpp"
#include "program/say.hpp"
#include "program/signals.hpp"
#include "program/workload.hpp"

namespace perfbuf::program
{

int stat_command(const std::string &event, const std::vector<std::string> &command,
		 const opener &open)
{
	record_options options;
	options.command = command;
	options.may_trace = may_trace();
	const auto chosen = choose_events(parse_events(event), read_sources());
	if (chosen.size() != 1)
		throw failure(
			exit_usage,
			fmt::format("-e {}: one event is counted at a time, give one", event));
	const chosen_event &counted = chosen.front();
	perf_event_attr attr{};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	if (counted.counted) {
		attr.type = counted.counted->type;
		attr.config = counted.counted->config;
	} else if (counted.is_typed()) {
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = counted.typed.id;
	}
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	attr.disabled = 1;
	attr.inherit = 1;
	attr.enable_on_exec = 1;

	sigset_t mask;
	::sigprocmask(SIG_SETMASK, nullptr, &mask);
	workload child(command, mask, false);
	std::vector<reader::file> files;
	for (const int cpu : cpus_of(options)) {
		auto file = open(counted.source, attr, child.pid(), cpu);
		if (!file)
			throw explain_open(file.error(), options, counted);
		files.push_back(*std::move(file));
	}
	// Ctrl-C is for the command; we stay to say what it used.
	::signal(SIGINT, SIG_IGN);
	const auto begin = std::chrono::steady_clock::now();
	child.start();
	const int status = *child.reap(true);
	const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;

	uint64_t total = 0;
	for (const auto &file : files) {
		const auto counts = file.read();
		if (!counts)
			throw plain_failure(counts.error());
		total += counts->value;
	}
	if (counted.is_typed() || (counted.counted && !counted.counted->is_time)) {
		say("{:>18}     {}   # {:.1f} per second\n", group_digits(total), counted.name(),
		    elapsed.count() > 0 ? static_cast<double>(total) / elapsed.count() : 0);
	} else {
		const double seconds = static_cast<double>(total) / 1e9;
		say("{:>18.3f} ms  {}   # {:.3f} CPUs used\n", seconds * 1e3, counted.name(),
		    elapsed.count() > 0 ? seconds / elapsed.count() : 0);
	}
	say("{:>18.3f} s   elapsed\n", elapsed.count());
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace perfbuf::program
