// SPDX-License-Identifier: GPL-2.0
// refused: static constructor or destructor (.init_array.00200
int first();
__attribute__((init_priority(200))) struct early {
	int value = first();
} instance;
