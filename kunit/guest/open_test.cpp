// SPDX-License-Identifier: GPL-2.0
/* pid, cpu, flags, and the errno of an open that has two faults. */
#include <climits>
#include <csignal>

#include <sys/wait.h>

#include "support/expect.hpp"
#include "support/process.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

struct call {
	perf_event_attr attr = clock_attr();
	target observed;
	const void *address = nullptr; /* of attr, when it is another one */
};

struct open_row {
	const char *name;
	void (*change)(call &);
	expectation expected;
};

void PrintTo(const open_row &row, std::ostream *out)
{
	print_row(row, out);
}

class open_table : public testing::TestWithParam<open_row>
{
};

TEST_P(open_table, each_open_answers_as_perf_does)
{
	const open_row &row = GetParam();
	check_both(row.expected, [&](side s) {
		call c;
		row.change(c);
		return open_error(s, c.address ? c.address : &c.attr, c.observed);
	});
}

constexpr const char *no_flags = "a group is joined by another request";

const open_row targets[] = {
	{"self",
	 [](call &c) {
		 c.observed = {0, -1};
	 },
	 {{0}}},
	{"self_by_number",
	 [](call &c) {
		 c.observed = {getpid(), -1};
	 },
	 {{0}}},
	{"self_on_a_cpu",
	 [](call &c) {
		 c.observed = {0, 0};
	 },
	 {{0}}},
	{"parent_process",
	 [](call &c) {
		 c.observed = {1, -1};
	 },
	 {{0}}},
	{"kernel_thread",
	 [](call &c) {
		 c.observed = {2, -1};
	 },
	 {{0}}},
	{"every_process_on_a_cpu",
	 [](call &c) {
		 c.observed = {-1, 0};
	 },
	 {{0}}},
	{"every_process_everywhere",
	 [](call &c) {
		 c.observed = {-1, -1};
	 },
	 {{EINVAL}}},
	{"pid_minus_2",
	 [](call &c) {
		 c.observed = {-2, -1};
	 },
	 {{ESRCH}}},
	{"pid_least",
	 [](call &c) {
		 c.observed = {INT_MIN, 0};
	 },
	 {{ESRCH}}},
	{"pid_greatest",
	 [](call &c) {
		 c.observed = {INT_MAX, -1};
	 },
	 {{ESRCH}}},
	{"pid_unused",
	 [](call &c) {
		 c.observed = {4194303, 0};
	 },
	 {{ESRCH}}},
	{"cpu_minus_2",
	 [](call &c) {
		 c.observed = {0, -2};
	 },
	 {{EINVAL}}},
	{"cpu_least",
	 [](call &c) {
		 c.observed = {-1, INT_MIN};
	 },
	 {{EINVAL}}},
	{"cpu_too_great",
	 [](call &c) {
		 c.observed = {0, 8192};
	 },
	 {{EINVAL}}},
	{"cpu_greatest",
	 [](call &c) {
		 c.observed = {-1, INT_MAX};
	 },
	 {{EINVAL}}},
};

const open_row flags[] = {
	{"cloexec", [](call &c) { c.observed.flags = PERF_FLAG_FD_CLOEXEC; }, {{0}}},
	{"no_group",
	 [](call &c) { c.observed.flags = PERF_FLAG_FD_NO_GROUP; },
	 {{0}, {EOPNOTSUPP}, no_flags}},
	{"output",
	 [](call &c) { c.observed.flags = PERF_FLAG_FD_OUTPUT; },
	 {{0}, {EOPNOTSUPP}, no_flags}},
	{"pid_cgroup",
	 [](call &c) {
		 c.observed = {0, 0, PERF_FLAG_PID_CGROUP};
	 },
	 {{EBADF}}},
	{"unknown_flag", [](call &c) { c.observed.flags = 1 << 4; }, {{EINVAL}}},
	{"unknown_flag_bit_31", [](call &c) { c.observed.flags = 1UL << 31; }, {{EINVAL}}},
	{"unknown_flag_bit_63", [](call &c) { c.observed.flags = 1UL << 63; }, {{EINVAL}}},
	{"unknown_and_no_group",
	 [](call &c) { c.observed.flags = 1 << 4 | PERF_FLAG_FD_NO_GROUP; },
	 {{EINVAL}}},
	{"all_flags", [](call &c) { c.observed.flags = ~0UL; }, {{EINVAL}}},
};

/* Each has two faults: the errno is that of the fault that perf checks first. */
const open_row order[] = {
	{"flags_before_the_address",
	 [](call &c) {
		 c.observed.flags = 1 << 4;
		 c.address = reinterpret_cast<void *>(1);
	 },
	 {{EINVAL}}},
	{"address_before_pid",
	 [](call &c) {
		 c.observed.pid = INT_MAX;
		 c.address = reinterpret_cast<void *>(1);
	 },
	 {{EFAULT}}},
	{"size_before_reserved",
	 [](call &c) {
		 c.attr.size = 1;
		 c.attr.__reserved_2 = 1;
	 },
	 {{E2BIG}}},
	{"sample_type_before_pid",
	 [](call &c) {
		 c.attr.sample_type = 1ULL << 63;
		 c.observed.pid = INT_MAX;
	 },
	 {{EINVAL}}},
	{"period_before_pid",
	 [](call &c) {
		 c.attr.sample_period = 1ULL << 63;
		 c.observed.pid = INT_MAX;
	 },
	 {{EINVAL}}},
	{"pid_before_cpu",
	 [](call &c) {
		 c.observed = {INT_MAX, INT_MAX};
	 },
	 {{ESRCH}}},
	{"pid_before_type",
	 [](call &c) {
		 c.attr.type = 0xffff;
		 c.observed.pid = INT_MAX;
	 },
	 {{ESRCH}}},
	{"pid_before_clock",
	 [](call &c) {
		 c.attr.use_clockid = 1;
		 c.attr.clockid = 99;
		 c.observed.pid = INT_MAX;
	 },
	 {{ESRCH}}},
	{"cpu_before_type",
	 [](call &c) {
		 c.attr.type = 0xffff;
		 c.observed.cpu = INT_MAX;
	 },
	 {{EINVAL}}},
	{"type_before_depth",
	 [](call &c) {
		 c.attr.type = 0xffff;
		 c.attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		 c.attr.sample_max_stack = USHRT_MAX;
	 },
	 {{ENOENT}}},
	{"type_before_clock",
	 [](call &c) {
		 c.attr.type = 0xffff;
		 c.attr.use_clockid = 1;
		 c.attr.clockid = 99;
	 },
	 {{ENOENT}}},
	{"depth_before_clock",
	 [](call &c) {
		 c.attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		 c.attr.sample_max_stack = USHRT_MAX;
		 c.attr.use_clockid = 1;
		 c.attr.clockid = 99;
	 },
	 {{EOVERFLOW}}},
	{"pid_before_depth",
	 [](call &c) {
		 c.attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		 c.attr.sample_max_stack = USHRT_MAX;
		 c.observed.pid = INT_MAX;
	 },
	 {{ESRCH}}},
};

INSTANTIATE_TEST_SUITE_P(targets, open_table, testing::ValuesIn(targets),
			 row_name<testing::TestParamInfo<open_row>>);
INSTANTIATE_TEST_SUITE_P(flags, open_table, testing::ValuesIn(flags),
			 row_name<testing::TestParamInfo<open_row>>);
INSTANTIATE_TEST_SUITE_P(order, open_table, testing::ValuesIn(order),
			 row_name<testing::TestParamInfo<open_row>>);

TEST(open_target, a_task_that_has_ended_but_is_not_reaped_is_esrch)
{
	child gone([] { return 0; });
	siginfo_t info;
	ASSERT_EQ(waitid(P_PID, gone.pid(), &info, WEXITED | WNOWAIT), 0);
	check_both({{ESRCH}}, [&](side s) {
		const perf_event_attr attr = clock_attr();
		return open_error(s, &attr, target::thread(gone.pid()));
	});
}

TEST(open_target, a_task_that_was_reaped_is_esrch)
{
	child gone([] { return 0; });
	const pid_t pid = gone.pid();
	gone.wait();
	check_both({{ESRCH}}, [&](side s) {
		const perf_event_attr attr = clock_attr();
		return open_error(s, &attr, target::thread(pid));
	});
}

TEST(open_target, an_event_can_follow_any_thread_of_another_process)
{
	spinner other;
	check_both({{0}}, [&](side s) {
		const perf_event_attr attr = clock_attr();
		return open_error(s, &attr, target::thread(other.tid()));
	});
}

} /* namespace */
