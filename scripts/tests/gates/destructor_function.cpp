// SPDX-License-Identifier: GPL-2.0
// refused: static constructor or destructor (.fini_array)
void closed();
__attribute__((destructor)) void at_the_end()
{
	closed();
}
