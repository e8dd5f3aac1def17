/* SPDX-License-Identifier: GPL-2.0 */
/* Between the C half, which knows the kernel, and the C++ half, which knows the device. */
#ifndef ENGINE_H
#define ENGINE_H

#ifdef __cplusplus
#define ENGINE_NOEXCEPT noexcept
extern "C" {
#else
#define ENGINE_NOEXCEPT
#endif

extern struct perfbuf_source engine_source;

/* A command is written to the device. Process context. */
void engine_submit(void) ENGINE_NOEXCEPT;
/* The device has done some of them. Hard interrupt. */
void engine_interrupt(void) ENGINE_NOEXCEPT;

/* C, for C++. ns. */
unsigned long long engine_now(void) ENGINE_NOEXCEPT;
int engine_start(struct perfbuf_source *source) ENGINE_NOEXCEPT;
void engine_stop(struct perfbuf_source *source) ENGINE_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* ENGINE_H */
