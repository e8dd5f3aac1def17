// SPDX-License-Identifier: GPL-2.0
/* BPF's ring buffer, by the functions that programs call, on a map that the program made. */
#include "peers.h"

#include <generated/config.h>

#include <linux/bpf.h>
#include <linux/module.h>
#include <linux/string.h>

/* Where the functions of a map are exported. */
#ifdef PB_HAVE_STRING_IMPORT_NS
MODULE_IMPORT_NS("BPF_INTERNAL");
#else
MODULE_IMPORT_NS(BPF_INTERNAL);
#endif

/* As BPF_CALL_n makes them. */
u64 bpf_ringbuf_reserve(u64 map, u64 size, u64 flags, u64, u64);
u64 bpf_ringbuf_submit(u64 record, u64 flags, u64, u64, u64);
u64 bpf_ringbuf_output(u64 map, u64 data, u64 size, u64 flags, u64);

DEFINE_FOUND_CALL(call_bpf_ringbuf_reserve, bpf_ringbuf_reserve);
DEFINE_FOUND_CALL(call_bpf_ringbuf_submit, bpf_ringbuf_submit);
DEFINE_FOUND_CALL(call_bpf_ringbuf_output, bpf_ringbuf_output);

static struct bpf_map *map;
static u64 wakes;

static int bpf_open(const struct ring_bench_open *wanted)
{
	int ret = FIND_CALL(bpf_ringbuf_reserve);

	ret = ret ?: FIND_CALL(bpf_ringbuf_submit);
	ret = ret ?: FIND_CALL(bpf_ringbuf_output);
	if (ret)
		return ret;
	wakes = wanted->mode & RING_BENCH_ADAPTIVE ? 0 : BPF_RB_NO_WAKEUP;
	map = bpf_map_get(wanted->fds[0]);
	if (!IS_ERR(map))
		return 0;
	ret = PTR_ERR(map);
	map = NULL;
	return ret;
}

static void bpf_close(void)
{
	if (map)
		bpf_map_put(map);
	map = NULL;
}

static __always_inline bool reserve_one(const u64 *payload, u32 bytes)
{
	const u64 record =
		static_call(call_bpf_ringbuf_reserve)((unsigned long)map, bytes, 0, 0, 0);

	if (!record)
		return false;
	memcpy((void *)record, payload, bytes);
	static_call(call_bpf_ringbuf_submit)(record, wakes, 0, 0, 0);
	return true;
}

DEFINE_WRITE(reserve_write, reserve_one)

static __always_inline bool output_one(const u64 *payload, u32 bytes)
{
	return !static_call(call_bpf_ringbuf_output)((unsigned long)map, (unsigned long)payload,
						     bytes, wakes, 0);
}

DEFINE_WRITE(output_write, output_one)

const struct peer bpf_reserve_peer = {
	.name = "bpf_reserve",
	.open = bpf_open,
	.close = bpf_close,
	.write = reserve_write,
};

const struct peer bpf_output_peer = {
	.name = "bpf_output",
	.open = bpf_open,
	.close = bpf_close,
	.write = output_write,
};
