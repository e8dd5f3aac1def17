// SPDX-License-Identifier: GPL-2.0
// refused: plain operator new(size_t)
int *make()
{
	return new int;
}
