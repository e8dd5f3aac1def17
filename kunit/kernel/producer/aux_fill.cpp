// SPDX-License-Identifier: GPL-2.0
/* AUX by <perfbuf/producer.hpp>. */
#include "aux_fill.h"

#include <linux/perf_event.h>
#include <perfbuf/producer.hpp>

namespace pb = perfbuf::producer;

void test_fill(perfbuf_stream *stream)
{
	constexpr pb::u64 most = 512;
	pb::transaction into(stream);

	if (!into)
		return;

	const pb::u64 end = into.position() + most;

	while (into.position() < end && into.space() >= sizeof(pb::u64)) {
		const pb::u64 word = into.position();

		into.put(&word, sizeof(word));
	}
	if (into.position() < end)
		into.flag(PERF_AUX_FLAG_TRUNCATED);
	if (into.private_data<const test_area>()->overwrite)
		into.move_head();
}
