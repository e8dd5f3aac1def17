// SPDX-License-Identifier: GPL-2.0
/* The files, areas and attributes that an actor of the fuzzer holds. */
#include "fuzz/world.hpp"

#include <csignal>
#include <cstring>
#include <fstream>
#include <string>

#include <linux/hw_breakpoint.h>
#include <sys/mman.h>
#include <unistd.h>

namespace fuzz
{

namespace
{

volatile uint32_t watched; /* by breakpoints */

thread_local sigjmp_buf back;
thread_local volatile sig_atomic_t may_jump;

void on_fault(int signal)
{
	if (may_jump)
		siglongjmp(back, signal);
	_exit(99);
}

uint64_t id_in(const std::string &path)
{
	uint64_t id = 0;
	std::ifstream(path) >> id;
	return id;
}

} /* namespace */

int actor::file()
{
	if (once_in(64))
		return one_of({-1, 0, 1000000});
	for (int tries = 0; tries < 8; tries++) {
		const int fd = file_slot().load();
		if (fd >= 0)
			return fd;
	}
	return -1;
}

void actor::keep_file(int fd)
{
	const int old = file_slot().exchange(fd);
	if (old >= 0)
		close(old);
}

void actor::keep_area(void *base, size_t bytes, bool writable)
{
	area *old = area_slot().exchange(new area{base, bytes, writable});
	if (!old)
		return;
	munmap(old->base, old->bytes);
	delete old;
}

perf_event_attr some_attr(actor &by)
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.disabled = by.below(2);
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.sample_period = by.one_of<uint64_t>({1, 1, 7, 200'000, 1'000'000});
	const unsigned kind = by.role & tracer ? static_cast<unsigned>(by.below(6)) : 0;
	switch (kind) {
	case 0:
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = id_in(by.one_of({"/sys/class/perfbuf/inject/events/message/id",
					       "/sys/class/perfbuf/inject/events/message/id",
					       "/sys/class/perfbuf/testdev/events/counted/id",
					       "/sys/class/perfbuf/testdev/events/all/id"}));
		attr.sample_type |= PERF_SAMPLE_RAW;
		break;
	case 1:
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
		attr.sample_period = by.one_of<uint64_t>({0, 200'000, 1'000'000, 10'000'000});
		attr.sample_type |= PERF_SAMPLE_IP;
		break;
	case 2:
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = by.one_of<uint64_t>(
			{PERF_COUNT_SW_PAGE_FAULTS, PERF_COUNT_SW_CONTEXT_SWITCHES,
			 PERF_COUNT_SW_CPU_MIGRATIONS, PERF_COUNT_SW_DUMMY});
		break;
	case 3:
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = id_in("/sys/kernel/tracing/events/sched/sched_switch/id");
		attr.sample_type |= PERF_SAMPLE_RAW;
		break;
	case 4:
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
		attr.config1 = by.below(8);
		attr.sample_period = 0;
		break;
	case 5:
		attr.type = PERF_TYPE_BREAKPOINT;
		attr.bp_type = HW_BREAKPOINT_W;
		attr.bp_addr = reinterpret_cast<uintptr_t>(&watched);
		attr.bp_len = HW_BREAKPOINT_LEN_4;
		attr.sample_period = 1;
		watched = watched + 1;
		break;
	}
	if (by.once_in(2)) {
		attr.inherit = by.once_in(3);
		attr.enable_on_exec = by.once_in(4);
		attr.comm = by.once_in(3);
		attr.task = by.once_in(3);
		attr.sample_id_all = by.once_in(2);
		attr.watermark = by.once_in(3);
		attr.wakeup_events = static_cast<uint32_t>(by.one_of<uint64_t>({0, 1, 4096}));
		attr.write_backward = by.once_in(6);
		attr.read_format = by.one_of<uint64_t>({0, 7, 31, PERF_FORMAT_LOST, 1ULL << 63});
	}
	if (by.role & tracer && by.once_in(4)) {
		attr.remove_on_exec = attr.exclude_kernel = 1;
		attr.sigtrap = by.once_in(2);
	}
	if (by.role & tracer && by.once_in(3)) {
		attr.mmap = by.once_in(2);
		attr.mmap2 = by.once_in(2);
		attr.mmap_data = by.once_in(4);
		attr.exclude_kernel = by.once_in(3);
		attr.exclude_user = by.once_in(6);
		attr.freq = by.once_in(8);
		if (by.once_in(2))
			attr.sample_type |=
				by.one_of<uint64_t>({PERF_SAMPLE_CALLCHAIN, PERF_SAMPLE_ADDR,
						     PERF_SAMPLE_READ, PERF_SAMPLE_IDENTIFIER,
						     PERF_SAMPLE_PERIOD, PERF_SAMPLE_STREAM_ID});
		if (by.once_in(4)) {
			attr.sample_type |= PERF_SAMPLE_STACK_USER | PERF_SAMPLE_REGS_USER;
			attr.sample_stack_user = 512;
			attr.sample_regs_user = 0xff;
		}
	}
	/* And something that is wrong. */
	if (by.once_in(6)) {
		auto *bytes = reinterpret_cast<uint8_t *>(&attr);
		for (uint64_t n = 1 + by.below(3); n; n--)
			bytes[by.below(sizeof(attr))] ^= static_cast<uint8_t>(1u << by.below(8));
	}
	return attr;
}

void catch_faults()
{
	struct sigaction action = {};
	action.sa_handler = on_fault;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGSEGV, &action, nullptr);
	sigaction(SIGBUS, &action, nullptr);
	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTRAP, SIG_IGN);
}

int with_memory(void (*access)(volatile uint8_t *at, size_t bytes, uint64_t random), const area &at,
		uint64_t random)
{
	if (sigsetjmp(back, 0)) {
		may_jump = 0;
		return EFAULT;
	}
	may_jump = 1;
	access(static_cast<volatile uint8_t *>(at.base), at.bytes, random);
	may_jump = 0;
	return 0;
}

void act(actor &by, tally *all, uint64_t count)
{
	static const std::vector<operation> &ops = operations();
	std::vector<uint32_t> choices;

	for (uint32_t i = 0; i < ops.size(); i++) {
		if (ops[i].roles & by.role)
			choices.insert(choices.end(), ops[i].weight, i);
	}
	for (uint64_t n = 0; n < count && !(all && all->stop); n++) {
		const uint32_t which = choices[by.below(choices.size())];
		if (all)
			all->current[by.index] = which + 1;
		const int error = ops[which].call(by);
		if (!all)
			continue;
		all->counts[which][error < 0 || error >= static_cast<int>(errno_max)
					   ? errno_max - 1
					   : static_cast<unsigned>(error)]++;
		all->done[by.index]++;
	}
	if (all)
		all->current[by.index] = 0;
}

} /* namespace fuzz */
