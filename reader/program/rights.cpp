// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads this process's capabilities.
#include "program/rights.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/capability.h>

namespace perfbuf::program
{

namespace
{

constexpr int cap_perfmon = 38; // since 5.8; older headers do not name it

} // namespace

uint64_t effective_capabilities()
{
	char text[4096];
	uint64_t set = 0;
	if (FILE *file = std::fopen("/proc/self/status", "re")) {
		while (std::fgets(text, sizeof(text), file))
			if (!std::strncmp(text, "CapEff:", 7))
				set = std::strtoull(text + 7, nullptr, 16);
		std::fclose(file);
	}
	return set;
}

bool has_capability(uint64_t set, int capability)
{
	return set >> capability & 1;
}

bool may_trace()
{
	const uint64_t set = effective_capabilities();
	return has_capability(set, cap_perfmon) || has_capability(set, CAP_SYS_ADMIN);
}

} // namespace perfbuf::program
