// SPDX-License-Identifier: GPL-2.0
/* The glue that the ring stands on, and that of the user's registers. */
#include "../../../module/glue/alarm.c"
#include "../../../module/glue/arch/x86/regs.c"
#include "../../../module/glue/cxxrt.c"
#include "../../../module/glue/pages.c"
#include "../../../module/glue/regs.c"
#include "../../../module/glue/wake.c"
