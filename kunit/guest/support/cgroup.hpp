/* SPDX-License-Identifier: GPL-2.0 */
/* Cgroups of version 2, and processes in them. */
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/event.hpp"
#include "support/process.hpp"

namespace device_test
{

/* Whether the kernel has cgroup2. */
bool has_cgroups();
/* The sides that have events of cgroups. perf has them if a controller was ever enabled for the
 * first cgroup's children: which a kernel without controllers (the test kernels) cannot. */
std::vector<side> sides_with_cgroups();
bool perf_has_cgroups();

/* The hierarchy's first cgroup; mounted while the object lives. */
class cgroup_root
{
public:
	cgroup_root();
	~cgroup_root();
	cgroup_root(const cgroup_root &) = delete;
	cgroup_root &operator=(const cgroup_root &) = delete;

	const std::string &path() const;
};

/* A cgroup, removed with the object. */
class cgroup
{
public:
	/* @path: its directory. Throws on an error. */
	explicit cgroup(const std::string &path);
	~cgroup();
	cgroup(const cgroup &) = delete;
	cgroup &operator=(const cgroup &) = delete;

	const std::string &path() const { return path_; }
	/* 0 or an errno. A process that has ended leaves a moment later. */
	int remove();
	/* A descriptor of the directory; throws. */
	unique_fd open(int flags = O_RDONLY) const;
	/* Moves a process with all its threads here, 0: the caller's; or one thread. 0 or an errno.
	 */
	int take(pid_t process = 0) const;

private:
	std::string path_;
	bool removed_ = false;
};

/* PERF_FLAG_PID_CGROUP of an open directory. */
inline target tasks_of(int directory, int cpu)
{
	return {directory, cpu, PERF_FLAG_PID_CGROUP};
}

/* A child in @in, and on @cpu, from its first instruction of @body on. */
child child_in(const cgroup &in, int cpu, const std::function<int()> &body);

} /* namespace device_test */
