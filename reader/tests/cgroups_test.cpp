// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The cgroups of -G, and the events that they belong to.
#include <fstream>
#include <gtest/gtest.h>

#include "program/attr.hpp"
#include "program/cgroups.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using namespace perfbuf::program;

namespace
{

using names = std::vector<std::string>;

std::string refusal(const std::function<void()> &deed)
{
	try {
		deed();
	} catch (const failure &why) {
		return why.what();
	}
	ADD_FAILURE() << "it was accepted";
	return {};
}

} // namespace

TEST(Cgroups, AListOfNamesMayHaveEmptyOnesButNotThemAlone)
{
	EXPECT_EQ(parse_cgroups("a"), names{"a"});
	EXPECT_EQ(parse_cgroups("/"), names{"/"});
	EXPECT_EQ(parse_cgroups("a,,b/c,"), (names{"a", "", "b/c", ""}));
	for (const char *text : {"", ",", ",,"})
		EXPECT_NE(refusal([&] { parse_cgroups(text); }).find("-G system.slice"),
			  std::string::npos);
}

TEST(Cgroups, NamesBelongToEventsInTheirOrderAndOneAloneToAll)
{
	EXPECT_EQ(cgroup_of({}, 0), "");
	EXPECT_EQ(cgroup_of({"a"}, 0), "a");
	EXPECT_EQ(cgroup_of({"a"}, 7), "a");
	EXPECT_EQ(cgroup_of({"a", "", "b"}, 1), "");
	EXPECT_EQ(cgroup_of({"a", "", "b"}, 2), "b");
	EXPECT_EQ(cgroup_of({"a", "b"}, 2), "") << "as with perf, the rest has none";
}

TEST(Cgroups, EachCgroupHasOneEventThatReportsItsTasks)
{
	record_options options;
	options.all_cpus = true;
	const std::vector<chosen_event> events(4, {"clock", {}, {}});
	const auto reporters = [&](const names &cgroups) {
		options.cgroups = cgroups;
		std::string found;
		for (const auto &attr : make_attrs(options, events)) {
			EXPECT_EQ(attr.comm, attr.mmap2);
			found += attr.comm ? 'x' : '.';
		}
		return found;
	};
	EXPECT_EQ(reporters({}), "x...");
	EXPECT_EQ(reporters({"a"}), "x...");
	EXPECT_EQ(reporters({"a", "b", "a", "c"}), "xx.x");
	EXPECT_EQ(reporters({"a", "", "b", "c"}), "xx..") << "the second has all tasks";
}

TEST(Cgroups, TheMountOfCgroup2IsFoundAndItsAbsenceIsReported)
{
	tests::scratch_directory scratch;
	std::ofstream(scratch / "mounts") << "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n"
					     "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
	EXPECT_EQ(cgroup_root(scratch / "mounts"), "/sys/fs/cgroup/unified");
	std::ofstream(scratch / "none") << "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n";
	EXPECT_NE(refusal([&] { cgroup_root(scratch / "none"); }).find("mount -t cgroup2"),
		  std::string::npos);
}

TEST(Cgroups, AnEventThatIsChosenTwiceHasTwoPlacesInAListOfCgroups)
{
	record_options options;
	options.events = parse_events("clock,clock");
	const auto chosen = [&](const names &cgroups) {
		options.cgroups = cgroups;
		return choose_events(options).size();
	};
	EXPECT_EQ(chosen({}), 1u);
	EXPECT_EQ(chosen({"a"}), 1u);
	EXPECT_EQ(chosen({"a", "b"}), 2u);
}

TEST(Cgroups, MoreNamesThanEventsAreRefused)
{
	EXPECT_NE(refusal([] {
			  cgroup_directories({"a", "b"}, 1);
		  }).find("an event for each"),
		  std::string::npos);
	// Without -G an event follows the thread.
	const cgroup_directories none({}, 1);
	EXPECT_EQ(none.tasks_of(0, 17).pid, 17);
	EXPECT_EQ(none.tasks_of(0, 17).flags, 0u);
}

TEST(Cgroups, ASourceThatCannotFollowACgroupIsReportedWithTheOption)
{
	record_options options;
	options.all_cpus = true;
	options.cgroups = {"a"};
	const auto message = [&](int why, const chosen_event &event) {
		return std::string(
			explain_open(reader::system_error("", why), options, event).what());
	};
	EXPECT_NE(message(EOPNOTSUPP, {"pmu", {}, {}}).find("leave out -G"), std::string::npos);
	EXPECT_NE(message(EOPNOTSUPP, {"functrace", {}, {}}).find("leave out -G"),
		  std::string::npos);
}
