// SPDX-License-Identifier: GPL-2.0
/*
 * PERFBUF_MUTANT: the number of the mutation that is awake.
 * PERFBUF_REACHED: a file that at the end has the numbers of those that were reached.
 */
#include "mutant.hpp"

#include <cstdio>
#include <cstdlib>

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
	if (std::getenv("PERFBUF_REACHED"))
		std::atexit(write_reached);
}

} // namespace

} // namespace mutant
