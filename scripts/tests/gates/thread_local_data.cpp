// SPDX-License-Identifier: GPL-2.0
// refused: thread-local storage (.tdata)
thread_local int per_thread = 7;
int next()
{
	return ++per_thread;
}
