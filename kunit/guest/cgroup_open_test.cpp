// SPDX-License-Identifier: GPL-2.0
/* PERF_FLAG_PID_CGROUP: what is refused, with perf's errnos. */
#include <climits>

#include <linux/perfbuf.h>

#include "support/cgroup.hpp"
#include "support/expect.hpp"
#include "support/rights.hpp"
#include "support/user.hpp"

using namespace device_test;

namespace
{

struct open_cgroup {
	cgroup_root root;
	cgroup group{root.path() + "/perfbuf-one"};
	unique_fd fd = group.open();
	perf_event_attr attr = clock_attr();
	target observed = tasks_of(fd.get(), 0);
	unique_fd other; /* in place of fd */

	void use(unique_fd &&instead)
	{
		other = std::move(instead);
		observed.pid = other.get();
	}
	void use(const std::string &path, int flags)
	{
		use(unique_fd(open(path.c_str(), flags | O_CLOEXEC)));
		if (!other.valid())
			fail_errno(path, errno);
	}
};

/* Where perf has no events of cgroups, what it says elsewhere. */
void check_cgroups(const expectation &expected, const std::function<int(side)> &call)
{
	if (perf_has_cgroups())
		return check_both(expected, call);
	const answers &wanted = expected.own.empty() ? expected.perf : expected.own;
	const int own = call(side::clock);
	EXPECT_TRUE(covers(wanted, own))
		<< "clock: " << errno_name(own) << ", expected " << in_words(wanted);
}

struct cgroup_row {
	const char *name;
	void (*change)(open_cgroup &);
	expectation expected;
};

void PrintTo(const cgroup_row &row, std::ostream *out)
{
	print_row(row, out);
}

class cgroup_table : public testing::TestWithParam<cgroup_row>
{
};

TEST_P(cgroup_table, each_open_of_a_cgroup_answers_as_perf_does)
{
	const cgroup_row &row = GetParam();
	open_cgroup c;
	row.change(c);
	check_cgroups(row.expected, [&](side s) { return open_error(s, &c.attr, c.observed); });
}

const cgroup_row rows[] = {
	{"a_cgroup_on_a_cpu", [](open_cgroup &) {}, {{0}}},
	{"the_first_cgroup", [](open_cgroup &c) { c.use(c.root.path(), O_RDONLY); }, {{0}}},
	{"with_inherit", [](open_cgroup &c) { c.attr.inherit = 1; }, {{0}}},
	{"a_dummy_event", [](open_cgroup &c) { c.attr.config = PERF_COUNT_SW_DUMMY; }, {{0}}},
	{"any_cpu", [](open_cgroup &c) { c.observed.cpu = -1; }, {{EINVAL}}},
	{"pid_minus_1", [](open_cgroup &c) { c.observed.pid = -1; }, {{EINVAL}}},
	{"pid_minus_1_and_any_cpu",
	 [](open_cgroup &c) {
		 c.observed = {-1, -1, PERF_FLAG_PID_CGROUP};
	 },
	 {{EINVAL}}},
	{"cpu_too_great", [](open_cgroup &c) { c.observed.cpu = 8192; }, {{EINVAL}}},
	{"cpu_minus_2", [](open_cgroup &c) { c.observed.cpu = -2; }, {{EINVAL}}},
	{"no_descriptor", [](open_cgroup &c) { c.observed.pid = 9999; }, {{EBADF}}},
	{"descriptor_minus_2", [](open_cgroup &c) { c.observed.pid = -2; }, {{EBADF}}},
	{"descriptor_least", [](open_cgroup &c) { c.observed.pid = INT_MIN; }, {{EBADF}}},
	{"descriptor_of_a_device", [](open_cgroup &c) { c.use("/dev/null", O_RDONLY); }, {{EBADF}}},
	{"descriptor_of_another_directory",
	 [](open_cgroup &c) { c.use("/", O_RDONLY); },
	 {{EBADF}}},
	{"descriptor_of_a_file_in_the_cgroup",
	 [](open_cgroup &c) { c.use(c.group.path() + "/cgroup.procs", O_RDONLY); },
	 {{EBADF}}},
	/* perf's rule is that the directory was opened for reading. */
	{"descriptor_of_o_path", [](open_cgroup &c) { c.use(c.group.open(O_PATH)); }, {{EBADF}}},
	{"a_cgroup_that_was_removed", [](open_cgroup &c) { c.group.remove(); }, {{ENOENT}}},
	/* Two faults each. */
	{"cpu_before_descriptor",
	 [](open_cgroup &c) {
		 c.observed = {9999, INT_MAX, PERF_FLAG_PID_CGROUP};
	 },
	 {{EINVAL}}},
	{"type_before_descriptor",
	 [](open_cgroup &c) {
		 c.attr.type = 0xffff;
		 c.observed.pid = 9999;
	 },
	 {{ENOENT}}},
	{"any_cpu_before_type",
	 [](open_cgroup &c) {
		 c.attr.type = 0xffff;
		 c.observed.cpu = -1;
	 },
	 {{EINVAL}}},
	{"descriptor_before_depth",
	 [](open_cgroup &c) {
		 c.attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		 c.attr.sample_max_stack = USHRT_MAX;
		 c.observed.pid = 9999;
	 },
	 {{EBADF}}},
	{"descriptor_before_clock",
	 [](open_cgroup &c) {
		 c.attr.use_clockid = 1;
		 c.attr.clockid = 99;
		 c.observed.pid = 9999;
	 },
	 {{EBADF}}},
	{"unknown_flag_before_descriptor",
	 [](open_cgroup &c) {
		 c.observed.flags |= 1 << 4;
		 c.observed.pid = 9999;
	 },
	 {{EINVAL}}},
};

/* A sibling of a leader. */
struct sibling_row {
	const char *name;
	bool leader_has, sibling_has; /* a cgroup */
	bool is_another;
	expectation expected;
};

void PrintTo(const sibling_row &row, std::ostream *out)
{
	print_row(row, out);
}

class cgroup_sibling : public testing::TestWithParam<sibling_row>
{
};

TEST_P(cgroup_sibling, a_group_has_events_of_one_cgroup)
{
	const sibling_row &row = GetParam();
	open_cgroup c;
	cgroup another(c.root.path() + "/perfbuf-another");
	if (row.is_another)
		c.use(another.open());
	const target all = target::every_process(0);
	check_cgroups(row.expected, [&](side s) {
		unique_fd leader =
			must_open(s, c.attr, row.leader_has ? tasks_of(c.fd.get(), 0) : all);
		target of_sibling = row.sibling_has ? c.observed : all;
		of_sibling.group = leader.get();
		return open_error(s, &c.attr, of_sibling);
	});
}

const sibling_row siblings[] = {
	{"the_same_cgroup", true, true, false, {{0}}},
	{"another_cgroup", true, true, true, {{EINVAL}}},
	{"a_sibling_without_a_cgroup",
	 true,
	 false,
	 false,
	 {{0},
	  {EINVAL},
	  "perf counts it while the leader's cgroup runs, whatever it was opened on"}},
	{"a_leader_without_a_cgroup", false, true, false, {{EINVAL}}},
};

int code_of(const std::function<int()> &body)
{
	const outcome done = run_in_child(body);
	return done.signal ? 200 + done.signal : done.code;
}

class cgroup_rights : public testing::TestWithParam<side>
{
};

TEST_P(cgroup_rights, an_event_of_a_cgroup_without_cap_perfmon_is_eacces)
{
	node_for_everybody open_to_all;
	open_cgroup c;
	perf_event_attr attr = GetParam() == side::perf ? c.attr : message_attr();
	attr.exclude_kernel = GetParam() == side::perf;
	EXPECT_EQ(code_of([&] {
			  become_nobody();
			  if (GetParam() == side::perf)
				  return open_error(side::perf, &attr, c.observed);
			  unique_fd fd = open_message();
			  return configure(fd.get(), &attr, c.observed);
		  }),
		  EACCES);
}

TEST_P(cgroup_rights, an_event_of_a_cgroup_needs_the_capabilities_of_an_event_of_a_cpu)
{
	open_cgroup c;
	/* Debian's perf wants CAP_SYS_ADMIN of every event. */
	const uint64_t rights =
		1ULL << CAP_PERFMON | (GetParam() == side::perf ? 1ULL << CAP_SYS_ADMIN : 0);
	EXPECT_EQ(code_of([&] {
			  set_rights(rights);
			  return open_error(GetParam(), &c.attr, c.observed);
		  }),
		  0);
}

/* An event that cannot be counted for a cgroup is refused. */
class own_cgroup_refusal : public testing::TestWithParam<side>
{
};

TEST_P(own_cgroup_refusal, a_counter_of_a_cgroup_is_eopnotsupp)
{
	open_cgroup c;
	c.attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	EXPECT_EQ(open_pmu(GetParam(), c.attr, c.observed), -EOPNOTSUPP);
	c.attr.config = PERF_COUNT_SW_DUMMY;
	const unique_fd dummy(open_pmu(GetParam(), c.attr, c.observed));
	EXPECT_TRUE(dummy.valid()) << "a dummy event counts nothing";
}

TEST_P(own_cgroup_refusal, a_function_trace_of_a_cgroup_is_eopnotsupp)
{
	open_cgroup c;
	unique_fd fd(open("/dev/perfbuf/functrace", O_RDWR | O_CLOEXEC));
	if (!fd.valid() && errno == ENOENT)
		return; /* a kernel without the function tracer */
	ASSERT_TRUE(fd.valid());
	c.attr = {.type = PERF_TYPE_SOFTWARE,
		  .size = sizeof(c.attr),
		  .config = PERF_COUNT_SW_CPU_CLOCK,
		  .disabled = 1};
	EXPECT_EQ(configure(fd.get(), &c.attr, c.observed), EOPNOTSUPP);
	EXPECT_EQ(configure(fd.get(), &c.attr, target::every_process(0)), 0);
}

TEST_P(own_cgroup_refusal, an_event_of_a_cgroup_follows_no_thread)
{
	open_cgroup c;
	c.attr.inherit = 1;
	unique_fd fd = must_open(GetParam(), c.attr, c.observed);
	const perfbuf_follow wanted = {};
	EXPECT_EQ(ioctl_error(fd.get(), PERFBUF_IOC_FOLLOW, &wanted), EINVAL);
}

template <typename Row, size_t n>
std::vector<Row> rows_of(const Row (&all)[n])
{
	return has_cgroups() ? std::vector<Row>(all, all + n) : std::vector<Row>();
}

INSTANTIATE_TEST_SUITE_P(of, cgroup_table, testing::ValuesIn(rows_of(rows)),
			 row_name<testing::TestParamInfo<cgroup_row>>);
INSTANTIATE_TEST_SUITE_P(of, cgroup_sibling, testing::ValuesIn(rows_of(siblings)),
			 row_name<testing::TestParamInfo<sibling_row>>);
INSTANTIATE_TEST_SUITE_P(of, cgroup_rights, testing::ValuesIn(sides_with_cgroups()),
			 side_name<testing::TestParamInfo<side>>);
INSTANTIATE_TEST_SUITE_P(of, own_cgroup_refusal,
			 testing::ValuesIn(has_cgroups() ? own_side() : std::vector<side>()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(cgroup_table);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(cgroup_sibling);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(cgroup_rights);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_cgroup_refusal);

} /* namespace */
