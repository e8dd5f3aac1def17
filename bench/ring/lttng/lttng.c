// SPDX-License-Identifier: GPL-2.0
/*
 * LTTng's ring: a client of its library that is set up as its own clients of kernel traces are: a
 * ring for each CPU, read by sub-buffers, and before each record an id of 5 and a time of 27 bits,
 * or the whole time where those do not determine it.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "peers.h"

/* The headers of LTTng do not each stand alone. */
#include <wrapper/trace-clock.h>

#include <lttng/align.h>
#include <lttng/cpuhotplug.h>
#include <ringbuffer/frontend_types.h>

#define ID_BITS	    5
#define TIME_BITS   27
#define RECORD_ID   1
#define EXTENDED_ID 31
#define SUB_BUFFERS 8

/* The header of a sub-buffer. */
struct packet_header {
	u64 time_begin, time_end;
	u64 bytes;
	u64 lost; /* since the ring was made */
};

static inline notrace u64 lib_ring_buffer_clock_read(struct lttng_kernel_ring_buffer_channel *chan)
{
	return trace_clock_read64();
}

/* Where the library aligns at all: on x86 it does not. */
static __always_inline size_t extended_size(const size_t offset)
{
	size_t at = offset + sizeof(u8);

	at += lib_ring_buffer_align(at, __alignof__(u64)) + sizeof(u32);
	at += lib_ring_buffer_align(at, __alignof__(u64)) + sizeof(u64);
	return at - offset;
}

static __always_inline size_t
record_header_size(const struct lttng_kernel_ring_buffer_config *config,
		   struct lttng_kernel_ring_buffer_channel *chan, size_t offset, size_t *padding,
		   struct lttng_kernel_ring_buffer_ctx *ctx, void *unused)
{
	size_t at = offset;

	*padding = lib_ring_buffer_align(at, __alignof__(u32));
	at += *padding;
	if (likely(!(ctx->priv.rflags & RING_BUFFER_RFLAG_FULL_TSC)))
		at += sizeof(u32);
	else
		at += extended_size(at);
	return at - offset;
}

#include <ringbuffer/api.h>

static const struct lttng_kernel_ring_buffer_config discard_config, overwrite_config;

static u64 read_clock(struct lttng_kernel_ring_buffer_channel *chan)
{
	return lib_ring_buffer_clock_read(chan);
}

static size_t header_size(const struct lttng_kernel_ring_buffer_config *config,
			  struct lttng_kernel_ring_buffer_channel *chan, size_t offset,
			  size_t *padding, struct lttng_kernel_ring_buffer_ctx *ctx, void *unused)
{
	return record_header_size(config, chan, offset, padding, ctx, unused);
}

static size_t packet_header_size(void)
{
	return sizeof(struct packet_header);
}

static struct packet_header *packet_at(struct lttng_kernel_ring_buffer *buf, unsigned int index)
{
	return lib_ring_buffer_offset_address(&buf->backend,
					      index * buf->backend.chan->backend.subbuf_size);
}

static void packet_begin(struct lttng_kernel_ring_buffer *buf, u64 time, unsigned int index)
{
	*packet_at(buf, index) = (struct packet_header){.time_begin = time};
}

static void packet_end(struct lttng_kernel_ring_buffer *buf, u64 time, unsigned int index,
		       unsigned long bytes, const struct lttng_kernel_ring_buffer_ctx *ctx)
{
	struct packet_header *header = packet_at(buf, index);

	header->time_end = time;
	header->bytes = bytes;
	header->lost = lib_ring_buffer_get_records_lost_full(&discard_config, ctx) +
		       lib_ring_buffer_get_records_lost_wrap(&discard_config, ctx) +
		       lib_ring_buffer_get_records_lost_big(&discard_config, ctx);
}

/* clang-format off */
#define CLIENT_CONFIG(mode_)                                                                       \
	{                                                                                          \
		.cb.ring_buffer_clock_read = read_clock,                                           \
		.cb.record_header_size = header_size,                                              \
		.cb.subbuffer_header_size = packet_header_size,                                    \
		.cb.buffer_begin = packet_begin,                                                   \
		.cb.buffer_end = packet_end,                                                       \
		.tsc_bits = TIME_BITS,                                                             \
		.alloc = RING_BUFFER_ALLOC_PER_CPU,                                                \
		.sync = RING_BUFFER_SYNC_PER_CPU,                                                  \
		.mode = (mode_),                                                                   \
		.backend = RING_BUFFER_PAGE,                                                       \
		.output = RING_BUFFER_MMAP,                                                        \
		.oops = RING_BUFFER_OOPS_CONSISTENCY,                                              \
		.ipi = RING_BUFFER_IPI_BARRIER,                                                    \
		.wakeup = RING_BUFFER_WAKEUP_BY_TIMER,                                             \
	}
/* clang-format on */

static const struct lttng_kernel_ring_buffer_config discard_config =
	CLIENT_CONFIG(RING_BUFFER_DISCARD);
static const struct lttng_kernel_ring_buffer_config overwrite_config =
	CLIENT_CONFIG(RING_BUFFER_OVERWRITE);

static struct lttng_kernel_ring_buffer_channel *channel;
static struct lttng_kernel_ring_buffer *rings[RING_BENCH_RINGS_MOST]; /* open for reading */
static bool overwrite;
static u32 record_bytes;
static u64 lost_before[RING_BENCH_RINGS_MOST];

static int lttng_open(const struct ring_bench_open *wanted)
{
	unsigned int cpu;

	overwrite = wanted->mode & RING_BENCH_OVERWRITE;
	record_bytes = wanted->bytes;
	memset(lost_before, 0, sizeof(lost_before));
	channel = channel_create(overwrite ? &overwrite_config : &discard_config, "ring_bench",
				 NULL, NULL, wanted->data / SUB_BUFFERS, SUB_BUFFERS, 0, 0);
	if (!channel)
		return -ENOMEM;
	for (cpu = 0; cpu < wanted->rings; cpu++) {
		struct lttng_kernel_ring_buffer *ring =
			channel_get_ring_buffer(&discard_config, channel, cpu);

		if (lib_ring_buffer_open_read(ring))
			return -EBUSY;
		rings[cpu] = ring;
	}
	return 0;
}

static void lttng_close(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < ARRAY_SIZE(rings); cpu++) {
		if (rings[cpu])
			lib_ring_buffer_release_read(rings[cpu]);
		rings[cpu] = NULL;
	}
	if (channel)
		channel_destroy(channel);
	channel = NULL;
}

static noinline void write_extended_header(const struct lttng_kernel_ring_buffer_config *config,
					   struct lttng_kernel_ring_buffer_ctx *ctx)
{
	const u8 escape = EXTENDED_ID;
	const u32 id = RECORD_ID;
	const u64 time = ctx->priv.tsc;

	lib_ring_buffer_write(config, ctx, &escape, sizeof(escape));
	lib_ring_buffer_align_ctx(ctx, __alignof__(u64));
	lib_ring_buffer_write(config, ctx, &id, sizeof(id));
	lib_ring_buffer_align_ctx(ctx, __alignof__(u64));
	lib_ring_buffer_write(config, ctx, &time, sizeof(time));
}

/* The library's callers come with the configuration as a constant. */
static __always_inline bool write_by(const struct lttng_kernel_ring_buffer_config *config,
				     const u64 *payload, u32 bytes)
{
	struct lttng_kernel_ring_buffer_ctx ctx;
	const int cpu = lib_ring_buffer_get_cpu(config);
	bool done = false;

	if (unlikely(cpu < 0))
		return false;
	lib_ring_buffer_ctx_init(&ctx, NULL, bytes, __alignof__(u64), NULL);
	memset(&ctx.priv, 0, sizeof(ctx.priv));
	ctx.priv.chan = channel;
	ctx.priv.reserve_cpu = cpu;
	if (likely(!lib_ring_buffer_reserve(config, &ctx, NULL))) {
		lib_ring_buffer_backend_get_pages(config, &ctx, &ctx.priv.backend_pages);
		if (unlikely(ctx.priv.rflags)) {
			write_extended_header(config, &ctx);
		} else {
			const u32 begin = RECORD_ID | (u32)ctx.priv.tsc << ID_BITS;

			lib_ring_buffer_write(config, &ctx, &begin, sizeof(begin));
		}
		lib_ring_buffer_align_ctx(&ctx, __alignof__(u64));
		lib_ring_buffer_write(config, &ctx, payload, bytes);
		lib_ring_buffer_commit(config, &ctx);
		done = true;
	}
	lib_ring_buffer_put_cpu(config);
	return done;
}

static __always_inline bool discard_one(const u64 *payload, u32 bytes)
{
	return write_by(&discard_config, payload, bytes);
}

DEFINE_WRITE(discard_write, discard_one)

static __always_inline bool overwrite_one(const u64 *payload, u32 bytes)
{
	return write_by(&overwrite_config, payload, bytes);
}

DEFINE_WRITE(overwrite_write, overwrite_one)

static u32 lttng_write(u64 *payload, u32 bytes, u32 records)
{
	return overwrite ? overwrite_write(payload, bytes, records)
			 : discard_write(payload, bytes, records);
}

/* The records of the sub-buffer that is held; how many bytes of payload. */
static int read_packet(struct lttng_kernel_ring_buffer *ring, u64 *before, void *to, u32 space,
		       u64 *lost)
{
	struct packet_header header;
	size_t at = sizeof(header);
	u32 done = 0;

	lib_ring_buffer_read(&ring->backend, 0, &header, sizeof(header));
	if (header.bytes > channel->backend.subbuf_size || header.time_end < header.time_begin)
		return -EIO;
	*lost += header.lost - *before;
	*before = header.lost;
	while (at < header.bytes) {
		u32 begin;

		at += lib_ring_buffer_align(at, __alignof__(u32));
		lib_ring_buffer_read(&ring->backend, at, &begin, sizeof(begin));
		if ((begin & EXTENDED_ID) == EXTENDED_ID)
			at += extended_size(at);
		else if ((begin & EXTENDED_ID) == RECORD_ID)
			at += sizeof(begin);
		else
			return -EIO;
		at += lib_ring_buffer_align(at, __alignof__(u64));
		if (at + record_bytes > header.bytes || record_bytes > space - done)
			return -EIO;
		lib_ring_buffer_read(&ring->backend, at, to + done, record_bytes);
		at += record_bytes;
		done += record_bytes;
	}
	return done;
}

static int lttng_read(void *to, u32 space, u64 *lost)
{
	const int cpu = smp_processor_id();
	struct lttng_kernel_ring_buffer *ring = rings[cpu];
	u32 bytes = 0;

	/* Ends the sub-buffer that is begun, so that it can be read. */
	lib_ring_buffer_switch_slow(ring, SWITCH_ACTIVE);
	while (!lib_ring_buffer_get_next_subbuf(ring)) {
		const int ret =
			read_packet(ring, &lost_before[cpu], to + bytes, space - bytes, lost);

		lib_ring_buffer_put_next_subbuf(ring);
		if (ret < 0)
			return ret;
		bytes += ret;
	}
	return bytes;
}

static const struct peer lttng_peer = {
	.name = "lttng",
	.open = lttng_open,
	.close = lttng_close,
	.write = lttng_write,
	.read = lttng_read,
};

/*
 * The library makes its rings as CPUs come, and leaves it to the tracer to report them. Each
 * step is of one of its two halves.
 */
static struct lttng_cpuhp_node *half_of(struct hlist_node *node, enum lttng_cpuhp_component half)
{
	struct lttng_cpuhp_node *found = container_of(node, struct lttng_cpuhp_node, node);

	return found->component == half ? found : NULL;
}

static int cpu_prepare(unsigned int cpu, struct hlist_node *node)
{
	struct lttng_cpuhp_node *half = half_of(node, LTTNG_RING_BUFFER_BACKEND);

	return half ? lttng_cpuhp_rb_backend_prepare(cpu, half) : 0;
}

static int cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct lttng_cpuhp_node *half = half_of(node, LTTNG_RING_BUFFER_FRONTEND);

	return half ? lttng_cpuhp_rb_frontend_dead(cpu, half) : 0;
}

static int cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct lttng_cpuhp_node *half = half_of(node, LTTNG_RING_BUFFER_FRONTEND);

	return half ? lttng_cpuhp_rb_frontend_online(cpu, half) : 0;
}

static int cpu_goes(unsigned int cpu, struct hlist_node *node)
{
	struct lttng_cpuhp_node *half = half_of(node, LTTNG_RING_BUFFER_FRONTEND);

	return half ? lttng_cpuhp_rb_frontend_offline(cpu, half) : 0;
}

static int prepare_state, online_state;

static int __init lttng_start(void)
{
	int ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "ring_bench_lttng:prepare",
					  cpu_prepare, cpu_dead);

	if (ret < 0)
		return ret;
	prepare_state = ret;
	ret = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "ring_bench_lttng:online", cpu_comes,
				      cpu_goes);
	if (ret < 0)
		goto remove_prepare;
	online_state = ret;
	lttng_rb_set_hp_prepare(prepare_state);
	lttng_rb_set_hp_online(online_state);
	ret = ring_bench_register(&lttng_peer);
	if (!ret)
		return 0;
	cpuhp_remove_multi_state(online_state);
remove_prepare:
	cpuhp_remove_multi_state(prepare_state);
	return ret;
}

static void __exit lttng_stop(void)
{
	ring_bench_unregister(&lttng_peer);
	cpuhp_remove_multi_state(online_state);
	cpuhp_remove_multi_state(prepare_state);
}

module_init(lttng_start);
module_exit(lttng_stop);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The perfbuf authors");
MODULE_DESCRIPTION("LTTng's ring beside the kernel's");
