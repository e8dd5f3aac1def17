/* SPDX-License-Identifier: GPL-2.0 */
/* The objects that the threads of a process share, and each thread's own choices. */
#pragma once

#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <cstdint>
#include <random>

#include <linux/perf_event.h>
#include <sys/types.h>

#include "fuzz/operations.hpp"

namespace fuzz
{

inline constexpr unsigned slot_count = 24;
inline constexpr unsigned operation_max = 96;
inline constexpr unsigned errno_max = 134; /* the last is for any other */
inline constexpr unsigned actor_max = 32;
inline constexpr unsigned cgroup_count = 4;

/* Shared by all processes. */
struct tally {
	std::atomic<bool> stop;
	std::atomic<uint64_t> counts[operation_max][errno_max];
	/* The progress of each thread: its operation + 1, and how many it has done. */
	std::atomic<uint32_t> current[actor_max];
	std::atomic<uint64_t> done[actor_max];
};

struct area {
	void *base = nullptr;
	size_t bytes = 0;
	bool writable = false;
};

/* Of a process. A slot changes hands by an exchange: one thread closes what another uses. */
struct belongings {
	std::atomic<int> files[slot_count];
	std::atomic<area *> areas[slot_count];
	int hub = -1;		   /* a datagram socket that all processes read and write */
	int image = -1;		   /* this program, for exec */
	int executable = -1;	   /* a file to map as code */
	int cgroups[cgroup_count]; /* directories, of the first one first */
};

struct actor {
	std::mt19937_64 random;
	unsigned role;
	unsigned index;
	belongings &of;

	/* 0 to @n - 1. */
	uint64_t below(uint64_t n) { return random() % n; }
	bool once_in(uint64_t n) { return !below(n); }
	template <typename T>
	T one_of(std::initializer_list<T> all)
	{
		return all.begin()[below(all.size())];
	}
	/* A file of the process; now and then one that is none. */
	int file();
	std::atomic<int> &file_slot() { return of.files[below(slot_count)]; }
	std::atomic<area *> &area_slot() { return of.areas[below(slot_count)]; }
	/* Puts a file into a slot and closes what was there. */
	void keep_file(int fd);
	void keep_area(void *base, size_t bytes, bool writable);
};

/* Event attributes for one of the nodes: valid, or with something wrong. */
perf_event_attr some_attr(actor &by);
/* 0, or errno of a call that gave -1. */
inline int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/*
 * Runs @access, which another thread may take the memory away from. EFAULT: it did.
 */
int with_memory(void (*access)(volatile uint8_t *at, size_t bytes, uint64_t random), const area &at,
		uint64_t random);
void catch_faults();

/* Does @count operations in the calling thread; they are counted in @all if there is one. */
void act(actor &by, tally *all, uint64_t count);

} /* namespace fuzz */
