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

namespace
{

perf_event_attr make_counting_attr(const chosen_event &counted, bool all)
{
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
	attr.inherit = !all;
	attr.enable_on_exec = !all;
	return attr;
}

void print_count(const chosen_event &counted, uint64_t total, double elapsed)
{
	if (counted.is_typed() || (counted.counted && !counted.counted->is_time)) {
		say("{:>18}     {}   # {:.1f} per second\n", group_digits(total), counted.name(),
		    elapsed > 0 ? static_cast<double>(total) / elapsed : 0);
	} else {
		const double seconds = static_cast<double>(total) / 1e9;
		say("{:>18.3f} ms  {}   # {:.3f} CPUs used\n", seconds * 1e3, counted.name(),
		    elapsed > 0 ? seconds / elapsed : 0);
	}
}

} // namespace

int stat_command(const std::string &events, bool all, const std::vector<std::string> &command,
		 const opener &open)
{
	record_options options;
	options.command = command;
	options.all_cpus = all;
	options.may_trace = may_trace();
	const auto chosen = choose_events(parse_events(events), read_sources());

	sigset_t mask;
	::sigprocmask(SIG_SETMASK, nullptr, &mask);
	workload child(command, mask, false);
	std::vector<std::vector<reader::file>> files(chosen.size());
	for (size_t which = 0; which < chosen.size(); which++)
		for (const int cpu : cpus_of(options)) {
			auto file =
				open(chosen[which].source, make_counting_attr(chosen[which], all),
				     all ? -1 : child.pid(), cpu);
			if (!file)
				throw explain_open(file.error(), options, chosen[which]);
			files[which].push_back(*std::move(file));
		}
	// Ctrl-C is for the command; we stay to say what it used.
	::signal(SIGINT, SIG_IGN);
	if (all)
		for (const auto &of_event : files)
			for (const auto &file : of_event)
				if (auto done = file.enable(); !done)
					throw explain_enable(done.error());
	const auto begin = std::chrono::steady_clock::now();
	child.start();
	const int status = *child.reap(true);
	const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;

	bool others_may_count = false;
	for (size_t which = 0; which < chosen.size(); which++) {
		uint64_t total = 0;
		for (const auto &file : files[which]) {
			const auto counts = file.read();
			if (!counts)
				throw plain_failure(counts.error());
			total += counts->value;
		}
		print_count(chosen[which], total, elapsed.count());
		others_may_count |= !all && !total && chosen[which].is_typed();
	}
	say("{:>18.3f} s   elapsed\n", elapsed.count());
	if (others_may_count)
		say("perfbuf: 0 is what the command did itself: give -a for what happened in "
		    "interrupts and in other processes, too\n");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace perfbuf::program
