// SPDX-License-Identifier: GPL-2.0
/* What the benchmarks share. */
#include "../common/find.c"
#include "../common/request.c"
#include "../common/steps.c"
