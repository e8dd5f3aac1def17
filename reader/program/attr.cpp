// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Makes perf_event_attr for the events of the command line.
#include "program/attr.hpp"

#include <algorithm>
#include <perfbuf/file.hpp>

#include "program/cgroups.hpp"
#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

// All general registers and the flags; of x86 not the segments DS to GS, which a 64-bit process has
// no use for.
#if defined(__x86_64__)
constexpr uint64_t user_registers = 0xff0fff;
#elif defined(__aarch64__)
constexpr uint64_t user_registers = (1ULL << 33) - 1;
#elif defined(__riscv)
constexpr uint64_t user_registers = (1ULL << 32) - 1;
#else
constexpr uint64_t user_registers = 0; // no DWARF unwinding: the kernel refuses the attr
#endif

void set_untyped(perf_event_attr &attr, const record_options &options, const counter *counted,
		 bool has_period)
{
	attr.type = counted ? counted->type : uint32_t{PERF_TYPE_SOFTWARE};
	attr.config = counted ? counted->config : uint64_t{PERF_COUNT_SW_CPU_CLOCK};
	if (has_period) {
		attr.sample_period = options.period;
	} else {
		attr.freq = 1;
		attr.sample_freq = options.frequency;
		attr.sample_type |= PERF_SAMPLE_PERIOD; // it changes from sample to sample
	}
	attr.exclude_kernel = options.exclude_kernel;
	attr.exclude_user = options.exclude_user;
	attr.exclude_idle = options.exclude_idle;
}

// It takes no samples: no period, and nothing that a sample would have.
void set_trace(perf_event_attr &attr, const record_options &options)
{
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.config1 = options.tick_shift;
	attr.sample_type &= ~static_cast<uint64_t>(PERF_SAMPLE_IP);
}

void set_typed(perf_event_attr &attr, const record_options &options, uint64_t id)
{
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = id;
	attr.sample_period = options.period ? options.period : 1;
	attr.sample_type |= PERF_SAMPLE_RAW;
}

perf_event_attr make_attr(const record_options &options, const chosen_event &event, bool any_typed,
			  bool has_task_records)
{
	perf_event_attr attr{};
	attr.size = reader::file::attr_size;
	attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			   PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	if (event.is_trace())
		set_trace(attr, options);
	else if (event.is_typed())
		set_typed(attr, options, event.typed.id);
	else
		set_untyped(attr, options, event.counted, options.period && !any_typed);

	attr.disabled = 1;
	attr.inherit = !options.all_cpus && options.tids.empty();
	attr.enable_on_exec = !options.command.empty() && !options.all_cpus &&
			      options.pids.empty() && !options.delay && !options.starts_disabled;
	attr.exclude_guest = 1;
	attr.write_backward = options.overwrite;

	attr.sample_id_all = 1;
	// Without the right to trace, addresses, maps and other processes are refused.
	if (!options.may_trace)
		attr.sample_type &= ~static_cast<uint64_t>(PERF_SAMPLE_IP);
	attr.mmap = attr.mmap2 = has_task_records && options.may_trace;
	attr.comm = attr.comm_exec = attr.task =
		has_task_records && (options.may_trace || !options.all_cpus);

	if (options.chains != call_graph::none && !event.is_trace())
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	if (options.chains == call_graph::dwarf && !event.is_trace()) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr.sample_regs_user = user_registers;
		attr.sample_stack_user = options.stack_bytes;
		attr.exclude_callchain_user = 1; // that half is unwound from the stack
		attr.mmap_data = has_task_records;
	}
	if (options.clock) {
		attr.use_clockid = 1;
		attr.clockid = *options.clock;
	}
	return attr;
}

} // namespace

std::vector<perf_event_attr> make_attrs(const record_options &options,
					const std::vector<chosen_event> &events)
{
	const auto in_kernel = std::find_if(events.begin(), events.end(), [](const auto &each) {
		return each.is_typed() || each.is_trace();
	});
	const bool any_typed = std::any_of(events.begin(), events.end(),
					   [](const auto &each) { return each.is_typed(); });
	if (in_kernel != events.end() &&
	    (options.exclude_kernel || options.exclude_user || options.exclude_idle))
		throw failure(exit_usage,
			      in_kernel->name() +
				      " happens in the kernel, whatever runs there: leave out "
				      "--exclude-kernel, --exclude-user and --exclude-idle");
	std::vector<perf_event_attr> attrs;
	for (size_t at = 0; at < events.size(); at++)
		attrs.push_back(
			make_attr(options, events[at], any_typed,
				  options.side_band && is_first_of_cgroup(options.cgroups, at)));
	return attrs;
}

} // namespace perfbuf::program
