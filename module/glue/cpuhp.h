/* SPDX-License-Identifier: GPL-2.0 */
/* CPUs that come online and go offline. */
#ifndef PERFBUF_GLUE_CPUHP_H
#define PERFBUF_GLUE_CPUHP_H

#include "ring/pages.h"

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * From attach to detach CPU hotplug calls the C++ functions below. attach calls
 * perfbuf_cpu_online() for every CPU that is online, detach perfbuf_cpu_offline(). Process context,
 * may sleep.
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
