// SPDX-License-Identifier: GPL-2.0
/* Tests of the attributes and filters that functrace accepts, and of its errors for the rest. */
#include <gtest/gtest.h>

#include "functrace/file.hpp"

using namespace device_test;

namespace
{

TEST(functrace, a_supported_attribute_is_accepted_on_a_cpu_and_on_a_thread)
{
	for (unsigned shift : {0u, 4u, 31u})
		EXPECT_EQ(functrace_error(functrace_attr(shift)), 0) << shift;
	perf_event_attr attr = functrace_attr();
	attr.sample_period = 1;
	attr.aux_watermark = 4096;
	attr.sample_type |= PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_IDENTIFIER;
	attr.exclude_user = 1;
	EXPECT_EQ(functrace_error(attr), 0);
	EXPECT_EQ(functrace_error(attr, {}), 0);
	EXPECT_EQ(functrace_error(attr, target::thread(0, 0)), 0);
}

TEST(functrace, an_attribute_that_is_not_supported_is_refused)
{
	const auto error_with = [](auto &&change) {
		perf_event_attr attr = functrace_attr();
		change(attr);
		return functrace_error(attr);
	};
	using attr = perf_event_attr;

	EXPECT_EQ(error_with([](attr &a) { a.type = PERF_TYPE_TRACEPOINT; }), ENOENT);
	EXPECT_EQ(error_with([](attr &a) { a.config = PERF_COUNT_SW_TASK_CLOCK; }), ENOENT);
	EXPECT_EQ(error_with([](attr &a) { a.config1 = 32; }), EINVAL);
	EXPECT_EQ(error_with([](attr &a) { a.config1 = ~0ull; }), EINVAL);
	EXPECT_EQ(error_with([](attr &a) { a.config2 = 1; }), EINVAL);
	EXPECT_EQ(error_with([](attr &a) { a.freq = 1, a.sample_freq = 100; }), EOPNOTSUPP);
	EXPECT_EQ(error_with([](attr &a) { a.sample_period = 2; }), EOPNOTSUPP);
	EXPECT_EQ(error_with([](attr &a) { a.exclude_kernel = 1; }), EOPNOTSUPP);
	EXPECT_EQ(error_with([](attr &a) { a.exclude_idle = 1; }), EOPNOTSUPP);
	for (uint64_t field : {PERF_SAMPLE_IP, PERF_SAMPLE_ADDR, PERF_SAMPLE_CALLCHAIN,
			       PERF_SAMPLE_RAW, PERF_SAMPLE_PERIOD, PERF_SAMPLE_AUX})
		EXPECT_EQ(error_with([&](attr &a) { a.sample_type |= field; }), EOPNOTSUPP)
			<< field;
}

struct filter_row {
	const char *text;
	int error;
};

TEST(functrace, a_filter_is_accepted_or_refused_with_its_errno)
{
	static const filter_row rows[] = {
		{"vfs_read", 0},
		{"vfs_*", 0},
		{"vfs_read,vfs_write", 0},
		{" vfs_read\tvfs_write\n, vfs_open ,", 0},
		{"vfs_*,!vfs_read", 0},
		{"!vfs_read", 0},
		{"", 0},
		{" , ", 0},
		{"vfs_rea?", 0},
		{"vfs_[rw]*", 0},
		{"no_such_function_there_is", ENOENT},
		{"no_such_*", ENOENT},
		{"!no_such_function_there_is", ENOENT},
		{"vfs_read,no_such_function_there_is", ENOENT},
		{":mod:no_such_module", ENOENT},
		{"*:mod:no_such_module", ENOENT},
		/* The functions that write the trace are not traced. */
		{":mod:perfbuf", ENOENT},
		{"!", EINVAL},
		{"!!vfs_read", EINVAL},
		{"vfs_read!", EINVAL},
		{"1", EINVAL},
		{"!1", EINVAL},
		{"12*", EINVAL},
		{":", EINVAL},
		{":mod:", EINVAL},
		{"vfs_read:mod", EINVAL},
		{"vfs_read:mod:", EINVAL},
		{"vfs_read:mod:a:b", EINVAL},
		{"vfs_read:traceoff", EINVAL},
		{"!:mod:perfbuf", EINVAL},
		{"vfs_read|vfs_write", EINVAL},
		{"vfs_read;", EINVAL},
		{"pid == 1", EINVAL},
		{"vfs_\x01", EINVAL},
		{"vfs_\xff", EINVAL},
	};
	unique_fd fd = open_functrace();

	for (const filter_row &row : rows)
		EXPECT_EQ(set_filter(fd.get(), row.text), row.error) << row.text;
	EXPECT_EQ(set_filter(fd.get(), std::string(1000, ',') + "vfs_read"), 0);
	EXPECT_EQ(set_filter(fd.get(), std::string(5000, 'a')), EINVAL);
	EXPECT_EQ(
		ioctl_error(fd.get(), PERF_EVENT_IOC_SET_FILTER, reinterpret_cast<const void *>(8)),
		EFAULT);
}

TEST(functrace, the_node_is_there_and_its_description_names_aux)
{
	EXPECT_EQ(access(functrace_path, F_OK), 0);
	const std::string text = read_file("/sys/class/perfbuf/functrace/description");
	EXPECT_NE(text.find("AUX"), std::string::npos);
}

} /* namespace */
