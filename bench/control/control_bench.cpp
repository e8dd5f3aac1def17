// SPDX-License-Identifier: GPL-2.0
/* Makes the tasks and events that control_bench_run.cpp measures, and times a switch. */
#include "control_bench.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <linux/perfbuf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void give_up(const char *message)
{
	printf("%s: %s\n", message, strerror(errno));
	fflush(stdout);
	_exit(1);
}

namespace
{

int open_perf(perf_event_attr *attr)
{
	return static_cast<int>(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
}

int open_node(const char *node, perf_event_attr *attr)
{
	const int fd = open(node, O_RDWR);
	perfbuf_open wanted = {reinterpret_cast<uintptr_t>(attr), 0, -1, 0};

	if (fd < 0 || !ioctl(fd, PERFBUF_IOC_OPEN, &wanted))
		return fd;

	const int error = errno;

	close(fd);
	errno = error;
	return -1;
}

void *sleep_for_ever(void *)
{
	for (;;)
		pause();
}

} /* namespace */

const side perf = {"perf", open_perf, open_perf};
const side perfbuf = {
	"perfbuf",
	[](perf_event_attr *attr) { return open_node("/dev/perfbuf/clock", attr); },
	[](perf_event_attr *attr) { return open_node("/dev/perfbuf/inject", attr); },
};

shared_words *shared;
std::string shared_descriptor;

void find_shared(const char *descriptor)
{
	void *at = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			atoi(descriptor), 0);

	if (at == MAP_FAILED)
		give_up("mmap");
	shared = static_cast<shared_words *>(at);
}

void make_shared()
{
	const int fd = memfd_create("shared", 0);

	if (fd < 0 || ftruncate(fd, 4096))
		give_up("memfd_create");
	shared_descriptor = std::to_string(fd);
	find_shared(shared_descriptor.c_str());
}

void become_fifo()
{
	const sched_param most = {.sched_priority = 10};

	if (sched_setscheduler(0, SCHED_FIFO, &most))
		give_up("sched_setscheduler");
}

void become_ordinary()
{
	const sched_param none = {};

	if (sched_setscheduler(0, SCHED_OTHER, &none))
		give_up("sched_setscheduler");
}

helper::helper(const std::function<void(const std::function<void()> &ready)> &body)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		give_up("pipe");
	pid_ = fork();
	if (pid_ < 0)
		give_up("fork");
	if (!pid_) {
		/* With all that it makes. */
		setpgid(0, 0);
		close(ready[0]);
		body([&] {
			if (write(ready[1], "", 1) != 1)
				give_up("write");
		});
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		printf("a helper did not begin\n");
		_exit(1);
	}
	close(ready[0]);
}

helper::~helper()
{
	kill(-pid_, SIGKILL);
	waitpid(pid_, nullptr, 0);
}

void hold_members(const side &of, unsigned events, unsigned threads)
{
	perf_event_attr attr = {};

	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.inherit = 1;
	for (unsigned i = 0; i < events; i++) {
		if (of.open_clock(&attr) < 0)
			give_up(of.name);
	}

	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 32768);
	for (unsigned i = 0; i < threads; i++) {
		pthread_t made;

		errno = pthread_create(&made, &small, sleep_for_ever, nullptr);
		if (errno)
			give_up("pthread_create");
	}
}

uint64_t least(unsigned turns, const std::function<uint64_t()> &call)
{
	uint64_t best = ~uint64_t{0};

	for (unsigned i = 0; i < turns; i++)
		best = std::min(best, call());
	return best;
}

uint64_t switch_and_back()
{
	const uint64_t before = ticks();

	sched_yield();
	return ticks() - before;
}

namespace
{

/* The child runs when its parent waits. */
template <typename Body>
uint64_t of_child(const Body &body, bool until_forked)
{
	const uint64_t before = ticks();
	const pid_t made = fork();

	if (made < 0)
		give_up("fork");
	if (!made) {
		body();
		_exit(0);
	}

	const uint64_t forked = ticks();

	waitpid(made, nullptr, 0);
	return until_forked ? forked - before : ticks() - shared->stamp;
}

void stamp()
{
	shared->stamp = ticks();
}

} /* namespace */

uint64_t fork_alone()
{
	return of_child(stamp, true);
}

uint64_t exit_of_child()
{
	return of_child(stamp, false);
}

uint64_t exec_of_child()
{
	uint64_t before = 0;

	of_child(
		[] {
			char name[] = "/run", how[] = "--stamp";
			char *arguments[] = {name, how, shared_descriptor.data(), nullptr};

			shared->turns = ticks();
			execv(name, arguments);
			give_up("execv");
		},
		false);
	before = shared->turns;
	return shared->stamp - before;
}

uint64_t largest_delay(unsigned wakeups)
{
	uint64_t most = 0;
	timespec at, now;

	clock_gettime(CLOCK_MONOTONIC, &at);
	for (unsigned i = 0; i < wakeups; i++) {
		const long pause = 200'000 + i % 97 * 7919;

		at.tv_nsec += pause;
		if (at.tv_nsec >= 1'000'000'000) {
			at.tv_nsec -= 1'000'000'000;
			at.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
		clock_gettime(CLOCK_MONOTONIC, &now);

		const int64_t late =
			(now.tv_sec - at.tv_sec) * 1'000'000'000 + now.tv_nsec - at.tv_nsec;

		if (late > 0)
			most = std::max(most, static_cast<uint64_t>(late));
		/* Not what the next sleeps would be late for this one. */
		at = now;
	}
	return most;
}
