/* SPDX-License-Identifier: GPL-2.0 */
/* CPUs that come and go. */
#ifndef PERFBUF_GLUE_CPUHP_H
#define PERFBUF_GLUE_CPUHP_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * From here on, and until detach, the C++ functions are called; before attach returns, the first
 * for every CPU that is online, and before detach returns the second. Process context, may sleep.
 */
int pb_cpuhp_attach(void) PB_NOEXCEPT;
void pb_cpuhp_detach(void) PB_NOEXCEPT;

/* C++. On the CPU that has come, or is about to go; interrupts off. */
void perfbuf_cpu_online(__u32 cpu) PB_NOEXCEPT;
void perfbuf_cpu_offline(__u32 cpu) PB_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_CPUHP_H */
