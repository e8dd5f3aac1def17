// SPDX-License-Identifier: GPL-2.0
/* Events of cgroups, tasks that move between them, and cgroups that come and go. */
#include <string>

#include <fcntl.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/world.hpp"
#include "support/process.hpp"

namespace fuzz
{

namespace
{

const std::string root = "/tmp/fuzz-cgroups";
const std::string cgroups[cgroup_count] = {root, root + "/one", root + "/one/below", root + "/two"};

int open_on(actor &by, int directory)
{
	perf_event_attr attr = some_attr(by);
	/* Of what the two nodes have, mostly. */
	if (attr.type != PERF_TYPE_TRACEPOINT) {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = by.once_in(4) ? PERF_COUNT_SW_DUMMY : PERF_COUNT_SW_CPU_CLOCK;
	}
	const char *node =
		attr.type == PERF_TYPE_TRACEPOINT ? "/dev/perfbuf/inject" : "/dev/perfbuf/clock";
	const int fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno;
	perfbuf_open request = {.attr = reinterpret_cast<uintptr_t>(&attr),
				.pid = directory,
				.cpu = static_cast<int32_t>(by.below(2)),
				.flags = PERF_FLAG_PID_CGROUP};
	const int error = error_of(ioctl(fd, PERFBUF_IOC_OPEN, &request));
	by.keep_file(fd);
	return error;
}

int open_of_cgroup(actor &by)
{
	return open_on(by, by.of.cgroups[by.below(cgroup_count)]);
}

/* The event stays when the cgroup has gone. */
int open_of_cgroup_that_goes(actor &by)
{
	const std::string path = root + "/two/short-" + std::to_string(by.index);
	if (mkdir(path.c_str(), 0700))
		return errno;
	const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool removed_first = by.once_in(4);
	if (removed_first)
		rmdir(path.c_str());
	const int error = open_on(by, directory);
	if (!removed_first)
		rmdir(path.c_str());
	close(directory);
	return error;
}

int move_process(actor &by)
{
	return device_test::write_file(cgroups[by.below(cgroup_count)] + "/cgroup.procs", "0");
}

} /* namespace */

bool make_cgroups(belongings &of)
{
	mkdir(root.c_str(), 0700);
	if (mount("cgroup2", root.c_str(), "cgroup2", 0, nullptr))
		return false;
	for (unsigned i = 0; i < cgroup_count; i++) {
		if (i && mkdir(cgroups[i].c_str(), 0700))
			return false;
		of.cgroups[i] = open(cgroups[i].c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (of.cgroups[i] < 0)
			return false;
	}
	return true;
}

std::vector<operation> cgroup_operations()
{
	return {
		{"an event of a cgroup",
		 tracer,
		 8,
		 open_of_cgroup,
		 {EBADF, EBUSY, EMFILE, ENOENT, EINVAL, EOPNOTSUPP, ENODEV, E2BIG, ENOMEM, ENXIO,
		  EPERM, ENOSPC, EOVERFLOW, EIO, ENOTTY, EAGAIN}},
		{"an event of a cgroup that goes",
		 tracer,
		 2,
		 open_of_cgroup_that_goes,
		 {EBADF, EBUSY, EMFILE, ENOENT, EINVAL, EOPNOTSUPP, ENODEV, E2BIG, ENOMEM, ENXIO,
		  EPERM, ENOSPC, EOVERFLOW, EIO, ENOTTY, EAGAIN}},
		{"a move to another cgroup", tracer, 3, move_process, {EMFILE, ENOMEM}},
	};
}

} /* namespace fuzz */
