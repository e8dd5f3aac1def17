// SPDX-License-Identifier: GPL-2.0
/*
 * Has perfbuf_functrace_bench.ko do the same work untraced, traced by ftrace's function tracer and
 * by functrace; checks that both traces hold the same functions in the same order, as many as were
 * to be entered and as each of the two has counted; and prints a table (Markdown) of what an entry
 * cost.
 */
#include "../common/program.hpp"
#include "functrace_bench.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/perfbuf.h>
#include <perfbuf/functrace.hpp>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace
{

namespace functrace = perfbuf::reader::functrace;

struct work {
	unsigned work;
	const char *name;
	unsigned rounds;
	const char *functions; /* that are traced: for ftrace, for ours */
	const char *filter;
	uint64_t entries; /* of a round; 0: as many as both traces say */
};

constexpr work works[] = {
	{FUNCTRACE_BENCH_ONE, "one function", 32768, "functrace_bench_*", "functrace_bench_*", 1},
	{FUNCTRACE_BENCH_MANY, "64 functions in turn", 512, "functrace_bench_*",
	 "functrace_bench_*", FUNCTRACE_BENCH_FUNCTIONS},
	{FUNCTRACE_BENCH_CALLS, "write, read, fstat, stat; all functions", 512, "*", "", 0},
};

/* The entries that a trace has of a work. */
struct traced {
	uint64_t ticks = 0;
	std::vector<uint64_t> functions; /* in the order in which they were entered */
	double bytes = 0;		 /* of them all, as a reader gets them */
	double mean_bytes = 0; /* of an entry, as the tracer itself counts them, and of all
				* that it had to say while it was on */
};

/* The functions of a trace, and where in its bytes each begins. */
struct whole_trace {
	std::vector<uint64_t> functions, offsets;

	void add(uint64_t function, uint64_t offset)
	{
		functions.push_back(function);
		offsets.push_back(offset);
	}
};

/* Each step takes far longer than an instruction: a tick of a microsecond keeps it on the fast
 * path. */
constexpr unsigned stepping_tick_shift = 10;

/* Calls of a function after which its next call is as expected as it gets. */
constexpr unsigned calls_before = 8;

class bench
{
public:
	bench()
		: fd_(open_or_fail("/proc/functrace_bench", O_RDWR)),
		  write_fd_(open_or_fail("/dev/null", O_WRONLY)),
		  read_fd_(open_or_fail("/dev/zero", O_RDONLY))
	{
		/* The memory that the work writes to must be mapped: a fault would let interrupts
		 * in. */
		memset(buffer_, 1, sizeof(buffer_));
		memset(&stat_, 1, sizeof(stat_));
		std::ifstream file("/proc/kallsyms");
		std::string line;

		while (std::getline(file, line)) {
			std::istringstream words(line);
			std::string type, name;
			uint64_t address;

			words >> std::hex >> address >> type >> name;
			if (name == "functrace_bench_begin")
				begin_ = address;
			if (name == "functrace_bench_end")
				end_ = address;
		}
		if (!begin_ || !end_)
			fail_as("the bench's functions are not in /proc/kallsyms");
	}

	/* Twice: the first time something may have to be done that later is not. */
	uint64_t run(const work &of, unsigned rounds)
	{
		functrace_bench_run wanted = {};

		wanted.work = of.work;
		wanted.rounds = rounds;
		wanted.write_fd = write_fd_;
		wanted.read_fd = read_fd_;
		wanted.buffer = reinterpret_cast<uint64_t>(buffer_);
		wanted.bytes = sizeof(buffer_);
		wanted.path = reinterpret_cast<uint64_t>("/dev/null");
		wanted.stat = reinterpret_cast<uint64_t>(&stat_);
		for (int i = 0; i < 2; i++)
			if (ioctl(fd_, FUNCTRACE_BENCH_RUN, &wanted))
				fail("FUNCTRACE_BENCH_RUN");
		return wanted.ticks;
	}

	void print_steps()
	{
		std::string text(FUNCTRACE_BENCH_TEXT, ' ');
		functrace_bench_steps wanted = {};
		wanted.to = reinterpret_cast<uint64_t>(text.data());
		wanted.space = FUNCTRACE_BENCH_TEXT;
		wanted.before = calls_before;

		if (ioctl(fd_, FUNCTRACE_BENCH_STEPS, &wanted))
			fail("FUNCTRACE_BENCH_STEPS");
		text.resize(wanted.bytes);
		fputs(text.c_str(), stdout);
	}

	/* The instructions of a call that an NMI may interrupt. */
	unsigned interrupt(unsigned at, unsigned before)
	{
		functrace_bench_nmi wanted = {at, 0, before};

		if (ioctl(fd_, FUNCTRACE_BENCH_NMI, &wanted))
			fail("FUNCTRACE_BENCH_NMI");
		return wanted.steps;
	}

	/* The entries between the marks of the last run. */
	traced cut(const whole_trace &all) const
	{
		/* ftrace names a function by a place in it, behind its first instruction at most.
		 */
		const auto is = [](uint64_t function) {
			return [=](uint64_t at) { return at - function < 16; };
		};
		const auto &from = all.functions;
		const auto last_begin = std::find_if(from.rbegin(), from.rend(), is(begin_));
		const auto last_end = std::find_if(from.rbegin(), from.rend(), is(end_));

		if (last_begin == from.rend() || last_end == from.rend() ||
		    last_begin.base() >= last_end.base())
			fail_as("a mark is not in the trace");

		const size_t first = static_cast<size_t>(last_begin.base() - from.begin());
		const size_t behind = static_cast<size_t>(last_end.base() - from.begin()) - 1;
		traced found;

		found.functions.assign(from.begin() + static_cast<ptrdiff_t>(first),
				       from.begin() + static_cast<ptrdiff_t>(behind));
		found.bytes = static_cast<double>(all.offsets[behind] - all.offsets[first]);
		return found;
	}

	static int open_or_fail(const char *path, int flags)
	{
		const int fd = open(path, flags);

		if (fd < 0)
			fail(path);
		return fd;
	}

private:
	int fd_, write_fd_, read_fd_;
	char buffer_[64];
	struct stat stat_;
	uint64_t begin_ = 0, end_ = 0;
};

/* ------------------------------------------------------------ ftrace's function tracer */

const std::string cpu0 = tracing + "per_cpu/cpu0/";

uint64_t stat_of(const std::string &name)
{
	std::ifstream file(cpu0 + "stats");
	std::string line;

	while (std::getline(file, line))
		if (line.starts_with(name + ": "))
			return std::stoull(line.substr(name.size() + 2));
	fail_as("no " + name + " in " + cpu0 + "stats");
}

class function_tracer
{
public:
	explicit function_tracer(const work &of, unsigned = 0)
	{
		write_text(tracing + "tracing_on", "0");
		write_text(tracing + "buffer_size_kb", "16384");
		write_text(tracing + "set_ftrace_filter", of.functions);
		write_text(tracing + "trace", "");
		write_text(tracing + "current_tracer", "function");
		write_text(tracing + "tracing_on", "1");
	}
	function_tracer(const function_tracer &) = delete;

	~function_tracer()
	{
		write_text(tracing + "current_tracer", "nop");
		write_text(tracing + "tracing_on", "1");
	}

	/* No more is traced; what was. */
	whole_trace finish(double &bytes_of_one)
	{
		write_text(tracing + "tracing_on", "0");

		const uint64_t entries = stat_of("entries");
		const uint64_t bytes = stat_of("bytes");

		if (stat_of("overrun") || stat_of("commit overrun") || stat_of("dropped events"))
			fail_as("ftrace lost entries");

		trace_pipe pipe;
		whole_trace all;

		for (uint64_t page = 0; pipe.next_page(); page++)
			for (const trace_pipe::event &event : pipe.events()) {
				uint64_t ip;

				/* Behind the fields that all have (events/ftrace/function/format).
				 */
				memcpy(&ip, event.payload + 8, sizeof(ip));
				all.add(ip, page * page_bytes + event.offset);
			}
		if (all.functions.size() != entries)
			fail_as("ftrace counted " + std::to_string(entries) +
				" entries, and its ring holds " +
				std::to_string(all.functions.size()));
		bytes_of_one = static_cast<double>(bytes) / static_cast<double>(entries);
		return all;
	}
};

/* ------------------------------------------------------------ ours */

class our_tracer
{
public:
	explicit our_tracer(const work &of, unsigned tick_shift = 0)
		: fd_(bench::open_or_fail("/dev/perfbuf/functrace", O_RDWR))
	{
		perf_event_attr attr = {};
		perfbuf_open open = {reinterpret_cast<uint64_t>(&attr), -1, 0, 0};

		attr.type = PERF_TYPE_SOFTWARE;
		attr.size = sizeof(attr);
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
		attr.config1 = tick_shift;
		attr.disabled = 1;
		if (ioctl(fd_, PERFBUF_IOC_OPEN, &open) ||
		    ioctl(fd_, PERF_EVENT_IOC_SET_FILTER, of.filter))
			fail("/dev/perfbuf/functrace");
		page_ = static_cast<perf_event_mmap_page *>(
			map_shared(fd_, ring_bytes, PROT_READ | PROT_WRITE, 0));
		wait_for_clock();
		page_->aux_offset = ring_bytes;
		page_->aux_size = aux_bytes;
		aux_ = static_cast<std::byte *>(
			map_shared(fd_, aux_bytes, PROT_READ | PROT_WRITE, ring_bytes));
		if (ioctl(fd_, PERF_EVENT_IOC_ENABLE, 0))
			fail("PERF_EVENT_IOC_ENABLE");
	}
	our_tracer(const our_tracer &) = delete;

	~our_tracer()
	{
		munmap(aux_, aux_bytes);
		munmap(page_, ring_bytes);
		close(fd_);
	}

	/* The same. @lost: entries may be lost; so many are. */
	whole_trace finish(double &bytes_of_one, uint64_t *lost = nullptr)
	{
		uint64_t entries = 0;

		if (ioctl(fd_, PERF_EVENT_IOC_DISABLE, 0))
			fail("PERF_EVENT_IOC_DISABLE");
		if (read(fd_, &entries, sizeof(entries)) != sizeof(entries))
			fail("the count");

		const uint64_t bytes = __atomic_load_n(&page_->aux_head, __ATOMIC_ACQUIRE);
		functrace::decoder from({aux_, bytes});
		whole_trace all;

		if (bytes >= aux_bytes)
			fail_as("the AUX area is full");
		while (std::optional<functrace::item> item = from.next()) {
			if (item->type == functrace::kind::call)
				all.add(item->address, item->offset);
			else if (item->type == functrace::kind::lost && lost)
				*lost += item->count;
			else if (item->type != functrace::kind::end)
				fail_as("functrace lost entries, or its bytes say nothing: " +
					std::string(functrace::to_string(item->why)) + ", " +
					std::to_string(item->count) + " at " +
					std::to_string(item->offset));
		}
		if (all.functions.size() + (lost ? *lost : 0) != entries)
			fail_as("functrace counted " + std::to_string(entries) +
				" entries, and its bytes hold " +
				std::to_string(all.functions.size()));
		bytes_of_one = static_cast<double>(bytes) / static_cast<double>(entries);
		return all;
	}

private:
	/* The module reads the time stamp counter itself once the kernel does not calibrate it any
	 * more, which is some seconds after the boot. */
	void wait_for_clock() const
	{
		for (int i = 0; i < 600; i++, usleep(100000))
			if (static_cast<volatile perf_event_mmap_page *>(page_)->cap_user_time_zero)
				return;
		fail_as("the module does not read the time stamp counter itself");
	}

	static constexpr size_t ring_bytes = 17 * page_bytes;
	static constexpr size_t aux_bytes = 4 << 20;
	int fd_;
	perf_event_mmap_page *page_;
	std::byte *aux_;
};

/* ------------------------------------------------------------ both */

/* The functions of a file that was closed are let alone a little later. */
void wait_until_untraced()
{
	for (int i = 0; i < 1000; i++) {
		std::ifstream file(tracing + "enabled_functions");

		if (file.is_open() && file.peek() == std::ifstream::traits_type::eof())
			return;
		usleep(10000);
	}
	fail_as("functions are traced that were not requested");
}

template <typename Tracer>
traced trace(bench &on, const work &of, unsigned rounds)
{
	double bytes_of_one;
	whole_trace all;
	uint64_t ticks;
	{
		Tracer tracer(of);

		ticks = on.run(of, rounds);
		all = tracer.finish(bytes_of_one);
	}
	wait_until_untraced();

	traced found = on.cut(all);

	found.ticks = ticks;
	found.mean_bytes = bytes_of_one;
	return found;
}

void row(bench &on, const work &of, bool quick)
{
	const unsigned rounds = quick ? of.rounds / 16 : of.rounds;
	const uint64_t untraced = on.run(of, rounds);
	const traced theirs = trace<function_tracer>(on, of, rounds);
	const traced ours = trace<our_tracer>(on, of, rounds);
	const size_t entries = theirs.functions.size();

	if (ours.functions != theirs.functions)
		fail_as(std::string(of.name) + ": ftrace has " + std::to_string(entries) +
			" entries, functrace " + std::to_string(ours.functions.size()) +
			", or others");
	if (of.entries ? entries != of.entries * rounds : entries % rounds || !entries)
		fail_as(std::string(of.name) + ": " + std::to_string(entries) + " entries in " +
			std::to_string(rounds) + " rounds");

	const auto each = [&](const traced &item) {
		return static_cast<double>(item.ticks - untraced) / static_cast<double>(entries);
	};
	const double count = static_cast<double>(entries);

	printf("| %s | %zu | %.1f | %.1f | %.2f | %.2f, %.2f | %.2f | %.2f |\n", of.name, entries,
	       each(theirs), each(ours), each(ours) / each(theirs), theirs.mean_bytes,
	       theirs.bytes / count, ours.bytes / count, ours.bytes / count / theirs.mean_bytes);
	fflush(stdout);
}

template <typename Tracer>
void print_steps(bench &on)
{
	Tracer tracer(works[0], stepping_tick_shift);

	/* The first entries may have something to do that later ones have not. */
	on.run(works[0], 2);
	on.print_steps();
}

/*
 * An NMI enters a function at each instruction of an entry in turn: that is written, or reported as
 * lost; what it interrupts is written. The entry is one that follows as before; one of a known
 * function that does not; and one that has to report what the NMI before has lost.
 */
void interrupt_entries(bench &on)
{
	const struct {
		const char *name;
		bool runs; /* before it, so that the entry reports a loss */
		unsigned before;
	} entries[] = {
		{"an expected entry", true, calls_before},
		{"an entry of a known function", true, 0},
		{"an entry that reports a loss", false, 0},
	};

	for (const auto &kind : entries) {
		uint64_t calls = 0, nmis = 0, lost = 0;
		double unused;
		our_tracer tracer(works[0], stepping_tick_shift);

		for (unsigned at = 1, steps = at; at <= steps; at++) {
			if (kind.runs) {
				on.run(works[0], 1);
				/* A call and two marks, twice. */
				calls += 6;
			}
			steps = on.interrupt(at, kind.before);
			calls += 1 + kind.before;
			nmis += at <= steps;
		}

		const whole_trace all = tracer.finish(unused, &lost);
		const uint64_t written = all.functions.size() - calls;

		if (written + lost != nmis || !lost || !written || nmis < 80)
			fail_as(std::to_string(calls) + " calls and " + std::to_string(nmis) +
				" in NMIs are " + std::to_string(all.functions.size()) +
				" in the trace, and " + std::to_string(lost) + " are lost");
		printf("| an NMI at each of %lu instructions of %s: written, reported as lost | "
		       "%lu | "
		       "%lu "
		       "|\n",
		       nmis, kind.name, written, lost);
	}
}

} // namespace

int main(int argc, char **argv)
{
	const bool quick = argc > 1 && !strcmp(argv[1], "--quick");
	bench on;

	if (argc > 2 && !strcmp(argv[1], "--steps")) {
		if (!strcmp(argv[2], "ftrace"))
			print_steps<function_tracer>(on);
		else if (!strcmp(argv[2], "functrace"))
			print_steps<our_tracer>(on);
		else
			fail_as(std::string("no tracer is called ") + argv[2] +
				": ftrace or functrace");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--nmi")) {
		interrupt_entries(on);
		return 0;
	}
	printf("\n| work | entries | instructions: ftrace | functrace | ratio "
	       "| bytes: ftrace's events, pages | functrace | ratio |\n"
	       "|---|--:|--:|--:|--:|--:|--:|--:|\n");
	for (const work &of : works)
		row(on, of, quick);
	return 0;
}
