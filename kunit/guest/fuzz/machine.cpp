// SPDX-License-Identifier: GPL-2.0
/* Operations of root on the machine (CPUs, modules, parameters), and reads of sysfs by every user.
 */
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/world.hpp"
#include "support/module.hpp"
#include "support/process.hpp"

namespace fuzz
{

namespace
{

using device_test::load_module;
using device_test::unload_module;
using device_test::write_file;

const std::string modules = "/root/";

int read_sysfs(actor &by)
{
	const std::string path =
		std::string("/sys/class/perfbuf/") +
		by.one_of({"inject", "clock", "testdev", "functrace"}) + "/" +
		by.one_of({"readers", "rates", "files", "rings", "records", "bytes", "lost_full",
			   "description", "events/counted/format", "events/message/id"});
	const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	char text[5000];
	const int error = error_of(
		pread(fd, text, by.one_of<size_t>({sizeof(text), 100}), by.one_of({0, 0, 384, 1})));
	close(fd);
	return error;
}

/* Each registration creates the node again, for root only. */
void open_nodes_to_users()
{
	chmod("/dev/perfbuf/inject", 0666);
	chmod("/dev/perfbuf/testdev", 0666);
}

void load_perfbuf()
{
	load_module("/perfbuf/perfbuf.ko");
	load_module(modules + "perfbuf_test_source.ko");
	open_nodes_to_users();
}

int cpu_off(actor &)
{
	return write_file("/sys/devices/system/cpu/cpu1/online", "0");
}

int cpu_on(actor &)
{
	return write_file("/sys/devices/system/cpu/cpu1/online", "1");
}

int load_source(actor &)
{
	const int error = load_module(modules + "perfbuf_test_source.ko");
	open_nodes_to_users();
	return error;
}

int unload_source(actor &)
{
	return unload_module("perfbuf_test_source");
}

int command_source(actor &by)
{
	const int error = write_file(
		"/sys/module/perfbuf_test_source/parameters/command",
		by.one_of({"register", "register", "unregister", "counted 20", "all 1", "dump 500",
			   "stream 1", "stream 0", "start_answer -5", "start_answer 0"}));
	open_nodes_to_users();
	return error;
}

int failing_source(actor &by)
{
	return load_module(modules + "perfbuf_test_init.ko",
			   std::string("fail=") + by.one_of({"unregister", "node"}) +
				   " patience=50");
}

/* While files, producers and mappings are there: remove_perfbuf() is for when they are not. */
int unload_perfbuf(actor &)
{
	const int error = unload_module("perfbuf");
	if (!error)
		load_perfbuf();
	return error;
}

int set_parameter(actor &by)
{
	struct {
		const char *name, *small, *normal;
	} const all[] = {{"user_events_max", "4", "4096"},	{"user_rings_max", "3", "4096"},
			 {"total_pages_max", "200", "1048576"}, {"user_percent", "1", "25"},
			 {"root_percent", "99", "25"},		{"mlock_kb", "0", "520"},
			 {"ring_pages_max", "4", "262144"},	{"aux_pages_max", "4", "524288"},
			 {"max_sample_rate", "1", "100000"}};
	const auto &parameter = all[by.below(std::size(all))];
	return write_file(std::string("/sys/module/perfbuf/parameters/") + parameter.name,
			  by.once_in(4) ? parameter.small : parameter.normal);
}

int emit_in_tracefs(actor &by)
{
	return write_file("/sys/kernel/tracing/events/sched/sched_switch/enable",
			  by.once_in(2) ? "1" : "0");
}

int rest(actor &)
{
	usleep(20000);
	return 0;
}

} /* namespace */

int remove_perfbuf()
{
	int error = 0;
	/* The kernel closes the files of a process that has died when it comes to it. */
	device_test::eventually([&] {
		const int of_source = unload_module("perfbuf_test_source");
		error = of_source && of_source != ENOENT ? of_source : unload_module("perfbuf");
		return !error;
	});
	if (!error)
		load_perfbuf();
	return error;
}

std::vector<operation> machine_operations()
{
	return {
		{"reading sysfs", everybody, 3, read_sysfs, {ENOENT, ENODEV, EPERM, EACCES}},
		{"CPU 1 off", machine, 1, cpu_off, {EBUSY, EINVAL, ENOENT, EAGAIN, ENOMEM}},
		{"CPU 1 on", machine, 3, cpu_on, {EBUSY, EINVAL, ENOENT, ENOMEM}},
		{"insmod of a source", machine, 3, load_source, {EEXIST, ENOENT, EBUSY}},
		{"rmmod of a source",
		 machine,
		 2,
		 unload_source,
		 {EAGAIN, EWOULDBLOCK, ENOENT, EBUSY}},
		{"command to a source",
		 machine,
		 8,
		 command_source,
		 {ENOENT, EBUSY, EEXIST, EINVAL, ENODEV, EACCES}},
		{"insmod of a source whose init fails",
		 machine,
		 2,
		 failing_source,
		 {EIO, ETIME, ENOMEM, EEXIST, ENOENT, EINVAL, EBUSY, ERANGE}},
		{removal, machine, 1, unload_perfbuf, {EAGAIN, EBUSY, ENOENT}},
		{"a parameter", machine, 4, set_parameter, {ENOENT, ENODEV}},
		{"tracefs' sched_switch", machine, 1, emit_in_tracefs, {ENOENT, ENODEV}},
		{"a rest", machine, 8, rest, {}},
	};
}

const std::vector<operation> &operations()
{
	static const std::vector<operation> all = [] {
		std::vector<operation> sum;
		for (const auto &part :
		     {file_operations(), control_operations(), memory_operations(),
		      process_operations(), machine_operations(), cgroup_operations()})
			sum.insert(sum.end(), part.begin(), part.end());
		return sum;
	}();
	return all;
}

} /* namespace fuzz */
