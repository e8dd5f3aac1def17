// SPDX-License-Identifier: GPL-2.0
// refused: plain operator new(size_t)
extern "C" void *kmalloc_like(unsigned long bytes);
void *operator new(unsigned long bytes)
{
	return kmalloc_like(bytes);
}
