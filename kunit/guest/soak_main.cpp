// SPDX-License-Identifier: GPL-2.0
/* The long run: perfbuf_soak [--perf] [--seconds N] [--frequency N] [--pages N] */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "support/soak.hpp"

using namespace device_test;

int main(int argc, char **argv)
{
	soak_options options = {.seconds = 600};
	for (int i = 1; i < argc; i++) {
		const bool more = i + 1 < argc;
		if (!strcmp(argv[i], "--perf")) {
			options.source = side::perf;
		} else if (!strcmp(argv[i], "--seconds") && more) {
			options.seconds = strtoul(argv[++i], nullptr, 10);
		} else if (!strcmp(argv[i], "--frequency") && more) {
			options.frequency = strtoul(argv[++i], nullptr, 10);
		} else if (!strcmp(argv[i], "--pages") && more) {
			options.data_pages = strtoul(argv[++i], nullptr, 10);
		} else {
			fprintf(stderr,
				"usage: %s [--perf] [--seconds N] [--frequency N] [--pages N]\n",
				argv[0]);
			return 2;
		}
	}
	try {
		const soak_result result = run_soak(options);
		printf("soak of %s, %u s at %u Hz: %s\n", name(options.source), options.seconds,
		       options.frequency, result.line().c_str());
		return result.exact() ? 0 : 1;
	} catch (const std::exception &error) {
		fprintf(stderr, "soak: %s\n", error.what());
		return 1;
	}
}
