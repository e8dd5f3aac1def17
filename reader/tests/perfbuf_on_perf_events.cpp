// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The program, on perf_event_open(2) in place of /dev/perfbuf, for tests on machines without the
// module.
#include <cerrno>

#include "perf_events.hpp"
#include "program/cli.hpp"

int main(int argc, char **argv)
{
	using namespace perfbuf;
	return program::run(argc, argv,
			    [](const std::string &source, const perf_event_attr &attr,
			       program::event_tasks tasks, int cpu) {
				    if (source != "clock")
					    return reader::result<reader::file>(
						    reader::system_error("no such source", ENOENT));
				    return tests::open_perf_event(attr, tasks.pid, cpu,
								  tasks.flags);
			    });
}
