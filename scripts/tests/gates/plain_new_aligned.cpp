// SPDX-License-Identifier: GPL-2.0
// refused: plain operator new(size_t)
struct alignas(64) line {
	char bytes[64];
};
line *make()
{
	return new line;
}
