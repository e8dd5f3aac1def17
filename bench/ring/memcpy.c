// SPDX-License-Identifier: GPL-2.0
/* Nothing but the copy, to one place behind the other. */
#include "peers.h"

#include <linux/cache.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

/* The first, or each CPU's. */
static struct area {
	char *memory, *next;
} ____cacheline_aligned areas[RING_BENCH_RINGS_MOST];

static void memcpy_close(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		vfree(areas[i].memory);
		areas[i].memory = NULL;
	}
}

static int memcpy_open(const struct ring_bench_open *wanted)
{
	unsigned int i;

	for (i = 0; i < wanted->rings; i++) {
		areas[i].next = areas[i].memory = vmalloc(RING_BENCH_DATA);
		if (!areas[i].memory)
			return -ENOMEM;
	}
	return 0;
}

static __always_inline bool copy_to(struct area *area, const u64 *payload, u32 bytes)
{
	memcpy(area->next, payload, bytes);
	area->next += bytes;
	return true;
}

static __always_inline bool copy_inline(const u64 *payload, u32 bytes)
{
	return copy_to(&areas[0], payload, bytes);
}

DEFINE_WRITE(write_inline, copy_inline)

static __always_inline bool copy_called(const u64 *payload, u32 bytes)
{
	u32 unknown = bytes;

	OPTIMIZER_HIDE_VAR(unknown);
	return copy_to(&areas[0], payload, unknown);
}

DEFINE_WRITE(write_called, copy_called)

static __always_inline bool copy_here(const u64 *payload, u32 bytes)
{
	return copy_to(&areas[smp_processor_id()], payload, bytes);
}

DEFINE_WRITE(write_here, copy_here)

static int memcpy_read(void *to, u32 space, u64 *lost)
{
	struct area *area = &areas[smp_processor_id()];
	const u32 bytes = min_t(u32, area->next - area->memory, space);

	memcpy(to, area->memory, bytes);
	area->next = area->memory;
	return bytes;
}

const struct peer memcpy_peer = {
	.name = "memcpy",
	.open = memcpy_open,
	.close = memcpy_close,
	.write = write_inline,
	.read = memcpy_read,
};

/* The cost of a copy whose size the compiler does not know: perf_output_copy() and others. */
const struct peer memcpy_call_peer = {
	.name = "memcpy_call",
	.open = memcpy_open,
	.close = memcpy_close,
	.write = write_called,
	.read = memcpy_read,
};

const struct peer memcpy_here_peer = {
	.name = "memcpy_here",
	.open = memcpy_open,
	.close = memcpy_close,
	.write = write_here,
	.read = memcpy_read,
};
