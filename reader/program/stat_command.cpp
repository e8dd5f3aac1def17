// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command stat: counts the events of a command that it runs.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <poll.h>
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
#include "program/threads.hpp"
#include "program/workload.hpp"

namespace perfbuf::program
{

namespace
{

perf_event_attr make_counting_attr(const chosen_event &counted, const record_options &options,
				   bool of_child)
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
	attr.inherit = !options.all_cpus && options.tids.empty();
	attr.enable_on_exec = of_child;
	return attr;
}

void print_count(const chosen_event &counted, const std::string &cgroup, uint64_t total,
		 double elapsed)
{
	const std::string name = counted.name() + (cgroup.empty() ? "" : " in " + cgroup);
	if (counted.is_typed() || (counted.counted && !counted.counted->is_time)) {
		say("{:>18}     {}   # {:.1f} per second\n", group_digits(total), name,
		    elapsed > 0 ? static_cast<double>(total) / elapsed : 0);
	} else {
		const double seconds = static_cast<double>(total) / 1e9;
		say("{:>18.3f} ms  {}   # {:.3f} CPUs used\n", seconds * 1e3, name,
		    elapsed > 0 ? seconds / elapsed : 0);
	}
}

} // namespace

namespace
{

// Until the command has ended, a signal came, the time is over, or none of the processes is left.
void wait_for_end(const signals &watched, std::optional<workload> &child,
		  std::optional<int> &status, const record_options &options)
{
	using clock = std::chrono::steady_clock;
	constexpr std::chrono::milliseconds look_for_processes{200};
	const auto begin = clock::now();
	for (;;) {
		auto wait = std::chrono::milliseconds(
			options.pids.empty() ? INT32_MAX : look_for_processes.count());
		if (options.duration)
			wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(
						      begin + *options.duration - clock::now()));
		if (wait.count() <= 0)
			return;
		pollfd signal{watched.fd(), POLLIN, 0};
		(void)::poll(&signal, 1, static_cast<int>(wait.count()));
		const auto number = watched.next();
		if (child && (status = child->reap()))
			return;
		// Ctrl-C is for the command; we stay to say what it used.
		if (number && !child)
			return;
		if (number && *number != SIGINT)
			child->stop();
		if (!child && !options.pids.empty() &&
		    std::none_of(options.pids.begin(), options.pids.end(),
				 [](pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }))
			return;
	}
}

} // namespace

int stat_command(const record_options &options, const opener &open)
{
	const auto chosen = choose_events(options);
	const bool of_child = options.pids.empty() && !options.all_cpus;
	const signals watched;
	std::optional<workload> child;
	if (!options.command.empty())
		child.emplace(options.command, watched.before(), false);
	std::vector<pid_t> threads{-1};
	if (!options.pids.empty())
		threads = recorded_threads(options);
	else if (of_child)
		threads = {child->pid()};
	raise_file_limit();
	const cgroup_directories cgroups(options.cgroups, chosen.size());
	std::vector<std::vector<reader::file>> files(chosen.size());
	for (size_t which = 0; which < chosen.size(); which++) {
		for (const int cpu : cpus_of(options)) {
			const auto open_here = [&](pid_t thread) -> std::optional<reader::file> {
				auto file =
					open(chosen[which].source,
					     make_counting_attr(chosen[which], options, of_child),
					     cgroups.tasks_of(which, thread), cpu);
				if (file)
					return *std::move(file);
				if (file.error().code.value() == ESRCH && threads.size() > 1)
					return std::nullopt; // it ended since we listed it
				throw explain_open(file.error(), options, chosen[which]);
			};
			for (auto &file : open_on_threads(threads, open_here, [] {}))
				files[which].push_back(std::move(file));
		}
		follow_new_threads(files[which], options, threads);
	}
	if (!of_child)
		for (const auto &of_event : files)
			for (const auto &file : of_event)
				if (auto done = file.enable(); !done)
					throw explain_enable(done.error());
	const auto begin = std::chrono::steady_clock::now();
	if (child)
		child->start();
	std::optional<int> status;
	wait_for_end(watched, child, status, options);
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
		print_count(chosen[which], cgroup_of(options.cgroups, which), total,
			    elapsed.count());
		others_may_count |= of_child && !total && chosen[which].is_typed();
	}
	say("{:>18.3f} s   elapsed\n", elapsed.count());
	if (others_may_count)
		say("perfbuf: 0 is what the command did itself: give -a for what happened in "
		    "interrupts and in other processes, too\n");
	if (!child)
		return 0;
	if (!status) {
		child->stop();
		status = child->reap(true);
		return 0; // --duration ended it
	}
	return WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
}

} // namespace perfbuf::program
