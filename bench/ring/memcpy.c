// SPDX-License-Identifier: GPL-2.0
/* Nothing but the copy, to one place behind the other. */
#include "peers.h"

#include <linux/string.h>
#include <linux/vmalloc.h>

static char *memory;
static char *next;

static int memcpy_open(const struct ring_bench_open *wanted)
{
	next = memory = vmalloc(RING_BENCH_DATA);
	return memory ? 0 : -ENOMEM;
}

static void memcpy_close(void)
{
	vfree(memory);
	memory = NULL;
}

static __always_inline bool copy_inline(const u64 *payload, u32 bytes)
{
	memcpy(next, payload, bytes);
	next += bytes;
	return true;
}

DEFINE_WRITE(write_inline, copy_inline)

static __always_inline bool copy_called(const u64 *payload, u32 bytes)
{
	u32 unknown = bytes;

	OPTIMIZER_HIDE_VAR(unknown);
	memcpy(next, payload, unknown);
	next += bytes;
	return true;
}

DEFINE_WRITE(write_called, copy_called)

static int memcpy_read(void *to, u32 room, u64 *lost)
{
	const u32 bytes = min_t(u32, next - memory, room);

	memcpy(to, memory, bytes);
	next = memory;
	return bytes;
}

const struct peer memcpy_peer = {
	.name = "memcpy",
	.open = memcpy_open,
	.close = memcpy_close,
	.write = write_inline,
	.read = memcpy_read,
};

/* What a copy costs whose size the compiler does not know: perf_output_copy() and others. */
const struct peer memcpy_call_peer = {
	.name = "memcpy_call",
	.open = memcpy_open,
	.close = memcpy_close,
	.write = write_called,
	.read = memcpy_read,
};
