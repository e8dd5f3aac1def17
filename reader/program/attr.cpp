// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "program/attr.hpp"

#include <perfbuf/file.hpp>

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

} // namespace

perf_event_attr make_attr(const record_options &options)
{
	perf_event_attr attr{};
	attr.size = reader::file::attr_size;
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			   PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	if (options.period) {
		attr.sample_period = options.period;
	} else {
		attr.freq = 1;
		attr.sample_freq = options.frequency;
		attr.sample_type |= PERF_SAMPLE_PERIOD; // it changes from sample to sample
	}

	attr.disabled = 1;
	attr.inherit = !options.all_cpus;
	attr.enable_on_exec = !options.command.empty() && !options.all_cpus && options.pids.empty();
	attr.exclude_kernel = options.exclude_kernel;
	attr.exclude_user = options.exclude_user;
	attr.exclude_idle = options.exclude_idle;
	attr.exclude_guest = 1;

	attr.sample_id_all = 1;
	attr.mmap = 1;
	attr.mmap2 = 1;
	attr.comm = 1;
	attr.comm_exec = 1;
	attr.task = 1;

	if (options.chains != call_graph::none)
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	if (options.chains == call_graph::dwarf) {
		attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		attr.sample_regs_user = user_registers;
		attr.sample_stack_user = options.stack_bytes;
		attr.exclude_callchain_user = 1; // that half is unwound from the stack
		attr.mmap_data = 1;
	}
	if (options.clock) {
		attr.use_clockid = 1;
		attr.clockid = *options.clock;
	}
	return attr;
}

} // namespace perfbuf::program
