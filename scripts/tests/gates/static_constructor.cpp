// SPDX-License-Identifier: GPL-2.0
// refused: static constructor or destructor (.init_array; for counter)
int first();
int counter = first();
