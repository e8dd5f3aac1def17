// SPDX-License-Identifier: GPL-2.0
// refused: thread-local storage (.tbss)
thread_local int per_thread;
int next()
{
	return ++per_thread;
}
