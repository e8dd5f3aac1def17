// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Opens a file for each event and CPU, maps rings and AUX areas, and raises limits.
#include "program/open_files.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>

#include "perfdata/writer.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/say.hpp"
#include "program/sources.hpp"
#include "program/threads.hpp"

namespace perfbuf::program
{

namespace
{

reader::result<reader::file> open_one(const std::string &source, perf_event_attr &attr,
				      event_tasks tasks, int cpu, const opener &open)
{
	// Only a source of ours says why it lost a record, and perf.data has no place for it.
	auto with_causes = attr;
	with_causes.read_format |= reader::format_lost_by_cause;
	auto file = open(source, with_causes, tasks, cpu);
	if (!file && file.error().code.value() == EINVAL)
		file = open(source, attr, tasks, cpu);
	const int why = file ? 0 : file.error().code.value();
	if ((why == EINVAL || why == EOPNOTSUPP) && attr.read_format & PERF_FORMAT_LOST) {
		// A kernel before 6.0 does not count losses for each file; LOST records still
		// report them.
		auto without = attr;
		without.read_format &= ~static_cast<uint64_t>(PERF_FORMAT_LOST);
		auto again = open(source, without, tasks, cpu);
		if (again) {
			attr = without;
			return again;
		}
	}
	return file;
}

} // namespace

void raise_file_limit()
{
	rlimit limit{};
	if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	::setrlimit(RLIMIT_NOFILE, &limit);
}

void check_ids_fit_in_pipe(size_t events, size_t threads, size_t cpus)
{
	if (events > 1 && threads * cpus > perfdata::writer::most_ids_in_pipe)
		throw failure(
			exit_usage,
			fmt::format("a pipe has space for the ids of {} files of each event, and "
				    "{} threads on {} CPUs are {}: record into a file with "
				    "-o, one event, or fewer CPUs (-C)",
				    group_digits(perfdata::writer::most_ids_in_pipe),
				    group_digits(threads), cpus, group_digits(threads * cpus)));
}

std::vector<int> cpus_of(const record_options &options)
{
	const std::string online_text = first_line("/sys/devices/system/cpu/online");
	const std::vector<int> online = parse_cpus(online_text.empty() ? "0" : online_text);
	for (const int cpu : options.cpus)
		if (!std::binary_search(online.begin(), online.end(), cpu))
			throw failure(exit_usage,
				      fmt::format("CPU {} is not online: give some of {}", cpu,
						  online_text));
	return options.cpus.empty() ? online : options.cpus;
}

namespace
{

// Of the file that comes next.
cpu_ring &map_ring(open_files &all, const reader::file &file, int cpu,
		   const record_options &options, bool overwrite = false)
{
	auto area = reader::mapping::map(file, options.pages,
					 overwrite ? reader::mapping::access::overwrite
						   : reader::mapping::access::consume);
	if (!area)
		throw explain_map(area.error(), options);
	reader::ring ring(area->user_page(), area->data());
	all.rings.push_back(
		{cpu, *std::move(area), std::move(ring), all.files.size(), std::nullopt, {}});
	return all.rings.back();
}

// A stream is one writer's: each has an area of its own.
void map_trace(open_files &all, const reader::file &file, int cpu, const record_options &options)
{
	cpu_ring &ring = map_ring(all, file, cpu, options);
	auto aux = reader::aux_area::map(file, ring.area, options.aux_pages);
	if (!aux)
		throw explain_map_aux(aux.error(), options);
	ring.aux.emplace(*std::move(aux));
}

} // namespace

namespace
{

// Drivers do not say whether they fill AUX areas; the first file of an event finds it out.
enum class fills_aux { unknown, no, yes };

/*
 * @return has the file a ring of its own now? No: it may use the CPU's.
 */
bool map_drivers_area(open_files &all, const reader::file &file, int cpu, const std::string &source,
		      const record_options &options, fills_aux &fills)
{
	if (fills == fills_aux::no)
		return false;
	cpu_ring &ring = map_ring(all, file, cpu, options);
	auto aux = reader::aux_area::map(file, ring.area, options.aux_pages);
	if (aux) {
		if (options.overwrite)
			throw failure(exit_usage,
				      fmt::format("--overwrite keeps no bytes of a driver's AUX "
						  "area, which {} has: leave it out",
						  source));
		ring.aux.emplace(*std::move(aux));
		ring.driver = source;
		fills = fills_aux::yes;
		return true;
	}
	if (fills == fills_aux::yes || aux.error().code.value() != EOPNOTSUPP)
		throw explain_map_aux(aux.error(), options);
	all.rings.pop_back();
	fills = fills_aux::no;
	return false;
}

void set_filter(const reader::file &file, const chosen_event &event)
{
	auto done = file.set_filter(event.filter);
	if (done)
		return;
	const auto check = file.check_filter(event.filter);
	throw explain_filter(done.error(), event, check ? std::optional(*check) : std::nullopt);
}

} // namespace

open_files open_all(const record_options &options, const std::vector<chosen_event> &events,
		    std::vector<perf_event_attr> &attrs, const std::vector<pid_t> &threads,
		    const opener &open, bool into_pipe)
{
	raise_file_limit();
	const cgroup_directories cgroups(options.cgroups, events.size());
	open_files all;
	all.ids.resize(events.size());
	std::vector<fills_aux> fills(events.size(), fills_aux::no);
	for (size_t which = 0; which < events.size(); which++)
		if (events[which].is_typed() && !events[which].is_tracepoint())
			fills[which] = fills_aux::unknown;
	for (const int cpu : cpus_of(options)) {
		std::optional<size_t> first; // of the CPU: it has the ring that the others write to
		for (size_t which = 0; which < events.size(); which++) {
			const auto &event = events[which];
			const auto open_here = [&](pid_t thread) -> std::optional<reader::file> {
				auto file = open_one(event.source, attrs[which],
						     cgroups.tasks_of(which, thread), cpu, open);
				if (file)
					return *std::move(file);
				if (file.error().code.value() == ESRCH && threads.size() > 1)
					return std::nullopt; // it ended since we listed it
				throw explain_open(file.error(), options, event);
			};
			const auto check_ids = [&] {
				if (into_pipe)
					check_ids_fit_in_pipe(events.size(), threads.size(),
							      cpus_of(options).size());
			};
			for (auto &file : open_on_threads(threads, open_here, check_ids)) {
				auto id = file.id();
				if (!id)
					throw plain_failure(id.error());
				if (options.verbose)
					say("perfbuf: {} on CPU {}: id {}\n", event.name(), cpu,
					    *id);
				if (!event.filter.empty())
					set_filter(file, event);
				if (event.is_trace()) {
					map_trace(all, file, cpu, options);
				} else if (map_drivers_area(all, file, cpu, event.source, options,
							    fills[which])) {
					// A stream is one writer's: its ring is its own.
				} else if (!first) {
					first = all.files.size();
					map_ring(all, file, cpu, options, options.overwrite);
				} else if (auto done = file.redirect(all.files[*first]); !done) {
					throw plain_failure(done.error());
				}
				all.ids[which].push_back(*id);
				all.files.push_back(std::move(file));
			}
		}
	}
	follow_new_threads(all.files, options, threads);
	if (all.files.empty())
		throw failure(exit_failed, "the processes ended before recording began");
	return all;
}

} // namespace perfbuf::program
