// SPDX-License-Identifier: GPL-2.0
// refused: a local static that is initialised at run time (__cxa_guard_acquire)
int first();
int next()
{
	static int value = first();
	return ++value;
}
