/* SPDX-License-Identifier: GPL-2.0 */
/* What a source that fills AUX areas is to the device; docs/aux.md. */
#pragma once

#include "ring/aux.hpp"

namespace perfbuf
{

class event;

/* What a source can do with the area of one event. */
struct aux_abilities {
	aux_wishes memory = {};
	bool shared = false;	/* short reservations of several producers */
	bool overwrite = true;	/* snapshot mode: a read-only mapping; else EOPNOTSUPP */
	bool can_pause = false; /* stream::pause_aux() */
	bool can_hold = true;	/* stream::hold_aux(); else no sample takes bytes of it */
};

/* Its memory stays while an area of its is there, which may be a little longer than the file. */
class aux_source : public aux_owner
{
public:
	/* nullptr: an event of this attr has no AUX area. Process context. */
	virtual const aux_abilities *abilities(const perf_event_attr &attr) const noexcept = 0;

protected:
	~aux_source() = default;
};

/* An event as perfbuf/aux.h names it, and back. */
inline perfbuf_stream *as_stream(event &one) noexcept
{
	return reinterpret_cast<perfbuf_stream *>(&one);
}
inline event &as_event(perfbuf_stream *one) noexcept
{
	return *reinterpret_cast<event *>(one);
}

} // namespace perfbuf
