// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Composes the sentence that says what to do about an error.
#include "program/explain.hpp"

#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <linux/perfbuf.h>
#include <unistd.h>

#include "program/filter_mistake.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

failure explain_missing(const std::string &source)
{
	const auto sources = read_sources();
	if (!sources.empty() && source == trace_source)
		return {exit_failed,
			"there is no source functrace: it needs a kernel with the function tracer "
			"(CONFIG_FUNCTION_TRACER), and a module as new as this perfbuf"};
	if (!sources.empty())
		return {exit_usage, fmt::format("there is no source \"{}\": give one of {}", source,
						names_of(sources))};
	std::error_code ignored;
	if (!std::filesystem::exists("/sys/module/perfbuf", ignored))
		return {exit_failed,
			"the module perfbuf is not loaded: load it with modprobe perfbuf"};
	return {exit_failed,
		"the module perfbuf has no sources in /dev/perfbuf: see perfbuf doctor"};
}

// The file is there, and the source does not know what attr names.
failure explain_unknown_event(const chosen_event &event)
{
	if (event.source == "ftrace")
		return {exit_usage, "the source ftrace takes the number of an event that tracefs "
				    "has enabled: name "
				    "a tracepoint instead, such as -e sched:sched_switch"};
	return {exit_failed,
		fmt::format("the source {} does not have the event that this perfbuf asks it for: "
			    "install perfbuf and its module from one version",
			    event.source)};
}

bool is_there(const std::string &source)
{
	std::error_code ignored;
	return std::filesystem::exists("/dev/perfbuf/" + source, ignored);
}

failure no_function_tracing()
{
	return {exit_failed,
		"the kernel does not trace functions now: set kernel.ftrace_enabled to 1 "
		"with sysctl"};
}

// Of the typed events of a driver, to a process without CAP_PERFMON, as the module's rule is.
failure explain_rights_of_typed(const record_options &options, const std::string &source)
{
	if (::access(("/dev/perfbuf/" + source).c_str(), R_OK | W_OK) < 0)
		return explain_device(source, EACCES);
	if (options.chains != call_graph::none)
		return {exit_failed, "callers are for processes with CAP_PERFMON: leave out -g and "
				     "--call-graph, or run it as root"};
	if (!options.cgroups.empty())
		return {exit_failed,
			"recording a cgroup needs CAP_PERFMON: leave out -G, or run it "
			"as root"};
	if (!options.all_cpus)
		return {exit_failed,
			"recording one process needs CAP_PERFMON: give -a for the events of all of "
			"them, or run it as root"};
	return {exit_failed, fmt::format("recording {} needs CAP_PERFMON: run it as root", source)};
}

failure explain_rights(const record_options &options, const chosen_event &event)
{
	const std::string lockdown = first_line("/sys/kernel/security/lockdown");
	const bool confidential = lockdown.find("[confidentiality]") != std::string::npos;
	if (!options.may_trace && event.is_typed() && !event.is_tracepoint())
		return explain_rights_of_typed(options, event.source);
	if (event.is_trace())
		return {exit_failed,
			confidential && options.may_trace
				? "this kernel is locked down for confidentiality: its "
				  "functions cannot be traced"
				: "tracing the kernel's functions needs CAP_PERFMON: "
				  "run it as root"};
	if (!options.may_trace)
		return {exit_failed, fmt::format("recording {} needs CAP_PERFMON: run it as root",
						 event.name())};
	if (confidential && (!options.exclude_kernel || options.chains == call_graph::dwarf))
		return {exit_failed, "this kernel is locked down for confidentiality: give "
				     "--exclude-kernel, and no "
				     "--call-graph dwarf"};
	return explain_device(event.source, EACCES);
}

} // namespace

failure explain_open(const reader::error &why, const record_options &options,
		     const chosen_event &event)
{
	switch (why.code.value()) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		if (event.is_typed())
			return {exit_failed, fmt::format("{} went while it was being opened: see "
							 "perfbuf list for what there is",
							 event.name())};
		if (event.counted && why.code.value() == ENOENT)
			return {exit_failed,
				fmt::format(
					"this processor or kernel does not count {}: take another "
					"event of {}, such as cpu-clock",
					event.counted->name, event.source)};
		return is_there(event.source) ? explain_unknown_event(event)
					      : explain_missing(event.source);
	case EACCES:
	case EPERM:
		return explain_rights(options, event);
	case EOPNOTSUPP:
		if (!options.cgroups.empty())
			return {exit_failed,
				fmt::format(
					"{} cannot be recorded of a cgroup alone: leave out -G, "
					"or take clock or events of a driver",
					event.name())};
		if (event.is_trace() && options.chains == call_graph::none && !options.clock)
			return no_function_tracing();
		return {exit_failed,
			fmt::format("the source {} cannot record what was asked for: leave out {}",
				    event.source,
				    options.chains == call_graph::dwarf	 ? "--call-graph dwarf"
				    : options.chains != call_graph::none ? "-g"
				    : options.clock			 ? "--clockid"
									 : "options until it can")};
	case EINVAL:
		return {exit_failed,
			fmt::format("the source {} does not accept these options: try another {}",
				    event.source,
				    options.clock			 ? "--clockid"
				    : options.period || event.is_typed() ? "period (-c)"
									 : "rate (-F)")};
	case EMFILE:
	case ENFILE:
		return {exit_failed, "too many files: raise the limit (ulimit -n), or record fewer "
				     "processes or CPUs (-C)"};
	case ESRCH:
		return {exit_usage, "there is no such process: see ps -e for those there are"};
	case ENOMEM:
	case ENOSPC:
		return {exit_failed, fmt::format("the source {} has no space for another file: end "
						 "another recording first",
						 event.source)};
	default:
		return plain_failure(why);
	}
}

failure explain_device(const std::string &source, int why)
{
	if (why != EACCES && why != EPERM)
		return explain_missing(source);
	return {exit_failed,
		fmt::format("no right to open /dev/perfbuf/{}: run it as root or as the group that "
			    "owns it",
			    source)};
}

// Only function traces have something left that can fail then.
failure explain_enable(const reader::error &why)
{
	return why.code.value() == EOPNOTSUPP ? no_function_tracing() : plain_failure(why);
}

namespace
{

failure explain_trace_filter(const reader::error &why, const chosen_event &event)
{
	const std::string filter = fmt::format("--filter '{}'", event.filter);
	switch (why.code.value()) {
	case EINVAL:
		return {exit_usage,
			fmt::format(
				"{} is not understood: give names of functions, which may have * "
				"and ?, with commas: vfs_*,!vfs_write,ext4_*:mod:ext4,:mod:xfs",
				filter)};
	case ENOENT:
		return {exit_usage,
			fmt::format("{}: a part of it matches no function: see "
				    "/sys/kernel/tracing/available_filter_functions for those that "
				    "can be traced",
				    filter)};
	case E2BIG:
		return {exit_usage,
			fmt::format("{} is too long, or has too many parts: give fewer", filter)};
	default:
		return plain_failure(why);
	}
}

} // namespace

failure explain_filter(const reader::error &why, const chosen_event &event,
		       const std::optional<reader::filter_check> &check)
{
	if (event.is_trace())
		return explain_trace_filter(why, event);
	if (check && check->code) {
		std::string sentence = fmt::format("--filter for {}: {}", event.name(),
						   reader::explain_filter(event.filter, *check));
		if (check->reason == PERFBUF_FILTER_NO_FIELD ||
		    check->reason == PERFBUF_FILTER_WANTS_FIELD)
			sentence += fmt::format(": its fields are {}", field_names(event.typed));
		return {exit_usage,
			sentence + "\n" + reader::point_at_filter(event.filter, *check)};
	}
	std::string filter = fmt::format("--filter '{}' for {}", event.filter, event.name());
	const int code = why.code.value();
	auto mistake = code == EINVAL || code == ENOENT
			       ? find_filter_mistake(event.filter, fields_of(event.typed))
			       : std::nullopt;
	if (!mistake && code == ENOENT)
		mistake = find_named_value(event.filter);
	if (mistake)
		filter += fmt::format(", at character {}: {}: it", mistake->position,
				      mistake->reason);
	switch (code) {
	case EINVAL:
		return {exit_usage,
			fmt::format("{} is not understood: compare fields by == != < <= > >= & (of "
				    "strings == != ~) with a value, and join by && || ! and ()",
				    filter)};
	case ENOENT:
		return {exit_usage,
			fmt::format("{} names a field or a value that the event has not: its "
				    "fields are {}; see its format in /sys/class/perfbuf/{}/events",
				    filter, field_names(event.typed), event.source)};
	case ERANGE:
		return {exit_usage, fmt::format("{} has a number that its field cannot hold: give "
						"one within the field's type",
						filter)};
	case E2BIG:
		return {exit_usage, fmt::format("{} is too long: give fewer comparisons, or "
						"shorter words",
						filter)};
	case EOPNOTSUPP:
	case ENOTTY:
		return {exit_failed,
			fmt::format("{} cannot be set: the module is older than perfbuf, install "
				    "both from one version",
				    filter)};
	default:
		return plain_failure(why);
	}
}

failure explain_map(const reader::error &why, const record_options &options)
{
	switch (why.code.value()) {
	case EPERM:
		return {exit_failed,
			fmt::format("rings of {} pages are more than you may lock: give a smaller "
				    "-m, or raise ulimit -l or "
				    "/sys/module/perfbuf/parameters/mlock_kb",
				    options.pages)};
	case ENOMEM:
	case EINVAL:
		return {exit_failed,
			fmt::format("there is no memory for rings of {} pages: give a smaller -m",
				    options.pages)};
	default:
		return plain_failure(why);
	}
}

failure explain_map_aux(const reader::error &why, const record_options &options)
{
	switch (why.code.value()) {
	case EPERM:
		return {exit_failed,
			fmt::format("areas of {} pages for the trace are more than you may lock: "
				    "give a smaller --aux-pages, or raise ulimit -l or "
				    "/sys/module/perfbuf/parameters/mlock_kb",
				    options.aux_pages)};
	case ENOMEM:
	case EINVAL:
		return {exit_failed, fmt::format("there is no memory for a trace area of {} pages "
						 "on each CPU: give a smaller --aux-pages",
						 options.aux_pages)};
	case EOPNOTSUPP:
		return {exit_failed, "the source fills no AUX area, so it writes no trace: install "
				     "perfbuf and its module from one version"};
	default:
		return plain_failure(why);
	}
}

failure explain_create(const std::string &path, int why)
{
	switch (why) {
	case ENOENT:
	case ENOTDIR:
		return {exit_failed,
			fmt::format("there is no directory for {}: create it, or give another FILE",
				    path)};
	case ENXIO:
		return {exit_failed,
			fmt::format("no process reads {}: start its reader first, or give another "
				    "FILE",
				    path)};
	case EISDIR:
		return {exit_failed, fmt::format("{} is a directory: give a FILE in it", path)};
	case EACCES:
	case EPERM:
	case EROFS:
		return {exit_failed,
			fmt::format("{} cannot be written ({}): give a FILE where you may write",
				    path, std::strerror(why))};
	default:
		return {exit_failed, fmt::format("{} cannot be created ({}): give another FILE",
						 path, std::strerror(why))};
	}
}

failure explain_read(const std::string &path, int why)
{
	if (why == ENOENT || why == ENOTDIR)
		return {exit_failed, fmt::format("there is no file {}: give one that perfbuf trace "
						 "-o or perfbuf record -e functrace wrote",
						 path)};
	return {exit_failed, fmt::format("{} cannot be read ({}): give a FILE that you may read",
					 path, std::strerror(why))};
}

failure explain_output(int why)
{
	return {exit_failed, fmt::format("standard output takes no more ({}): send it into another "
					 "file or pipe",
					 std::strerror(why))};
}

} // namespace perfbuf::program
