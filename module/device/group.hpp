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

/* The member of an event that links it into its group. The group's mutex guards all but group. */
struct group_place {
	/* Set once, from nullptr. The event holds a reference. */
	cxxrt::shared<event_group *> group;
	event *next = nullptr;
	/* Siblings only. */
	bool is_enabled = false;   /* it counts while its leader is active */
	bool follows_exec = false; /* the exec that enables its leader enables it */
};

/* All functions: process context, may sleep. */
class event_group
{
public:
	/* Bounds the result of a read(2); perf's bound is 16 KiB. */
	static constexpr u32 events_max = 128;
	/* The number of events, two times, and three words for each event. */
	static constexpr u32 read_words_max = 3 + 3 * events_max;

	/*
	 * Returns the group of @leader, creates it if there is none, and reserves a place for one
	 * more event: add() or cancel() follows. EINVAL: @leader is a sibling, or has been one;
	 * E2BIG: the group is full; ENOMEM.
	 */
	static cxxrt::result<cxxrt::ref<event_group>> reserve(event &leader) noexcept;
	void cancel() noexcept;
	/* Makes @made a sibling, which is disabled. @follows_exec: the exec that enables the leader
	 * enables it. The caller holds a reference to the leader's file. */
	void add(event &made, bool follows_exec) noexcept;
	/* Removes @one. If it is the leader, each sibling becomes an event without a group. */
	void leave(event &one) noexcept;

	/* Whether @one is the leader. */
	bool leads(const event &one) noexcept;

	/* Enables or disables @one. With the leader its enabled siblings start or stop. */
	cxxrt::result<void> enable(event &one) noexcept;
	void disable(event &one) noexcept;
	/* PERF_IOC_FLAG_GROUP: the same for all events of the group of @by; for @by alone if the
	 * leader was closed. Returns the first error. */
	cxxrt::result<void> enable_all(event &by) noexcept;
	void disable_all(event &by) noexcept;
	void reset_all(event &by) noexcept;

	/* Fills @words (read_words_max) with the values of all events, as the read_format of @by
	 * says, and returns their number. */
	u32 read_values(event &by, u64 *words) noexcept;

	/* Calls @call(event) for each event of the group, under the mutex. */
	void each(void (*call)(event &one)) noexcept;

	void get() noexcept { references_.get(); }
	void put() noexcept;

private:
	explicit event_group(event &leader) noexcept;

	/* Under the mutex. */
	template <typename Call>
	void each_locked(Call &&call) noexcept;
	bool has(const event &one) const noexcept;
	cxxrt::result<void> start_siblings() noexcept;
	static void turn_off(event &one) noexcept;

	cxxrt::mutex mutex_;
	cxxrt::refcount references_{1};
	event *leader_; /* nullptr: it was closed, and there are no siblings */
	event *first_ = nullptr;
	u32 count_ = 1; /* with the leader and the reserved places */
};

} // namespace perfbuf
