/* SPDX-License-Identifier: GPL-2.0 */
/* The peers that are measured: each writes a record as its own users do. */
#ifndef RING_BENCH_PEERS_H
#define RING_BENCH_PEERS_H

#include "../common/find.h"
#include "ring_bench.h"

#include <linux/compiler.h>
#include <linux/static_call.h>
#include <linux/types.h>

struct peer {
	const char *name;
	/* 0 or a negative errno. Process context, as is close and read. */
	int (*open)(const struct ring_bench_open *wanted);
	/* Also after an open that failed. */
	void (*close)(void);
	/* Writes @records of @bytes from @payload, counting up its first word; how many it wrote.
	 * Irqs off. */
	u32 (*write)(u64 *payload, u32 bytes, u32 records);
	/* Takes what was written on this CPU since the last read out of the ring, to @to, and sets
	 * *@lost to what the ring says it lost meanwhile; how many bytes, or a negative errno.
	 * NULL: the program reads its own mapping. */
	int (*read)(void *to, u32 space, u64 *lost);
};

extern const struct peer memcpy_peer, memcpy_call_peer, perf_peer, bpf_reserve_peer,
	bpf_output_peer, bpf_program_peer, ftrace_reserve_peer, ftrace_write_peer,
	relay_reserve_peer, relay_write_peer, ours_reserve_peer, ours_copy_peer, ours_inline_peer,
	ours_reserve_stamped_peer, ours_copy_stamped_peer, ours_inline_stamped_peer,
	ours_in_turn_peer, ours_burst_peer, tracepoint_peer, typed_peer, typed_burst_peer;

/* With a ring for each CPU; the others have them by themselves, or one for all. */
extern const struct peer memcpy_here_peer, perf_here_peer, ours_reserve_here_peer,
	ours_copy_here_peer;

/*
 * A peer in a module of its own, for what not every kernel has. Process context; once it is
 * unregistered no call of it runs. -EBUSY: there is one.
 */
int ring_bench_register(const struct peer *peer);
void ring_bench_unregister(const struct peer *peer);

/* The source of the typed peers. 0 or a negative errno; process context. */
int typed_start(void);
void typed_stop(void);

/*
 * Calls of a function that find_symbol() has found are direct, as those of the kernel itself are: a
 * static call, patched when the peer is opened.
 */
#define DEFINE_FOUND_CALL(name, function) DEFINE_STATIC_CALL_NULL(name, function)
#define FIND_CALL(name)                                                                            \
	({                                                                                         \
		void *found_ = find_symbol(#name);                                                 \
                                                                                                   \
		if (found_)                                                                        \
			static_call_update(call_##name, found_);                                   \
		found_ ? 0 : -ENOENT;                                                              \
	})

static __always_inline u32 write_each(u64 *payload, const u32 bytes, u32 records,
				      bool (*write)(const u64 *payload, u32 bytes))
{
	u32 written = 0;
	u32 i;

	for (i = 0; i < records; i++) {
		written += write(payload, bytes);
		payload[0]++;
		barrier();
	}
	return written;
}

/* Bursts, the last one of what is left over. Each moves the count in the payload on. */
#define BURST 8

static __always_inline u32 write_bursts(u64 *payload, const u32 bytes, u32 records,
					bool (*burst)(u64 *payload, u32 bytes, u32 count))
{
	u32 i, count, written = 0;

	for (i = 0; i < records; i += count) {
		count = records - i < BURST ? records - i : BURST;
		if (burst(payload, bytes, count))
			written += count;
	}
	return written;
}

/* The size is a constant of the producer's, so each has a loop of its own. */
#define DEFINE_WRITE(name, write)  DEFINE_WRITE_BY(name, write_each, write)
#define DEFINE_BURSTS(name, burst) DEFINE_WRITE_BY(name, write_bursts, burst)
#define DEFINE_WRITE_BY(name, loop, write)                                                         \
	static u32 name(u64 *payload, u32 bytes, u32 records)                                      \
	{                                                                                          \
		switch (bytes) {                                                                   \
		case 8:                                                                            \
			return loop(payload, 8, records, write);                                   \
		case 64:                                                                           \
			return loop(payload, 64, records, write);                                  \
		case 256:                                                                          \
			return loop(payload, 256, records, write);                                 \
		case 1024:                                                                         \
			return loop(payload, 1024, records, write);                                \
		case 4096:                                                                         \
			return loop(payload, 4096, records, write);                                \
		}                                                                                  \
		return 0;                                                                          \
	}

#endif
