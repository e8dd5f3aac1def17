// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a process causes is charged to its memory cgroup. Only kernels with memory cgroups
 * have these tests.
 */
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "support/mapping.hpp"
#include "support/parameter.hpp"
#include "support/process.hpp"
#include "support/user.hpp"

using namespace device_test;

namespace
{

const std::string cgroups = "/tmp/perfbuf-cgroups";
const std::string group = cgroups + "/charged";

/* Asked of cgroup2 itself: newer kernels do not list it in /proc/cgroups, which is that of
 * version 1. */
bool has_memory_cgroups()
{
	mkdir(cgroups.c_str(), 0700);
	if (mount("cgroup2", cgroups.c_str(), "cgroup2", 0, nullptr))
		return false;
	bool found = false;
	std::ifstream all(cgroups + "/cgroup.controllers");
	for (std::string name; all >> name;)
		found |= name == "memory";
	all.close();
	umount(cgroups.c_str());
	return found;
}

class memory_charge : public testing::TestWithParam<uint32_t>
{
protected:
	memory_charge()
	{
		mkdir(cgroups.c_str(), 0700);
		if (mount("cgroup2", cgroups.c_str(), "cgroup2", 0, nullptr))
			fail_errno("mounting cgroup2", errno);
		if (int error = write_file(cgroups + "/cgroup.subtree_control", "+memory"))
			fail_errno("subtree_control", error);
		if (mkdir(group.c_str(), 0700))
			fail_errno(group, errno);
	}
	~memory_charge() override
	{
		EXPECT_TRUE(eventually([] { return !rmdir(group.c_str()); }));
		umount(cgroups.c_str());
	}

	/* How much more @deed's process is charged after it than before; @deed returns 0 or an
	 * errno. */
	static outcome in_group(const std::function<int()> &deed)
	{
		return run_in_child([&] {
			if (write_file(group + "/cgroup.procs", "0"))
				return 200;
			return deed();
		});
	}
	static long charged() { return std::stol(read_file(group + "/memory.current")); }
	static unique_fd file_with_storage(uint32_t storage)
	{
		unique_fd fd = message_event();
		perfbuf_ring wanted = {.size = sizeof(wanted), .storage = storage};
		control(fd.get(), PERFBUF_IOC_RING, reinterpret_cast<unsigned long>(&wanted));
		return fd;
	}
};

TEST_P(memory_charge, the_charge_of_a_ring_is_its_pages_and_ends_with_it)
{
	EXPECT_EQ(in_group([] {
			  unique_fd fd = file_with_storage(GetParam());
			  const long before = charged();
			  mapping m(fd.get(), 2048);
			  const long with = charged();
			  m.unmap();
			  const bool gone =
				  eventually([&] { return charged() < before + (4 << 20); });
			  /* Less what the kernel had charged ahead in a batch. */
			  if (with < before + (7 << 20))
				  return 1;
			  return gone ? 0 : 2;
		  }).code,
		  0);
}

TEST_P(memory_charge, a_ring_beyond_the_limit_of_its_cgroup_is_enomem_and_kills_no_process)
{
	EXPECT_EQ(in_group([] {
			  if (write_file(group + "/memory.max", "16M"))
				  return 201;
			  unique_fd fd = file_with_storage(GetParam());
			  const int error = map_error(fd.get(), (16384 + 1) * page_size());
			  if (error)
				  return error;
			  return 202;
		  }).code,
		  ENOMEM);
	std::istringstream events(read_file(group + "/memory.events"));
	std::string key;
	for (long value; events >> key >> value;)
		if (key == "oom_kill")
			EXPECT_EQ(value, 0);
}

TEST_P(memory_charge, events_are_charged_to_the_process_that_opens_them)
{
	const parameter readers("event_readers_max", "8192");

	EXPECT_EQ(in_group([] {
			  std::vector<unique_fd> files;
			  files.push_back(message_event(target::thread(0)));
			  const long before = charged();
			  for (int i = 0; i < 3000; i++)
				  files.push_back(message_event(target::thread(0)));
			  /* A file, an event, a stream, a member. */
			  return charged() - before > 3000 * 1000 ? 0 : 1;
		  }).code,
		  0);
}

std::vector<uint32_t> storages()
{
	if (own_side().empty() || !has_memory_cgroups())
		return {};
	return {PERFBUF_STORAGE_PAGES, PERFBUF_STORAGE_VMALLOC, PERFBUF_STORAGE_MIRRORED};
}

INSTANTIATE_TEST_SUITE_P(of, memory_charge, testing::ValuesIn(storages()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(memory_charge);

} /* namespace */
