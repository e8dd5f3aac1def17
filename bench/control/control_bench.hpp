/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks and events for control_bench_run.cpp. */
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <linux/perf_event.h>
#include <sys/types.h>

/* One instruction is one tick. */
inline uint64_t ticks()
{
	return __builtin_ia32_rdtsc();
}

[[noreturn]] void give_up(const char *message);

/* perf_event_open(2), or a node of perfbuf, for the calling thread on any CPU: -1 and errno. */
struct side {
	const char *name;
	int (*open_clock)(perf_event_attr *attr);
	/* An event that a user without rights may open. */
	int (*open_dummy)(perf_event_attr *attr);
};
extern const side perf, perfbuf;

/* Memory that the processes of a benchmark share. */
struct shared_words {
	volatile uint64_t stamp;
	volatile uint32_t stop;
	volatile uint32_t given;
	volatile uint64_t turns;
};
extern shared_words *shared;
/* Also over an exec: the descriptor is inherited. */
void make_shared();
void find_shared(const char *descriptor);
extern std::string shared_descriptor;

/* For good: in the class of first-in, first-out tasks, or as a task like others. */
void become_fifo();
void become_ordinary();

/* A process, with @body in it; killed with the object. It says that it is ready. */
class helper
{
public:
	explicit helper(const std::function<void(const std::function<void()> &ready)> &body);
	helper(const helper &) = delete;
	~helper();

private:
	pid_t pid_;
};

/* @events that @threads other threads of the process inherit, which sleep: as many members as both
 * multiplied, and one more thread. */
void hold_members(const side &of, unsigned events, unsigned threads);

/* The least of @turns calls of @call. */
uint64_t least(unsigned turns, const std::function<uint64_t()> &call);
/* To another task and back, with both calls of sched_yield(2). */
uint64_t switch_and_back();
uint64_t fork_alone();
/* From _exit(2) in the child until wait(2) returns in the parent. */
uint64_t exit_of_child();
/* From execve(2) until main(). */
uint64_t exec_of_child();
/* The largest delay of @wakeups of the calling task, which sleeps for various times. */
uint64_t largest_delay(unsigned wakeups);
