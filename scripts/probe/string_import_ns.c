// SPDX-License-Identifier: GPL-2.0
/* MODULE_IMPORT_NS() wants a string (6.13); before, it makes one of the bare name. */
#include <linux/module.h>

#undef MODULE_INFO
#define MODULE_INFO(tag, text)                                                                     \
	_Static_assert(sizeof(text) == sizeof("X"), "made a string of a string")
MODULE_IMPORT_NS("X");
