/* SPDX-License-Identifier: GPL-2.0 */
/* The interface between the C half of the driver, which calls the kernel, and its C++ half. */
#ifndef ENGINE_H
#define ENGINE_H

#ifdef __cplusplus
#define ENGINE_NOEXCEPT noexcept
extern "C" {
#else
#define ENGINE_NOEXCEPT
#endif

extern struct perfbuf_source engine_source;

/* Writes a command to the device, if its ring has space. Process context, one caller at a time. */
void engine_submit(void) ENGINE_NOEXCEPT;
/* Completes the commands that the device has finished. Hard interrupt. */
void engine_interrupt(void) ENGINE_NOEXCEPT;

/* Defined in C, called from C++: the time in ns; and perfbuf_source_ops. */
unsigned long long engine_now(void) ENGINE_NOEXCEPT;
int engine_start(struct perfbuf_source *source) ENGINE_NOEXCEPT;
void engine_stop(struct perfbuf_source *source) ENGINE_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* ENGINE_H */
