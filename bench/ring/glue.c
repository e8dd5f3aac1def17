// SPDX-License-Identifier: GPL-2.0
/* The glue that the ring stands on. */
#include "../../module/glue/alarm.c"
#include "../../module/glue/cxxrt.c"
#include "../../module/glue/pages.c"
#include "../../module/glue/wake.c"
