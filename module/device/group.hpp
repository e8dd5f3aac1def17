/* SPDX-License-Identifier: GPL-2.0 */
/* A group of events with a leader, as group_fd of perf_event_open(2) makes it. docs/groups.md */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>
#include <cxxrt/ref.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class event;
class event_group;

/* The members of an event that concern its group. The group's mutex guards all but the pointers, of
 * which it guards the changes. */
struct group_link {
	/* Changes once, from nullptr. The event holds a reference. */
	cxxrt::shared<event_group *> group;
	/* The next sibling. An event that has left the group keeps it: a writer may be there. */
	cxxrt::shared<event *> next;
	/* Of a sibling. */
	bool is_enabled = false;   /* it counts while its leader is active */
	bool follows_exec = false; /* the exec that enables its leader enables it */
};

/* All functions but sampled_values(): process context, may sleep. */
class event_group
{
public:
	/* perf's limit is the size of a read, 16 KiB. */
	static constexpr u32 events_max = 128;
	/* A number, two times, and three words for each event. */
	static constexpr u32 read_words_max = 3 + 3 * events_max;

	/*
	 * The group of @leader, made if there is none, with a place for one more event: add() or
	 * cancel() follows. EINVAL: @leader is a sibling, or has been; E2BIG, ENOMEM.
	 */
	static cxxrt::result<cxxrt::ref<event_group>> reserve(event &leader) noexcept;
	void cancel() noexcept;
	/* Makes @made a sibling, which is off. @follows_exec: it waits for the leader's exec. The
	 * caller holds the file of the leader. */
	void add(event &made, bool follows_exec) noexcept;
	/* Removes @leaving. If it is the leader, the siblings go on alone. */
	void leave(event &leaving) noexcept;

	/* Whether @event is the leader. */
	bool leads(const event &event) noexcept;

	/* Enables or disables the event and, if it leads, its group. */
	cxxrt::result<void> enable(event &event) noexcept;
	void disable(event &disabled) noexcept;
	/* The same of all in the group of @by, or of @by alone if its leader has gone. The first
	 * error. */
	cxxrt::result<void> enable_all(event &by) noexcept;
	void disable_all(event &by) noexcept;
	void reset_all(event &by) noexcept;

	/* Fills @words (read_words_max) with the values of all events, as the read_format of @by
	 * says, and returns their number. */
	u32 read_values(event &by, u64 *words) noexcept;

	/*
	 * The same for PERF_SAMPLE_READ of @by, which has run for @running ns. 0: @by is not in
	 * the group any more. A writer of @by: any context, preemption off. Events that leave
	 * meanwhile stay until a grace period has passed.
	 */
	u32 sampled_values(const event &by, u64 running, u64 *words) const noexcept;

	/* Calls @call(event) for each, under the mutex. */
	void each(void (*call)(event &event)) noexcept;

	void get() noexcept { references_.get(); }
	void put() noexcept;

private:
	explicit event_group(event &leader) noexcept;

	/* Under the mutex. */
	template <typename Call>
	void each_locked(Call &&call) noexcept;
	bool has(const event &wanted) const noexcept;
	cxxrt::result<void> start_siblings() noexcept;
	static void turn_off(event &event) noexcept;

	cxxrt::mutex mutex_;
	cxxrt::refcount references_{1};
	/* Changed under the mutex. */
	cxxrt::shared<event *> leader_; /* nullptr: it was closed, and there are no siblings */
	cxxrt::shared<event *> first_;
	u32 count_ = 1; /* with the leader and the reserved places */
};

} // namespace perfbuf
