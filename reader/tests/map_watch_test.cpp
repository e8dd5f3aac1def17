// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the maps that the program reads where the kernel does not report them.
#include <fstream>
#include <gtest/gtest.h>

#include "program/map_watch.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using namespace perfbuf::program;

namespace
{

class MapWatch : public testing::Test
{
protected:
	void put(const std::string &name, const std::string &text)
	{
		const auto path = scratch.path() / name;
		std::filesystem::create_directories(path.parent_path());
		std::ofstream(path) << text;
	}

	void process(uint32_t pid, uint32_t parent, const std::string &maps)
	{
		const std::string home = std::to_string(pid);
		put(home + "/status", "Name:\tone\nPPid:\t" + std::to_string(parent) + "\n");
		put(home + "/task/" + home + "/comm", "one\n");
		put(home + "/maps", maps);
	}

	tests::scratch_directory scratch;
};

const std::string code = "55d0c000-55d0d000 r-xp 00002000 fe:00 247230    /usr/bin/one\n";
const std::string more = "7fd0c000-7fd0d000 r-xp 00001000 fe:00 247231    /usr/lib/two.so\n";

// Of one map.
size_t record_size(const std::string &name)
{
	return 72 + (name.size() / 8 + 1) * 8;
}

} // namespace

TEST_F(MapWatch, TheReasonWhyTheKernelReportsNoMapsIsNamed)
{
	const auto why = [&] { return why_maps_are_hidden(scratch.path(), scratch.path()); };
	EXPECT_EQ(why(), "") << "unknown is not hidden";
	put("sys/kernel/ftrace_enabled", "1\n");
	put("kprobes/enabled", "1\n");
	EXPECT_EQ(why(), "");
	put("kprobes/enabled", "0\n");
	EXPECT_NE(why().find("kprobes/enabled is 0: write 1"), std::string::npos);
	put("sys/kernel/ftrace_enabled", "0\n");
	EXPECT_NE(why().find("kernel.ftrace_enabled is 0: set it to 1"), std::string::npos);
}

TEST_F(MapWatch, EachMapIsReadOnceAsItAppears)
{
	process(10, 1, code);
	map_watch all({}, perfdata::maps::code, 0);
	EXPECT_EQ(all.read(scratch.path()).size(), record_size("/usr/bin/one"));
	EXPECT_EQ(all.read(scratch.path()).size(), 0u);
	process(10, 1, code + more);
	EXPECT_EQ(all.read(scratch.path()).size(), record_size("/usr/lib/two.so"));
	process(11, 10, code);
	EXPECT_EQ(all.read(scratch.path()).size(), record_size("/usr/bin/one"));
}

TEST_F(MapWatch, TheWatchOfAProcessReadsItAndItsDescendants)
{
	process(10, 1, code);
	process(11, 10, code);
	process(12, 11, code);
	process(20, 1, code);
	map_watch some({10}, perfdata::maps::code, 0);
	EXPECT_EQ(some.read(scratch.path()).size(), 3 * record_size("/usr/bin/one"));
	map_watch last({12}, perfdata::maps::code, 0);
	EXPECT_EQ(last.read(scratch.path()).size(), record_size("/usr/bin/one"));
}
