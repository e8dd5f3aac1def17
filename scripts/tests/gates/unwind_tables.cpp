// SPDX-License-Identifier: GPL-2.0
// refused: unwind tables (.eh_frame)
// flags: -fasynchronous-unwind-tables
int twice(int n)
{
	return 2 * n;
}
