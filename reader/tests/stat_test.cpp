// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// perfbuf stat: what is counted, of whom, and until when; on the kernel's own perf events.
#include <cmath>
#include <gtest/gtest.h>

#include "perf_events.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

const std::string program = PERFBUF_ON_PERF_EVENTS;

class Stat : public testing::Test
{
protected:
	void SetUp() override
	{
		perf_event_attr attr{};
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
		if (!open_perf_event(attr, -1, 0))
			GTEST_SKIP() << "this machine does not let us use perf_event_open(2)";
	}

	outcome run(const std::string &commands)
	{
		return scratch.run("perfbuf() { " + program + " \"$@\"; }\n" + commands);
	}

	// The ms of a line of stat.
	static double milliseconds(const std::string &said)
	{
		return said.empty() ? NAN : std::strtod(said.c_str(), nullptr);
	}

	scratch_directory scratch;
};

} // namespace

TEST_F(Stat, a_process_that_runs_already_is_counted_until_the_time_is_over)
{
	const auto said = run("sh -c 'while :; do :; done' & spinner=$!\n"
			      "perfbuf stat -p $spinner --duration 0.5; status=$?\n"
			      "kill $spinner\nexit $status");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_GT(milliseconds(said.err), 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "elapsed"), 1u) << said.err;
}

TEST_F(Stat, the_end_of_the_process_ends_the_count)
{
	const auto said = run("sleep 0.5 & perfbuf stat -p $!");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "elapsed"), 1u) << said.err;
}

TEST_F(Stat, a_signal_ends_the_count_of_the_machine)
{
	// The program itself in the background, no function of the shell's.
	const auto said = run(program + " stat -a & counting=$!\n"
					"sleep 0.5; kill -INT $counting; wait $counting");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_GT(milliseconds(said.err), 0) << said.err;
}

TEST_F(Stat, events_may_be_repeated_and_joined_by_commas)
{
	const auto said = run("perfbuf stat -e clock -e clock,clock -- true");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "  clock "), 1u) << "each event once: " << said.err;
}

TEST_F(Stat, a_process_that_is_not_there_is_reported)
{
	const auto said = run("perfbuf stat -p 2147483646");
	EXPECT_EQ(said.status, 2);
	EXPECT_EQ(count_lines(said.err, "there is no process 2147483646"), 1u) << said.err;
}
