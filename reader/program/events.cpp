// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds the events that the command line names, among sources, counters and tracepoints.
#include "program/events.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <perfbuf/format.hpp>

#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

const source *find_source(const std::vector<source> &sources, const std::string &name)
{
	const auto found = std::find_if(sources.begin(), sources.end(),
					[&](const source &each) { return each.name == name; });
	return found == sources.end() ? nullptr : &*found;
}

failure no_such_source(const std::string &name, const std::vector<source> &sources)
{
	if (!name.empty() && find_counter(name))
		return {exit_usage,
			fmt::format("there is no source \"{}\": the counter of that name "
				    "is -e {}:{}",
				    name, counter_source, name)};
	return {exit_usage,
		sources.empty() ? fmt::format("there is no source \"{}\": see perfbuf doctor", name)
				: fmt::format("there is no source \"{}\": give one of {}", name,
					      names_of(sources))};
}

failure no_such_counter(const event_choice &choice)
{
	return {exit_usage, fmt::format("the source {} has no event \"{}\": give one of {}",
					choice.source, choice.event, counter_names())};
}

failure no_such_event(const event_choice &choice, const source &of)
{
	if (of.events.empty())
		return {exit_usage, fmt::format("the source {} has no typed events: give -e {}",
						of.name, of.name)};
	std::string names;
	for (const auto &event : of.events)
		names += (names.empty() ? "" : ", ") + event.name;
	return {exit_usage, fmt::format("the source {} has no event \"{}\": give one of {}",
					of.name, choice.event, names)};
}

// Tracepoints of the kernel, "sched:sched_switch". The events of a directory of tracefs are as
// those of a source in sysfs.
std::vector<chosen_event> find_tracepoints(const event_choice &choice,
					   const std::filesystem::path &tracefs)
{
	std::vector<chosen_event> found;
	if (choice.source.find('/') != std::string::npos || choice.event.empty())
		return found;
	for (auto &event : read_events(tracefs / "events" / choice.source))
		if (::fnmatch(choice.event.c_str(), event.name.c_str(), 0) == 0)
			found.push_back({std::string(counter_source),
					 std::move(event),
					 {},
					 nullptr,
					 choice.source});
	return found;
}

// Of the events that tracefs writes by itself only markers come, and they need no enabling.
chosen_event find_marker(const event_choice &choice, const std::filesystem::path &tracefs)
{
	for (auto &event : read_events(tracefs / "events" / trace_events_source))
		if (event.name == choice.event && event.name == "print")
			return {std::string(trace_events_source),
				std::move(event),
				{},
				nullptr,
				std::string(trace_events_source)};
	throw failure(exit_usage,
		      fmt::format("{}:{} does not come: give {}:print for what is written to "
				  "trace_marker, or a tracepoint, such as sched:sched_switch",
				  choice.source, choice.event, choice.source));
}

// A second choice of the same event narrows nothing: the first filter stands.
void add(std::vector<chosen_event> &to, chosen_event event)
{
	for (const auto &each : to)
		if (each.name() == event.name()) {
			if (each.filter != event.filter)
				throw failure(exit_usage,
					      fmt::format("{} is chosen twice with filters that "
							  "differ: join them with {}",
							  event.name(),
							  event.is_trace() ? "commas" : "||"));
			return;
		}
	to.push_back(std::move(event));
}

void add_tracepoints(std::vector<chosen_event> &to, const event_choice &choice,
		     const std::vector<source> &sources, const std::filesystem::path &tracefs)
{
	auto found = find_tracepoints(choice, tracefs);
	if (found.empty())
		throw no_such_source(choice.source, sources);
	if (!choice.filter.empty())
		throw failure(
			exit_usage,
			fmt::format("--filter is for the typed events of drivers, and {} is a "
				    "tracepoint of the kernel: put it after a typed event",
				    found.front().name()));
	for (auto &each : found)
		add(to, std::move(each));
}

} // namespace

std::vector<event_choice> parse_events(std::string_view text)
{
	std::vector<event_choice> choices;
	for (size_t at = 0; at <= text.size();) {
		const size_t comma = std::min(text.find(',', at), text.size());
		const std::string item(text.substr(at, comma - at));
		const size_t colon = std::min(item.find(':'), item.size());
		event_choice choice{
			item.substr(0, colon), item.substr(std::min(colon + 1, item.size())), {}};
		const bool whole = colon == item.size() || !choice.event.empty();
		if (choice.source.empty() || !whole ||
		    choice.event.find_first_of(": \t") != std::string::npos)
			throw failure(exit_usage,
				      fmt::format("-e {}: give sources and events as perfbuf list "
						  "shows them, such as clock,mydev:tick",
						  text));
		choices.push_back(std::move(choice));
		at = comma + 1;
	}
	return choices;
}

std::vector<chosen_event> choose_events(const std::vector<event_choice> &choices,
					const std::vector<source> &sources,
					const std::filesystem::path &tracefs)
{
	std::vector<chosen_event> chosen;
	for (const auto &choice : choices) {
		const source *of = find_source(sources, choice.source);
		const counter *counted = nullptr;
		if (choice.source == counter_source && !(counted = find_counter(choice.event)))
			throw no_such_counter(choice);
		if (!of && !counted && !choice.event.empty()) {
			add_tracepoints(chosen, choice, sources, tracefs);
			continue;
		}
		if (of && choice.source == trace_events_source && !choice.event.empty()) {
			if (!choice.filter.empty())
				throw failure(exit_usage,
					      "--filter is for the typed events of drivers, and "
					      "markers have none: put it after a typed event");
			add(chosen, find_marker(choice, tracefs));
			continue;
		}
		// A counter's name alone is never a source's.
		if (!of && !counted && find_counter(choice.source))
			throw no_such_source(choice.source, sources);
		if (!of || counted || (of->events.empty() && choice.event.empty())) {
			if (!choice.filter.empty() && choice.source != trace_source)
				throw failure(exit_usage,
					      fmt::format("--filter compares fields, and {} has "
							  "none: put it after a typed event",
							  choice.source));
			add(chosen, {choice.source, {}, choice.filter, counted, {}});
			continue;
		}
		const std::string pattern = choice.event.empty() ? "*" : choice.event;
		bool found = false;
		for (const auto &event : of->events)
			if (::fnmatch(pattern.c_str(), event.name.c_str(), 0) == 0) {
				add(chosen, {of->name, event, choice.filter, nullptr, {}});
				found = true;
			}
		if (!found)
			throw no_such_event(choice, *of);
	}
	return chosen;
}

std::vector<chosen_event> choose_events(const record_options &options)
{
	const auto sources = read_sources();
	if (options.cgroups.size() < 2)
		return choose_events(options.events, sources);
	std::vector<chosen_event> all;
	for (const auto &choice : options.events)
		for (auto &event : choose_events({choice}, sources))
			all.push_back(std::move(event));
	return all;
}

std::vector<std::string> fields_of(const source_event &of)
{
	std::vector<std::string> names;
	if (const auto format = reader::parse_format(of.format))
		for (const auto &field : format->fields)
			names.push_back(field.name);
	return names;
}

std::string field_names(const source_event &of)
{
	std::string names;
	for (const auto &name : fields_of(of))
		names += (names.empty() ? "" : ", ") + name;
	return names;
}

} // namespace perfbuf::program
