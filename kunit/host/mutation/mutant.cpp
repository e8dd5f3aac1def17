// SPDX-License-Identifier: GPL-2.0
/*
 * PERFBUF_MUTANT: the number of the mutation that is awake.
 * PERFBUF_REACHED: a file that at the end has the numbers of those that were reached.
 * PERFBUF_LIMIT_MS: processor time after which the program is killed.
 */
#include "mutant.hpp"

#include <cstdio>
#include <cstdlib>

#include <sys/time.h>

namespace mutant
{

unsigned awake;
unsigned char reached[numbers_max];

namespace
{

void write_reached()
{
	std::FILE *to = std::fopen(std::getenv("PERFBUF_REACHED"), "w");

	if (!to)
		return;
	for (unsigned number = 0; number < numbers_max; number++)
		if (reached[number])
			std::fprintf(to, "%u\n", number);
	std::fclose(to);
}

[[gnu::constructor]] void begin()
{
	if (const char *number = std::getenv("PERFBUF_MUTANT"))
		awake = static_cast<unsigned>(std::strtoul(number, nullptr, 10));
	if (const char *ms = std::getenv("PERFBUF_LIMIT_MS")) {
		const long all = std::strtol(ms, nullptr, 10);
		const itimerval limit = {
			.it_interval = {},
			.it_value = {.tv_sec = all / 1000, .tv_usec = all % 1000 * 1000 + 1}};

		setitimer(ITIMER_PROF, &limit, nullptr);
	}
	if (std::getenv("PERFBUF_REACHED"))
		std::atexit(write_reached);
}

} // namespace

} // namespace mutant
