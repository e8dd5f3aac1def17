/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzzer of the user-space interface: what it does, and what may come of it.
 *
 * Coverage by construction: every request, system call and event of the module's life that
 * reaches perfbuf is an operation in one table. The fuzzer calls them at random, with arguments
 * that are mostly valid, from several users and threads at once, and prints how often each
 * operation gave each errno. An errno that is not in the operation's list is a failure.
 */
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace fuzz
{

struct actor;
struct belongings;

/* The kinds of process that call an operation. */
enum role : unsigned {
	user = 1,    /* a process without any right */
	tracer = 2,  /* root */
	machine = 4, /* the one that plugs CPUs, loads modules and changes parameters */
	readers = user | tracer,
	everybody = user | tracer | machine,
};

struct operation {
	const char *name;
	unsigned roles;
	unsigned weight;
	/* 0 or an errno. */
	int (*call)(actor &by);
	std::vector<int> errnos;
};

const std::vector<operation> &operations();

/* By file: what belongs together. */
std::vector<operation> file_operations();
std::vector<operation> control_operations();
std::vector<operation> memory_operations();
std::vector<operation> process_operations();
std::vector<operation> machine_operations();
std::vector<operation> cgroup_operations();

/* Mounts cgroup2, with some cgroups. Before the first operation. False: the kernel has none. */
bool make_cgroups(belongings &of);

/*
 * When nobody has a file: removes perfbuf and loads it anew, with the source of the tests. 0, or
 * the errno with which it is still in use after a while.
 */
inline constexpr const char *removal = "rmmod of perfbuf";
int remove_perfbuf();

} /* namespace fuzz */
