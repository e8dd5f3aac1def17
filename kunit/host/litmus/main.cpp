// SPDX-License-Identifier: GPL-2.0
/*
 * Each litmus test: what is forbidden does not happen in any execution, and with one barrier
 * weakened, each in its turn, it does.
 */
#include "litmus.hpp"

#include <cstdio>

using namespace perfbuf::litmus;

int main()
{
	unsigned failed = 0, checks = 0;
	const auto check = [&](const test &test, const char *weakened, bool may_happen) {
		const verdict found = run(test);
		const bool is_right = found.happens == may_happen;

		checks++;
		failed += !is_right;
		std::printf("%s  %5llu states  %s%s%s\n", is_right ? "ok    " : "FAILED",
			    static_cast<unsigned long long>(found.states), test.name,
			    weakened ? ": " : "", weakened ? weakened : "");
	};

	std::vector<test> tests = operations();
	const std::vector<test> of_the_ring = all();

	tests.insert(tests.end(), of_the_ring.begin(), of_the_ring.end());
	for (const test &each : tests) {
		check(each, nullptr, false);
		for (const test::weakening &how : each.weakenings) {
			test weaker = each;
			auto &steps = weaker.cpus[how.cpu];

			steps.erase(steps.begin() + how.index);
			steps.insert(steps.begin() + how.index, how.instead.begin(),
				     how.instead.end());
			check(weaker, how.name, true);
		}
	}
	std::printf("%u of %u as they should be\n", checks - failed, checks);
	return failed != 0;
}
