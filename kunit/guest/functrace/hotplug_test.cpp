// SPDX-License-Identifier: GPL-2.0
/* A function trace of a processor that goes and comes back. */
#include <gtest/gtest.h>

#include "functrace/file.hpp"
#include "support/absence.hpp"

using namespace device_test;

namespace
{

constexpr unsigned reads = 30;

void read_on(int cpu)
{
	pin_to(cpu);
	read_zero(reads);
	pin_to(0);
}

TEST(functrace_hotplug, tracing_goes_on_when_its_processor_is_back)
{
	pin_to(0);
	functrace_file file("vfs_read", target::every_process(absence::cpu));
	enable(file.fd.get());
	read_on(absence::cpu);
	for (int turn = 0; turn < 3; turn++) {
		{
			absence away;
			read_zero(reads);
			file.consume();
		}
		read_on(absence::cpu);
	}
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();
	const std::vector<traced> calls = calls_in(items);

	EXPECT_EQ(of_this_thread(calls).size(), 4 * reads);
	EXPECT_EQ(lost_calls(items), 0u);
	EXPECT_EQ(calls.size(), read_value(file.fd.get()));
	for (const traced &call : calls)
		ASSERT_EQ(call.cpu, static_cast<uint32_t>(absence::cpu));
	for (size_t i = 1; i < calls.size(); i++)
		ASSERT_LE(calls[i - 1].time, calls[i].time);
}

TEST(functrace_hotplug, a_thread_that_is_moved_away_loses_no_call)
{
	pin_to(absence::cpu);
	functrace_file file("vfs_read", target::thread(0));
	enable(file.fd.get());
	read_zero(reads);
	{
		absence away;
		read_zero(reads);
	}
	read_on(absence::cpu);
	disable(file.fd.get());
	const std::vector<traced> items = file.finish();

	EXPECT_EQ(of_this_thread(calls_in(items)).size(), 3 * reads);
	EXPECT_EQ(lost_calls(items), 0u);
}

TEST(functrace_hotplug, a_file_enabled_while_its_processor_is_away_starts_with_it)
{
	pin_to(0);
	functrace_file file("vfs_read", target::every_process(absence::cpu));
	{
		absence away;
		enable(file.fd.get());
		EXPECT_EQ(file.consume(), 0u);
	}
	read_on(absence::cpu);
	disable(file.fd.get());
	EXPECT_EQ(of_this_thread(calls_in(file.finish())).size(), reads);
}

TEST(functrace_hotplug, a_file_disabled_while_its_processor_is_away_stays_off)
{
	pin_to(0);
	functrace_file file("vfs_read", target::every_process(absence::cpu));
	enable(file.fd.get());
	read_on(absence::cpu);
	{
		absence away;
		disable(file.fd.get());
	}
	read_on(absence::cpu);
	EXPECT_EQ(of_this_thread(calls_in(file.finish())).size(), reads);
}

TEST(functrace_hotplug, a_file_can_be_closed_while_its_processor_is_away)
{
	functrace_file file("vfs_read", target::every_process(absence::cpu));
	enable(file.fd.get());
	read_on(absence::cpu);
	absence away;
	file.aux.reset();
	file.fd.reset();
	file.buffer.unmap();
}

} /* namespace */
