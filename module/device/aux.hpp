/* SPDX-License-Identifier: GPL-2.0 */
/* The interface of a source that fills AUX areas. See docs/aux.md. */
#pragma once

#include "ring/aux.hpp"

namespace perfbuf
{

class event;

/* The abilities of a source with the AUX area of one event. */
struct aux_abilities {
	aux_requirements memory = {};
	bool shared = false;	/* several writers reserve packets in the area */
	bool overwrite = true;	/* snapshot mode (a read-only mapping) works; else EOPNOTSUPP */
	bool can_pause = false; /* stream::pause_aux() */
	bool can_hold = true; /* stream::hold_aux() works; else samples take no bytes of the area */
};

/* Stays in memory as long as one of its areas, which may outlive the file. */
class aux_source : public aux_owner
{
public:
	/* Returns nullptr if an event of @attr has no AUX area. Process context. */
	virtual const aux_abilities *abilities(const perf_event_attr &attr) const noexcept = 0;

protected:
	~aux_source() = default;
};

/* Converts between an event and the handle that perfbuf/aux.h gives to producers. */
inline perfbuf_stream *as_stream(event &event) noexcept
{
	return reinterpret_cast<perfbuf_stream *>(&event);
}
inline event &as_event(perfbuf_stream *stream) noexcept
{
	return *reinterpret_cast<event *>(stream);
}

} // namespace perfbuf
