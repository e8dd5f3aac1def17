// SPDX-License-Identifier: GPL-2.0
/* The sources that the benchmarks share, compiled into this module. */
#include "../common/find.c"
#include "../common/request.c"
#include "../common/steps.c"
