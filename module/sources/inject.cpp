// SPDX-License-Identifier: GPL-2.0
/* The inject source: emits a typed event for each write(2) to its node. Process context. */
#include "sources/inject.hpp"

#include <perfbuf/producer.hpp>

namespace perfbuf
{

namespace
{

using message = producer::event<"message", producer::bytes<"data">>;

int written(perfbuf_source *, const void *data, __u32 bytes) noexcept
{
	message::emit(perfbuf_part{data, bytes});
	return 0;
}

constinit perfbuf_event *const events[] = {&message::object};
constinit const perfbuf_source_ops ops = {nullptr, nullptr, written};

} // namespace

constinit perfbuf_source inject_source = {
	.name = "inject",
	.description = "what processes write into this node",
	.events = events,
	.event_count = 1,
	.mode = 0,
	.ops = &ops,
	.data = nullptr,
	.registered = nullptr,
};

} // namespace perfbuf
