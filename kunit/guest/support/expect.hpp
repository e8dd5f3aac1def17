/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "As perf", as a check: the same call is made on both sides. What perf says
 * is compared to what is written in the table, so that the table is right;
 * what the device says is compared to perf, unless the row has an answer of
 * its own, with the reason.
 */
#pragma once

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/event.hpp"

namespace device_test
{

/* The accepted errnos; 0 is success. Empty: any. */
using answers = std::vector<int>;

struct expectation {
	answers perf;
	answers own = {}; /* empty: what perf said */
	const char *why = "";
};

inline std::string in_words(const answers &expected)
{
	std::string text;
	for (int error : expected)
		text += (text.empty() ? "" : " or ") + errno_name(error);
	return text;
}

inline bool covers(const answers &expected, int got)
{
	return expected.empty() ||
	       std::find(expected.begin(), expected.end(), got) != expected.end();
}

/* @call gives 0 or an errno. */
inline void check_both(const expectation &expected, const std::function<int(side)> &call)
{
	const int perf = call(side::perf);
	EXPECT_TRUE(covers(expected.perf, perf))
		<< "perf: " << errno_name(perf) << ", expected " << in_words(expected.perf);
	if (perf_only())
		return;
	const int own = call(side::clock);
	const answers wanted = expected.own.empty() ? answers{perf} : expected.own;
	EXPECT_TRUE(covers(wanted, own))
		<< "clock: " << errno_name(own) << ", expected " << in_words(wanted)
		<< (expected.own.empty() ? " as perf" : " because ") << expected.why;
}

/* For rows that have a name. */
template <typename Info>
std::string row_name(const Info &info)
{
	return info.param.name;
}

template <typename Row>
void print_row(const Row &row, std::ostream *out)
{
	*out << row.name;
}

/* 0 or an errno of opening and closing again. */
inline int open_error(side s, const void *attr, const target &observed = {})
{
	const int fd = open_event(s, attr, observed);
	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

} /* namespace device_test */
