// SPDX-License-Identifier: GPL-2.0
/* PERF_EVENT_IOC_SET_OUTPUT: one file writes to another file's ring. */
#include "device/file.hpp"
#include "glue/glue.h"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::lock_guard;
using cxxrt::result;

/* Makes @ring the event's ring. Writers find the old ring or the new one; both live for a grace
 * period. Under the attach lock. */
void file::attach(event &to, perf_buffer *ring) noexcept
{
	perf_buffer *old = to.ring();

	if (old) {
		old->detach(*this);
		if (!old->first_target())
			source_.gone_bytes.fetch_add(old->bytes());
	}
	if (ring) {
		ring->get();
		ring->attach(*this);
	}
	to.set_ring(ring);
	if (!old)
		return;
	/* Ends the AUX transaction in the old ring, because unmapping the old area will not find
	 * this file. */
	if (source_.aux())
		to.producer().stop_aux();

	/* A wakeup that walked the old ring's list may have left the list with this file. */
	old->repeat_wakeups();
	old->put();
}

/*
 * Whether this file may write to @ring: all files of a ring whose sources fill AUX areas have the
 * same source, because any of the files may be the one that maps the area. Under the attach lock.
 */
bool file::may_share_aux(perf_buffer &ring) const noexcept
{
	if (!source_.aux())
		return true;
	for (wake_target *target = ring.first_target(); target; target = target->next.read_once()) {
		const file *other = static_cast<file *>(target);

		if (other->source_.aux() && &other->source_ != &source_)
			return false;
	}
	return true;
}

/* Whether a user with limits may add a file to @ring. A wakeup walks all files of the ring in an
 * interrupt, and each file may signal many tasks. Under the attach lock. */
bool file::has_place_for(const event &event, perf_buffer &ring) noexcept
{
	if (!event.limited_members())
		return true;

	u64 left = pb_param_ring_files_max();

	for (wake_target *other = ring.first_target(); other && left;
	     other = other->next.read_once())
		left--;
	return left;
}

result<void> file::redirect(event &redirected, file *target) noexcept
{
	lock_guard mapping(map_mutex_);

	/* A mapped event keeps its ring. */
	if (mappings_)
		return error(EINVAL);

	lock_guard held(the_device().attach_lock);
	perf_buffer *ring = nullptr;

	if (target) {
		ring = target->configured()->ring();
		if (!ring || !may_share_aux(*ring))
			return error(EINVAL);
		if (ring != redirected.ring() && !has_place_for(redirected, *ring))
			return error(ENOSPC);
	}
	attach(redirected, ring);
	/* A reader in poll() has to check again: the new ring may be readable already. */
	if (ring)
		wake();
	return {};
}

result<void> file::set_output(event &redirected, u64 argument) noexcept
{
	if (argument == ~u64{0})
		return redirect(redirected, nullptr);

	const descriptor held(static_cast<s32>(argument));
	file *target = held.readable();

	if (!target)
		return error(EBADF);
	const event *to = target->configured();

	if (!to)
		return error(EBADFD);

	const perf_event_attr &mine = redirected.attr();
	const perf_event_attr &theirs = to->attr();

	/* One ring has one writer CPU or one task, one clock and one direction. */
	if (target == this || to->cpu() != redirected.cpu())
		return error(EINVAL);
	if (to->cpu() == -1 && to->target() != redirected.target())
		return error(EINVAL);
	/* The children would write from several CPUs. mmap(2) refuses such an event, too. */
	if (to->cpu() == -1 && mine.inherit)
		return error(EINVAL);
	if (mine.use_clockid != theirs.use_clockid ||
	    (mine.use_clockid && mine.clockid != theirs.clockid))
		return error(EINVAL);
	if (mine.write_backward != theirs.write_backward)
		return error(EINVAL);
	return redirect(redirected, target);
}

} // namespace perfbuf
