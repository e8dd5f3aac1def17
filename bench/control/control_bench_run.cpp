// SPDX-License-Identifier: GPL-2.0
/*
 * run [--quick]: what the control plane costs, in instructions: tasks that no event follows while
 * others follow many, followed tasks against perf's, and a user without rights who has all the
 * events that it gets. Fails where a cost is not what docs/bench/control.md says it may be.
 */
#include "control_bench.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

bool is_quick;
int status;

void write_text(const char *path, const char *text)
{
	if (!(std::ofstream(path) << text << std::flush))
		give_up(path);
}

void fail_row(const char *row, const char *message)
{
	printf("FAILED: %s: %s\n", row, message);
	status = 1;
}

/* ---------------------------------------------------------------- others follow */

struct costs {
	uint64_t on_switch, on_fork, on_exec, on_exit;
};

/* Another task that no event follows takes turns with us. */
costs of_strangers()
{
	helper partner([](const auto &ready) {
		become_fifo();
		ready();
		for (;;)
			sched_yield();
	});
	const costs made = {
		.on_switch = least(200, switch_and_back),
		.on_fork = least(30, fork_alone),
		.on_exec = least(10, exec_of_child),
		.on_exit = least(30, exit_of_child),
	};

	return made;
}

void print(const char *row, const costs &of)
{
	printf("| %s | %lu | %lu | %lu | %lu |\n", row, of.on_switch, of.on_fork, of.on_exec,
	       of.on_exit);
}

bool is_flat(uint64_t a, uint64_t b)
{
	return a <= b + b / 20;
}

void measure_strangers()
{
	const struct {
		const char *name;
		unsigned events, threads;
		const side &of;
	} rows[] = {
		{"1", 1, 0, perfbuf},
		{"1,000", 10, 99, perfbuf},
		{"100,000", 100, 999, perfbuf},
		{"1,000 of perf", 10, 99, perf},
	};
	costs first = {};

	printf("Instructions of a task that no event follows, by members of other tasks:\n\n"
	       "| members | switch to another task and back | fork | exec | exit and wait |\n"
	       "|--|--|--|--|--|\n");
	print("none", of_strangers());
	for (const auto &row : rows) {
		helper others([&](const auto &ready) {
			hold_members(row.of, row.events, row.threads);
			ready();
			for (;;)
				pause();
		});
		const costs now = of_strangers();

		print(row.name, now);
		if (&row == rows)
			first = now;
		if (&row.of == &perfbuf &&
		    !(is_flat(now.on_switch, first.on_switch) &&
		      is_flat(now.on_fork, first.on_fork) && is_flat(now.on_exec, first.on_exec) &&
		      is_flat(now.on_exit, first.on_exit)))
			fail_row(row.name, "costs 1.05 times what 1 does");
	}
}

/* ---------------------------------------------------------------- a followed task */

uint64_t followed_switch(const side &of, unsigned events, uint64_t period)
{
	perf_event_attr attr = {};
	std::vector<int> files;

	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_period = period;
	for (unsigned i = 0; i < events; i++) {
		files.push_back(of.open_clock(&attr));
		if (files.back() < 0)
			give_up(of.name);
	}

	const uint64_t cost = least(200, switch_and_back);

	for (int fd : files)
		close(fd);
	return cost;
}

void measure_followed()
{
	helper partner([](const auto &ready) {
		become_fifo();
		ready();
		for (;;)
			sched_yield();
	});

	printf("\nInstructions of a switch away from a followed task and back:\n\n"
	       "| events | perf | perfbuf |\n|--|--|--|\n");
	for (uint64_t period : {uint64_t{0}, uint64_t{10'000'000}})
		for (unsigned events : {1, 8, 64}) {
			const uint64_t theirs = followed_switch(perf, events, period);
			const uint64_t ours = followed_switch(perfbuf, events, period);
			char name[64];

			snprintf(name, sizeof(name), "%u clock%s, %s", events,
				 events == 1 ? "" : "s", period ? "sampling" : "counting");
			printf("| %s | %lu | %lu |\n", name, theirs, ours);
			if (ours > theirs)
				fail_row(name, "more than perf's");
		}
}

/* ---------------------------------------------------------------- a user without rights */

/* As many as there are of @wanted, for this thread. */
void open_events(const side &of, unsigned wanted)
{
	perf_event_attr attr = {};

	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.exclude_kernel = 1;
	attr.comm = attr.task = attr.inherit = attr.enable_on_exec = 1;
	while (shared->given < wanted && of.open_dummy(&attr) >= 0)
		shared->given = shared->given + 1;
}

/* Other processes of the user take the files that this thread may not have, one after the other.
 * They are made before, since they would inherit our files. */
void open_events_in_processes(const side &of, unsigned wanted)
{
	const unsigned others = std::min(wanted / 16, 160u);
	int begin[2], taken[2];
	char byte;

	if (pipe(begin) || pipe(taken))
		give_up("pipe");
	for (unsigned i = 0; i < others; i++) {
		const pid_t made = fork();

		if (made < 0)
			give_up("fork");
		if (made)
			continue;
		if (read(begin[0], &byte, 1) == 1) {
			open_events(of, wanted);
			if (write(taken[1], "", 1) != 1)
				give_up("write");
		}
		for (;;)
			pause();
	}
	open_events(of, wanted);
	for (unsigned i = 0; i < others; i++) {
		if (write(begin[1], "", 1) != 1 || read(taken[0], &byte, 1) != 1)
			give_up("another process");
	}
}

void do_its_worst()
{
	for (;;) {
		prctl(PR_SET_NAME, "mallory");
		sched_yield();

		const pid_t made = fork();

		if (!made) {
			char name[] = "/run", how[] = "--exit";
			char *arguments[] = {name, how, nullptr};

			if (shared->turns % 2)
				execv(name, arguments);
			_exit(0);
		}
		if (made > 0)
			waitpid(made, nullptr, 0);
		shared->turns = shared->turns + 1;
	}
}

struct harm {
	uint32_t given;
	uint64_t delay;
	uint64_t root; /* fork, exec and exit */
};

/*
 * The largest delay of a period. The largest are those of wakeups that meet the timer's tick and
 * much work of softirqs. These are rare, without events too: there are up to 60 periods more
 * while the largest is below @needed.
 */
uint64_t delay_of(uint64_t needed)
{
	const unsigned wakeups = is_quick ? 300 : 1000;
	uint64_t found = largest_delay(wakeups);

	for (int more = 0; more < 60 && found < needed; more++)
		found = std::max(found, largest_delay(wakeups));
	return found;
}

harm harm_by(const side &of, unsigned wanted, uint64_t needed = 0)
{
	shared->turns = 0;

	helper user([&](const auto &ready) {
		const rlimit files = {20000, 20000};

		become_ordinary();
		if (setrlimit(RLIMIT_NOFILE, &files) || setresgid(1001, 1001, 1001) ||
		    setresuid(1001, 1001, 1001))
			give_up("setresuid");
		shared->given = 0;
		open_events_in_processes(of, wanted);
		ready();
		do_its_worst();
	});
	const uint64_t delay = delay_of(needed);

	if (!shared->turns)
		fail_row("a user", "did nothing");
	return {shared->given, delay,
		least(10, fork_alone) + least(10, exec_of_child) + least(10, exit_of_child)};
}

void print(const char *row, const harm &of)
{
	printf("| %s | %u | %lu | %lu |\n", row, of.given, of.delay, of.root);
}

bool is_as_good(uint64_t harmed, uint64_t alone)
{
	return harmed <= alone + alone / 5;
}

void measure_harm()
{
	printf("\nA user without rights that takes all events it gets, renames itself, forks and "
	       "executes; instructions of others:\n\n"
	       "| events wanted | given | largest delay of a SCHED_FIFO task | root's fork, exec "
	       "and "
	       "exit |\n|--|--|--|--|\n");

	/* Not what is done once after boot. */
	harm_by(perfbuf, 0);

	harm none = harm_by(perfbuf, 0);

	struct row {
		const side *of;
		unsigned wanted;
		harm done;
	};
	row rows[] = {{&perfbuf, 1000, {}},
		      {&perfbuf, 10000, {}},
		      /* With 10,000 of perf's each fork would take a minute. */
		      {&perf, 1000, {}}};

	for (row &each : rows)
		each.done = harm_by(*each.of, each.wanted);

	const uint64_t ours = std::max(rows[0].done.delay, rows[1].done.delay);

	if (!is_as_good(ours, none.delay))
		none.delay = std::max(none.delay, harm_by(perfbuf, 0, ours - ours / 6).delay);
	print("none", none);
	for (const row &each : rows) {
		char name[64];

		snprintf(name, sizeof(name), "%u of %s", each.wanted, each.of->name);
		print(name, each.done);
		if (each.of == &perfbuf && !(is_as_good(each.done.delay, none.delay) &&
					     is_as_good(each.done.root, none.root)))
			fail_row(name, "costs others 1.2 times what none does");
	}
}

} /* namespace */

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--stamp")) {
		const uint64_t begun = ticks();

		find_shared(argv[2]);
		shared->stamp = begun;
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--exit"))
		return 0;
	is_quick = argc > 1 && !strcmp(argv[1], "--quick");
	setvbuf(stdout, nullptr, _IOLBF, 0);
	make_shared();
	write_text("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	write_text("/proc/sys/kernel/perf_event_paranoid", "-1");
	write_text("/proc/sys/kernel/perf_event_mlock_kb", "100000");
	if (chmod("/dev/perfbuf/inject", 0666) || chmod("/dev/perfbuf", 0755))
		give_up("chmod");
	become_fifo();
	measure_strangers();
	measure_followed();
	measure_harm();
	return status;
}
