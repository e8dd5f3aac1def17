/* SPDX-License-Identifier: GPL-2.0 */
/* Producers in other modules: what C calls in C++, and C++ in C. */
#ifndef PERFBUF_GLUE_PRODUCER_H
#define PERFBUF_GLUE_PRODUCER_H

#include "glue/regs.h"
#include "ring/pages.h"

#ifndef __cplusplus
#include <linux/jump_label.h>
#endif
#include <linux/types.h>
#include <perfbuf/burst.h>
#include <perfbuf/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------- C; process context, may sleep, unless a line
 * says otherwise */

/* A reference to the module that owns a source. False: it is being unloaded. put: any context. */
int pb_module_get(void *owner) PB_NOEXCEPT;
void pb_module_put(void *owner) PB_NOEXCEPT;

/* Allocates an id among those of the kernel's trace events; *@held is the argument that frees it.
 * -ENOSPC, -ENOMEM. */
int pb_trace_id_get(void **held) PB_NOEXCEPT;
void pb_trace_id_put(void *held) PB_NOEXCEPT;

/* Counts one reader of the event more and one less; the first and the last one switch its static
 * branch. */
void pb_event_enable(struct perfbuf_event *event) PB_NOEXCEPT;
void pb_event_disable(struct perfbuf_event *event) PB_NOEXCEPT;

/* @bytes for each possible CPU, zeroed. NULL if there are none. Their address for @cpu: any
 * context. */
void *pb_percpu_alloc(unsigned long bytes) PB_NOEXCEPT;
void pb_percpu_free(void *memory) PB_NOEXCEPT;
void *pb_percpu_at(void *memory, __u32 cpu) PB_NOEXCEPT;
/* Calls @fn(@arg, address) for each possible CPU. */
void pb_percpu_each(void *memory, void (*fn)(void *arg, void *at), void *arg) PB_NOEXCEPT;

/* Logs that @owner was compiled against version @abi of perfbuf/producer.h. */
void pb_log_other_abi(void *owner, __u32 abi) PB_NOEXCEPT;

/* Prints @pointer as %p does: its hash, in 16 hexadecimal digits. Any context. */
#define PB_POINTER_TEXT 24
void pb_print_pointer(char text[PB_POINTER_TEXT], __u64 pointer) PB_NOEXCEPT;

/* Logs why a source was refused. */
void pb_log_refusal(const char *source, const char *refused, const char *why) PB_NOEXCEPT;
/* The same because of a field of an event. */
void pb_log_field_refusal(const char *source, const char *event, const char *field,
			  const char *why) PB_NOEXCEPT;

/* Calls @fn(@arg, regs) with registers from which @fn can walk the kernel's stack. Any context. */
void pb_with_here_regs(void (*fn)(void *arg, const pb_regs *regs), void *arg) PB_NOEXCEPT;

/*
 * The emission is over: interrupts are as they were before it. Returns NULL, so that it may be
 * called last.
 */
void *pb_emission_over(struct perfbuf_emission *emission) PB_NOEXCEPT;

/*
 * Turns interrupts on and off again, so that pending ones run, if the emission is in a task that
 * had them on. Preemption stays off: the task stays on its CPU, inside its RCU read-side section.
 * False: interrupts stayed off.
 */
int pb_emission_let_interrupts_in(struct perfbuf_emission *emission) PB_NOEXCEPT;

/* ------------------------------------------------- C++ */

/* Process context, may sleep. 0 or a negative errno. */
/* @abi: of the header that @source was compiled against; it may end earlier in an older one. */
int perfbuf_producer_register(struct perfbuf_source *source, void *owner, __u32 abi) PB_NOEXCEPT;
void perfbuf_producer_unregister(struct perfbuf_source *source) PB_NOEXCEPT;

/* Any context, in an RCU read side. @device: a struct device. */
int perfbuf_producer_dump(struct perfbuf_source *source, void *device) PB_NOEXCEPT;

/* Whether one reader is attached to an event on a CPU, and its samples have a layout. */
enum pb_alone {
	PB_ALONE_NOT,
	PB_ALONE_RAW,
	PB_ALONE_RAW_TIME_TID_CPU,
	PB_ALONE_OTHERS, /* of other fields but IP; with the time or ids it is written in place */
};

/* The values of an occurrence that the readers on a CPU need. */
#define PB_NEEDS_TIME 1U
#define PB_NEEDS_IDS  2U

/* Of struct perfbuf_common, as one word: interrupts were off. */
#define PB_COMMON_IRQS_OFF (1U << 16)

/* The state of an event on a CPU begins with this: producer/event_cpu.hpp. */
struct pb_event_cpu {
	__u64 busy[4]; /* recursion contexts */
	void *first;   /* NULL without readers */
	__u32 alone;   /* enum pb_alone */
	__u32 needs;   /* PB_NEEDS_* */
	__u32 common;  /* id of the event | PB_COMMON_IRQS_OFF */
};

/*
 * Emission: any context, interrupts off from begin until one of them returns NULL, which then comes
 * from pb_emission_over(). @here: of this CPU; it has readers.
 *
 * In a task, of the only reader, by enum pb_alone. @ids: the tid, which is bytes 4 to 7 of the
 * payload, and the tgid in the upper half. @word: the first 4 bytes of the payload. @time: ns. In
 * this order the caller has them in the registers where they go.
 */
void *perfbuf_emit_raw(struct perfbuf_emission *emission, struct pb_event_cpu *here, __u64 ids,
		       __u32 word) PB_NOEXCEPT;
void *perfbuf_emit_raw_time_tid_cpu(struct perfbuf_emission *emission, struct pb_event_cpu *here,
				    __u64 ids, __u32 word, __u64 time) PB_NOEXCEPT;
/* The same of other fields. @emission has what the reader needs. @common: the first 8 bytes of the
 * payload. */
void *perfbuf_emit_others(struct perfbuf_emission *emission, struct pb_event_cpu *here,
			  __u64 common) PB_NOEXCEPT;
/* All others. @emission has what the readers need, for a raw event the caller. @common: the first 8
 * bytes of the payload. @level: enum nesting. */
void *perfbuf_emit_any(struct perfbuf_emission *emission, struct pb_event_cpu *here, __u64 common,
		       __u32 level) PB_NOEXCEPT;
void *perfbuf_emit_parts(struct perfbuf_emission *emission, struct pb_event_cpu *here, __u64 common,
			 __u32 level, __u32 fixed_bytes, void *spare,
			 const struct perfbuf_part *parts, __u32 part_count) PB_NOEXCEPT;
void *perfbuf_raw_begin(struct perfbuf_emission *emission, struct pb_event_cpu *here, __u64 common,
			__u32 level, __u32 bytes, void *spare) PB_NOEXCEPT;
/* @records records of an event of a fixed size. */
void *perfbuf_burst_open(struct perfbuf_burst *burst, struct pb_event_cpu *here, __u64 common,
			 __u32 level, __u32 records) PB_NOEXCEPT;

#ifdef __cplusplus
/* Of perfbuf/producer.h: what other modules call without C in between. */
void *perfbuf_emit_next(struct perfbuf_emission *emission) noexcept;
void *perfbuf_fixed_next(struct perfbuf_emission *emission) noexcept;
void *perfbuf_reserve_next(struct perfbuf_emission *emission) noexcept;
bool perfbuf_next(struct perfbuf_emission *emission) noexcept;
void perfbuf_copy(struct perfbuf_emission *emission, const void *from, __u32 bytes) noexcept;
void perfbuf_discard(struct perfbuf_emission *emission) noexcept;
#endif

#ifdef __cplusplus
}
#endif
#endif /* PERFBUF_GLUE_PRODUCER_H */
