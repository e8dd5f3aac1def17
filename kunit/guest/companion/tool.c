// SPDX-License-Identifier: GPL-2.0
/* A program that is built twice, with another NAME of its function at the same address. */
#include <unistd.h>

volatile unsigned long turns;

__attribute__((noinline)) void NAME(void)
{
	for (unsigned long i = 0; i < 1000000; i++)
		turns += i;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	while (access(argv[1], F_OK))
		NAME();
	return 0;
}
