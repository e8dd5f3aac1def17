// SPDX-License-Identifier: GPL-2.0
/*
 * A function trace whose setup fails at every step. Only kernels with fault injection have these
 * tests; leaks and splats are for the kernel's own checkers to find.
 */
#include <cerrno>

#include <gtest/gtest.h>

#include "functrace/file.hpp"
#include "support/fault.hpp"

using namespace device_test;

namespace
{

class functrace_fault : public testing::TestWithParam<target>
{
protected:
	void SetUp() override
	{
		arm();
		pin_to(0);
	}
	/* A filter that failed left the file as it was: it traces by its last good one. */
	static void expect_to_trace(functrace_file &file, unsigned calls)
	{
		enable(file.fd.get());
		read_zero(30);
		disable(file.fd.get());
		EXPECT_EQ(of_this_thread(calls_in(file.finish())).size(), calls);
	}
};

TEST_P(functrace_fault, a_failed_allocation_at_open_is_enomem)
{
	const perf_event_attr attr = functrace_attr();
	EXPECT_GT(fail_each([&] {
			  unique_fd fd(::open(functrace_path, O_RDWR | O_CLOEXEC));
			  return fd.valid() ? configure(fd.get(), &attr, GetParam()) : errno;
		  }),
		  5u);
}

TEST_P(functrace_fault, a_failed_allocation_at_a_new_filter_leaves_the_old_one)
{
	functrace_file file("vfs_read", GetParam());
	const countdown failing;
	unsigned failed = 0;
	for (unsigned n = 1;; n++) {
		failing.set(n);
		const int error = set_filter(file.fd.get(), "vfs_write");
		const bool over = failing.is_over();
		failing.set(0);
		if (!error && !over)
			break;
		failed += error != 0;
		ASSERT_TRUE(!error || error == ENOMEM || error == EFAULT)
			<< errno_name(error) << " at " << n;
		if (!error)
			must_filter(file.fd.get(), "vfs_read");
	}
	EXPECT_GT(failed, 3u);
	must_filter(file.fd.get(), "vfs_read");
	set_filter(file.fd.get(), "no_such_function_there_is");
	expect_to_trace(file, 30);
}

TEST_P(functrace_fault, a_failed_allocation_of_the_area_is_enomem_and_leaves_nothing_charged)
{
	const allowance_used_up full;
	functrace_file file("vfs_read", GetParam(), 0);
	const long pinned = status_value("VmPin");
	EXPECT_GT(fail_each([&] {
			  return aux_error(file.fd.get(), file.buffer.page(), file.buffer.bytes(),
					   16 * page_size());
		  }),
		  16u);
	EXPECT_EQ(status_value("VmPin"), pinned);
	file.aux.emplace(file.fd.get(), file.buffer, 64);
	expect_to_trace(file, 30);
}

std::vector<target> targets()
{
	if (!can_inject())
		return {};
	return {target::every_process(0), target::thread(0)};
}

INSTANTIATE_TEST_SUITE_P(of, functrace_fault, testing::ValuesIn(targets()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(functrace_fault);

} /* namespace */
