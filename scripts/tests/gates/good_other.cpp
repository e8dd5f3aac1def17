// SPDX-License-Identifier: GPL-2.0
/* See good.cpp. */
template <typename T>
__attribute__((noinline)) T doubled(T value)
{
	static constinit int calls;
	return value + value + (++calls > 1000000);
}

int other_file(int n);
int other_file(int n)
{
	return doubled(n);
}
