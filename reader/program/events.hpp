// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the -e of a command line stand for. */
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "program/counters.hpp"
#include "program/options.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

/** The source that writes function traces (docs/functrace.md). */
inline constexpr std::string_view trace_source = "functrace";

/** The source of what tracefs has enabled (docs/ftrace.md). */
inline constexpr std::string_view trace_events_source = "ftrace";

/** Something that one attr describes: a source without typed events, a typed event, or a counter.
 */
struct chosen_event {
	std::string source;
	source_event typed;		  /**< without a name: the source has no typed events */
	std::string filter;		  /**< empty: everything */
	const counter *counted = nullptr; /**< of the pmu source */
	std::string system{}; /**< of an event of tracefs, which pmu or ftrace records */

	bool is_typed() const noexcept { return !typed.name.empty(); }
	/** It is the kernel's own, not a driver's. */
	bool is_tracepoint() const noexcept { return !system.empty(); }
	/** It writes no samples, but a trace into an AUX area. */
	bool is_trace() const noexcept { return source == trace_source; }
	std::string name() const
	{
		if (counted)
			return source + ":" + std::string(counted->name);
		if (is_tracepoint())
			return system + ":" + typed.name;
		return is_typed() ? source + ":" + typed.name : source;
	}
	/** As perf shows it. */
	std::string reported_name() const { return counted ? std::string(counted->name) : name(); }
};

/** "clock,mydev:tick", "mydev:*" -> what it names. Throws `failure` where it is no such list. */
std::vector<event_choice> parse_events(std::string_view text);

/**
 * Each event once, in the order of the choices; of a source that has typed events and is named
 * alone, all of them. Throws `failure` where there is no such event.
 * @param sources those there are; one that is not among them is left to be opened
 * @param tracefs where a name that is no source's is looked up: "sched:sched_switch"
 */
std::vector<chosen_event>
choose_events(const std::vector<event_choice> &choices, const std::vector<source> &sources,
	      const std::filesystem::path &tracefs = "/sys/kernel/tracing");

/**
 * Those of the command line, of the sources that there are. With several cgroups (-G) an event that
 * is chosen twice is there twice, because each has a place in their list.
 */
std::vector<chosen_event> choose_events(const record_options &options);

/** The fields that a filter may name; empty if the format makes no sense. */
std::vector<std::string> fields_of(const source_event &of);

/** "count, message": the fields that a filter may name; empty if the format makes no sense */
std::string field_names(const source_event &of);

} // namespace perfbuf::program
