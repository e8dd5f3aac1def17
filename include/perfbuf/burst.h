/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A burst: several records of one event of a fixed size, which each reader sees together. The
 * functions here are the parts of perfbuf_emit_burst() (<perfbuf/producer.h>) and
 * event::emit_burst() (<perfbuf/producer.hpp>); producers call those.
 */
#ifndef PERFBUF_BURST_H
#define PERFBUF_BURST_H

#include <perfbuf/event.h>

/* Records of a burst, at most. */
#define PERFBUF_BURST_MAX   64

#define perfbuf_burst_begin PERFBUF_VERSIONED(perfbuf_burst_begin)
#define perfbuf_burst_turn  PERFBUF_VERSIONED(perfbuf_burst_turn)

/* The state of a burst, on the stack of the caller, with space for one payload right behind it. */
struct perfbuf_burst {
	__u32 index;  /* of the record that the caller stores next, from 0 */
	__u32 last;   /* the last record that perfbuf_burst_next() finds without a call */
	__s64 stride; /* bytes from one payload to the next */
	__u64 space[4];
	struct perfbuf_emission emission;
};

#ifdef __cplusplus
#define PERFBUF_NOEXCEPT noexcept
extern "C" {
#else
#define PERFBUF_NOEXCEPT
#endif

/*
 * Both return where the payload of record burst->index goes; NULL: the burst has ended. Until then
 * interrupts are off. A record may be requested several times: for each reader, and for a reader's
 * filter before that. Context: any that the source declared; the first argument of turn() is that
 * of begin().
 */
void *perfbuf_burst_begin(struct perfbuf_burst *burst, struct perfbuf_event *event,
			  __u32 records) PERFBUF_NOEXCEPT;
void *perfbuf_burst_turn(struct perfbuf_burst *burst) PERFBUF_NOEXCEPT;

/* The caller has stored @payload, that of record burst->index. Returns as perfbuf_burst_begin(). */
static inline __attribute__((__always_inline__)) void *
perfbuf_burst_next(struct perfbuf_burst *burst, void *payload) PERFBUF_NOEXCEPT
{
	if (burst->index == burst->last)
		return perfbuf_burst_turn(burst);
	burst->index++;
	return (char *)payload + burst->stride;
}

#ifdef __cplusplus
}
#endif
#undef PERFBUF_NOEXCEPT

#endif /* PERFBUF_BURST_H */
