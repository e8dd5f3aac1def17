// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The fixture of the tests that run the program on the kernel's own perf events; perf reads what it
// wrote.
#pragma once

#include <gtest/gtest.h>

#include "perf_events.hpp"
#include "run_command.hpp"

namespace perfbuf::tests
{

// PERFBUF_PROGRAM=perfbuf runs the same tests on the device.
inline const char *const other_program = std::getenv("PERFBUF_PROGRAM");
inline const std::string perfbuf_program = other_program ? other_program : PERFBUF_ON_PERF_EVENTS;

// Enough work for samples. It is counted, not timed.
inline const std::string busy = "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'";

// A recording of the whole machine with a command channel, and the steps of a shell that begin when
// it has: it answers then.
inline std::string controlled(const std::string &options, const std::string &steps)
{
	return "mkfifo control answers\n" + perfbuf_program +
	       " record -a --control fifo:control,answers " + options +
	       " & recorder=$!\n"
	       "exec 8<> control 9<> answers\n"
	       "echo ping >&8; read answer <&9\n"
	       "send() { echo $1 >&8; read answer <&9; echo $1 $answer; }\n" +
	       steps + "\nsend stop; wait $recorder; echo status $?";
}

inline bool have_perf_events()
{
	perf_event_attr attr{};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	return static_cast<bool>(open_perf_event(attr, -1, 0));
}

class Record : public testing::Test
{
protected:
	void SetUp() override
	{
		NEED_PERF();
		if (!other_program && !have_perf_events())
			GTEST_SKIP() << "this machine does not let us use perf_event_open(2) on a "
					"whole CPU";
	}

	outcome run(const std::string &arguments)
	{
		return scratch.run(perfbuf_program + " " + arguments);
	}

	// How many samples perf finds in the file.
	size_t samples(const std::string &file = "perf.data")
	{
		const auto said = scratch.run("perf script -F comm,time,event -i " + file);
		EXPECT_EQ(said.status, 0) << said.err;
		EXPECT_EQ(said.err, "");
		return count_lines(said.out, "clock:");
	}

	// The same of a recording that may have lost some: perf says so on standard error.
	size_t samples_of_lossy(const std::string &file)
	{
		const auto said = scratch.run("perf script -F comm,time,event -i " + file);
		EXPECT_EQ(said.status, 0) << said.err;
		return count_lines(said.out, "clock:");
	}

	std::string script(const std::string &arguments)
	{
		const auto said = scratch.run("perf script -i perf.data " + arguments);
		EXPECT_EQ(said.status, 0) << said.err;
		EXPECT_EQ(said.err, "");
		return said.out;
	}

	scratch_directory scratch;
};

} // namespace perfbuf::tests
