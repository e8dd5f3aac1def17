// SPDX-License-Identifier: GPL-2.0
/* The event with the kinds of fields that stand for more than their bytes. */
#include "fields.h"
#include "source.h"

#include <linux/etherdevice.h>
#include <linux/in6.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/uuid.h>

PERFBUF_EVENT(kinds, TEST_KINDS)

/* The text that %p prints of the pointer. */
static char where_hashed[24];
module_param_string(where_hashed, where_hashed, sizeof(where_hashed), 0444);
/* The pointer itself. */
static unsigned long where_is;
module_param(where_is, ulong, 0400);

void emit_kinds(int edge)
{
	static const struct in6_addr dst = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	static const u8 station[ETH_ALEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0xff};
	static const uuid_t volume = UUID_INIT(0x12345678, 0x9abc, 0xdef0, 0x01, 0x23, 0x45, 0x67,
					       0x89, 0xab, 0xcd, 0xef);
	static const u16 shorts[] = {1, 0xffff, 3};
	static const s64 wides[] = {S64_MIN, 5};

	if (!edge) { /* nothing is said */
		perfbuf_emit(kinds);
		return;
	}
	where_is = (unsigned long)&test_source;
	snprintf(where_hashed, sizeof(where_hashed), "%p", &test_source);
	perfbuf_emit(kinds, .on = true, .where = &test_source, .src = cpu_to_be32(0x0a000001),
		     .dst = &dst, .station = station, .volume = &volume,
		     .shorts = {shorts, ARRAY_SIZE(shorts)}, .label = "kinds",
		     .wides = {wides, ARRAY_SIZE(wides)}, .last = 7);
}
