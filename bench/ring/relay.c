// SPDX-License-Identifier: GPL-2.0
/* Peers: relay, by relay_reserve() and by relay_write(). Its buffer holds one batch, and is reset
 * after each. For the functions of a peer: peers.h. */
#include "peers.h"

#include <linux/relay.h>
#include <linux/string.h>

static struct rchan *channel;

/* The channel has no files. relay needs any pointer but NULL, which would be a failure. */
static struct dentry *no_file(const char *name, struct dentry *parent, umode_t mode,
			      struct rchan_buf *buf, int *global)
{
	return (struct dentry *)buf;
}

static int no_removal(struct dentry *file)
{
	return 0;
}

static const struct rchan_callbacks callbacks = {
	.create_buf_file = no_file,
	.remove_buf_file = no_removal,
};

static int relay_peer_open(const struct ring_bench_open *wanted)
{
	channel = relay_open(NULL, NULL, RING_BENCH_DATA, 2, &callbacks, NULL);
	return channel ? 0 : -ENOMEM;
}

static void relay_peer_close(void)
{
	if (channel)
		relay_close(channel);
	channel = NULL;
}

static __always_inline bool reserve_one(const u64 *payload, u32 bytes)
{
	void *to = relay_reserve(channel, bytes);

	if (!to)
		return false;
	memcpy(to, payload, bytes);
	return true;
}

DEFINE_WRITE(reserve_write, reserve_one)

static __always_inline bool write_one(const u64 *payload, u32 bytes)
{
	relay_write(channel, payload, bytes);
	return true;
}

DEFINE_WRITE(write_write, write_one)

static int relay_read(void *to, u32 space, u64 *lost)
{
	struct rchan_buf *buf = *this_cpu_ptr(channel->buf);
	const u32 bytes = min_t(u32, buf->offset, space);

	memcpy(to, buf->data, bytes);
	/* Resets this CPU's buffer only. A batch never reaches the second sub-buffer. */
	buf->offset = 0;
	return bytes;
}

const struct peer relay_reserve_peer = {
	.name = "relay_reserve",
	.open = relay_peer_open,
	.close = relay_peer_close,
	.write = reserve_write,
	.read = relay_read,
};

const struct peer relay_write_peer = {
	.name = "relay_write",
	.open = relay_peer_open,
	.close = relay_peer_close,
	.write = write_write,
	.read = relay_read,
};
