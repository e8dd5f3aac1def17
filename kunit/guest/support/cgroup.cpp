// SPDX-License-Identifier: GPL-2.0
/* Cgroups for tests: made, entered and removed. */
#include "support/cgroup.hpp"

#include <cerrno>
#include <sstream>

#include <sys/mount.h>
#include <sys/stat.h>

namespace device_test
{

namespace
{

const std::string root = "/tmp/perfbuf-cgroup2";

int mount_root()
{
	mkdir(root.c_str(), 0700);
	return mount("cgroup2", root.c_str(), "cgroup2", 0, nullptr) ? errno : 0;
}

/* Until the first change of its controllers no cgroup below the first has the state that perf
 * keeps for each, and perf's answer is ENOENT. */
bool change_controllers()
{
	std::istringstream all(read_file(root + "/cgroup.controllers"));
	std::string name;
	if (!(all >> name))
		return false;
	const std::string path = root + "/cgroup.subtree_control";
	if (const int error = write_file(path, "+" + name))
		fail_errno(path, error);
	write_file(path, "-" + name);
	return true;
}

} /* namespace */

bool has_cgroups()
{
	if (mount_root())
		return false;
	umount(root.c_str());
	return true;
}

bool perf_has_cgroups()
{
	static const bool answer = [] {
		if (mount_root())
			return false;
		const bool changed = change_controllers();
		umount(root.c_str());
		return changed;
	}();
	return answer;
}

std::vector<side> sides_with_cgroups()
{
	if (!has_cgroups())
		return {};
	return perf_has_cgroups() ? sides() : own_side();
}

cgroup_root::cgroup_root()
{
	perf_has_cgroups();
	if (const int error = mount_root())
		fail_errno("mounting cgroup2", error);
}

cgroup_root::~cgroup_root()
{
	/* A descriptor of it may still be open. */
	umount2(root.c_str(), MNT_DETACH);
}

const std::string &cgroup_root::path() const
{
	return root;
}

cgroup::cgroup(const std::string &path) : path_(path)
{
	if (mkdir(path.c_str(), 0700))
		fail_errno(path, errno);
}

cgroup::~cgroup()
{
	if (!removed_)
		remove();
}

int cgroup::remove()
{
	int error = 0;
	eventually([&] {
		error = rmdir(path_.c_str()) ? errno : 0;
		return error != EBUSY;
	});
	removed_ = !error;
	return error;
}

unique_fd cgroup::open(int flags) const
{
	unique_fd fd(::open(path_.c_str(), flags | O_DIRECTORY | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(path_, errno);
	return fd;
}

int cgroup::take(pid_t process) const
{
	return write_file(path_ + "/cgroup.procs", std::to_string(process));
}

child child_in(const cgroup &in, int cpu, const std::function<int()> &body)
{
	return child([&in, cpu, body] {
		pin_to(cpu);
		if (in.take())
			return 200;
		return body();
	});
}

} /* namespace device_test */
