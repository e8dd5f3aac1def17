// SPDX-License-Identifier: GPL-2.0
/* ring_buffer_unlock_commit() is given the event, too (to 6.2). */
#include <linux/ring_buffer.h>

void probe(struct trace_buffer *buffer, struct ring_buffer_event *event);
void probe(struct trace_buffer *buffer, struct ring_buffer_event *event)
{
	ring_buffer_unlock_commit(buffer, event);
}
