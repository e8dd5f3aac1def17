/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same record of 64 bytes, written with more and more of what a ring has to do, and by the
 * ring. forms.cpp and calls.cpp are compiled with the kernel's options, the ring with its
 * instructions.
 */
#pragma once

#include "ring/perf_buffer.hpp"

namespace steps
{

using perfbuf::u32;
using perfbuf::u64;

constexpr u32 data_bytes = 512 * 1024;
constexpr u32 payload_words = 8;

struct record {
	perf_event_header header;
	u64 words[payload_words];
};
static_assert(sizeof(record) == 72);

/* A ring of nothing but what the steps need. Its data is mapped twice in a row, as the ring's is.
 */
struct bare_ring {
	u64 head = 0;
	u64 limit = ~u64{0} >> 1; /* space, and the next wakeup */
	u32 nest = 0;
	u32 after = 0;
	u64 records = 0;
	char *data;
	perf_event_mmap_page *page;

	static constexpr u64 mask = data_bytes - 1;
};

enum class target : u32 { bare, mirrored, pages, mirrored_overwrite };

struct form {
	const char *name;
	target on;
	/* Writes @count records whose first word counts from @words[0]. @count: a multiple of 16.
	 */
	void (*write)(void *to, u64 *words, u32 count);
};

extern const form forms[];
extern const u32 form_count;
/* A form with a locked instruction, which the check must find. */
extern const form locked_form;

} // namespace steps
