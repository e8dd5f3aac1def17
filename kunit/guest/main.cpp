// SPDX-License-Identifier: GPL-2.0
/*
 * perfbuf_device_test: the device against its contract, and against
 * perf_event_open(2) of the same kernel where the contract is "as perf".
 *
 *   --perf-only   run what concerns perf alone: checks the expectations
 */
#include <cstdio>
#include <cstring>

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/event.hpp"
#include "support/hooks.hpp"
#include "support/mode.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

/* A test that did not run has not passed. */
class skips_fail : public testing::EmptyTestEventListener
{
public:
	bool any() const { return any_; }

private:
	void OnTestEnd(const testing::TestInfo &info) override
	{
		any_ = any_ || info.result()->Skipped();
	}
	bool any_ = false;
};

} /* namespace */

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], spin_argument)) {
		const std::atomic<bool> never = false;
		spin(never);
	}
	/* The parameters are generated in InitGoogleTest: the mode comes first. */
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--perf-only"))
			set_perf_only(true);
	}
	testing::InitGoogleTest(&argc, argv);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--perf-only")) {
			fprintf(stderr, "%s: unknown argument %s\n", argv[0], argv[i]);
			return 2;
		}
	}
	if (!perf_only() && !testing::GTEST_FLAG(list_tests) && access(device_path, F_OK)) {
		fprintf(stderr, "%s: %s is not there: is perfbuf.ko loaded?\n", argv[0],
			device_path);
		return 2;
	}
	auto *skips = new skips_fail;
	testing::UnitTest::GetInstance()->listeners().Append(skips);
	if (!testing::GTEST_FLAG(list_tests))
		hold_hooks();
	const int result = RUN_ALL_TESTS();
	let_hooks_go();
	if (skips->any() && !perf_only()) {
		printf("tests were skipped: the run has failed\n");
		return 1;
	}
	return result;
}
