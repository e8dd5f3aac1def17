// SPDX-License-Identifier: GPL-2.0
/* A group's members: added, removed, enabled and read together. Under the group's mutex. */
#include "device/group.hpp"

#include "device/event.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::lock_guard;
using cxxrt::ref;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class group_lock_class{"perfbuf file group", {}};

/* The sibling behind @event in the list; nullptr: none. */
event *next_of(const event &event) noexcept
{
	return event.group_link().next.load_acquire();
}

} // namespace

event_group::event_group(event &leader) noexcept : mutex_(group_lock_class), leader_(&leader)
{
}

void event_group::put() noexcept
{
	if (references_.put())
		delete this;
}

result<ref<event_group>> event_group::reserve(event &leader) noexcept
{
	cxxrt::shared<event_group *> &of_leader = leader.group_link().group;

	if (!of_leader.load_acquire()) {
		auto *made = new (gfp::kernel) event_group(leader);

		if (!made)
			return error(ENOMEM);
		/* Another sibling of the same leader may be opened meanwhile. A success is a full
		 * barrier: docs/groups.md. */
		event_group *none = nullptr;

		if (!of_leader.try_cmpxchg(none, made))
			made->put();
	}

	event_group *group = of_leader.load_acquire();
	lock_guard held(group->mutex_);

	if (group->leader_.read_once() != &leader)
		return error(EINVAL);
	if (group->count_ == events_max)
		return error(E2BIG);
	group->count_++;
	return ref<event_group>::share(group);
}

void event_group::cancel() noexcept
{
	lock_guard held(mutex_);

	count_--;
}

void event_group::add(event &made, bool follows_exec) noexcept
{
	lock_guard held(mutex_);
	cxxrt::shared<event *> *link = &first_;

	get();
	made.group_link().follows_exec = follows_exec;
	made.group_link().group.store_release(this);
	while (event *event = link->read_once())
		link = &event->group_link().next;
	link->store_release(&made);
}

bool event_group::has(const event &wanted) const noexcept
{
	for (const event *each = first_.load_acquire(); each; each = next_of(*each)) {
		if (each == &wanted)
			return true;
	}
	return leader_.read_once() == &wanted;
}

template <typename Call>
void event_group::each_locked(Call &&call) noexcept
{
	if (event *leader = leader_.read_once())
		call(*leader);
	for (event *event = first_.read_once(); event; event = next_of(*event))
		call(*event);
}

bool event_group::leads(const event &event) noexcept
{
	lock_guard held(mutex_);

	return leader_.read_once() == &event;
}

/* Disables @event, which then stays off at the exec that its group waits for. */
void event_group::turn_off(event &event) noexcept
{
	event.group_link().is_enabled = false;
	if (event.group_link().follows_exec)
		event.ignore_exec();
	event.disable_alone();
}

result<void> event_group::start_siblings() noexcept
{
	result<void> first;

	for (event *event = first_.read_once(); event; event = next_of(*event)) {
		if (!event->group_link().is_enabled)
			continue;

		result<void> started = event->enable_alone();

		if (first && !started)
			first = std::move(started);
	}
	return first;
}

void event_group::leave(event &leaving) noexcept
{
	lock_guard held(mutex_);

	if (leader_.read_once() == &leaving) {
		leader_.write_once(nullptr);
		/* An error leaves a sibling off, as if it had been disabled. */
		(void)start_siblings();
		first_.write_once(nullptr);
		return;
	}
	cxxrt::shared<event *> *link = &first_;

	while (event *each = link->read_once()) {
		if (each == &leaving) {
			link->write_once(next_of(leaving));
			count_--;
			return;
		}
		link = &each->group_link().next;
	}
}

result<void> event_group::enable(event &event) noexcept
{
	lock_guard held(mutex_);

	if (!has(event))
		return event.enable_alone();
	if (leader_.read_once() == &event) {
		TRY(event.enable_alone());
		return start_siblings();
	}
	event.group_link().is_enabled = true;
	if (leader_.read_once()->active())
		return event.enable_alone();
	return {};
}

void event_group::disable(event &disabled) noexcept
{
	lock_guard held(mutex_);

	turn_off(disabled);
	if (leader_.read_once() != &disabled)
		return;
	for (event *each = first_.read_once(); each; each = next_of(*each))
		each->disable_alone();
}

result<void> event_group::enable_all(event &by) noexcept
{
	lock_guard held(mutex_);

	if (!has(by))
		return by.enable_alone();
	for (event *event = first_.read_once(); event; event = next_of(*event))
		event->group_link().is_enabled = true;
	TRY(leader_.read_once()->enable_alone());
	return start_siblings();
}

void event_group::disable_all(event &by) noexcept
{
	lock_guard held(mutex_);

	if (!has(by))
		return by.disable_alone();
	each_locked(turn_off);
}

void event_group::reset_all(event &by) noexcept
{
	lock_guard held(mutex_);

	if (!has(by))
		return by.reset();
	each_locked([](event &event) { event.reset(); });
}

void event_group::each(void (*call)(event &event)) noexcept
{
	lock_guard held(mutex_);

	each_locked(call);
}

u32 event_group::read_values(event &by, u64 *words) noexcept
{
	const u64 format = by.attr().read_format;
	u32 count = 0;
	u32 n = 1;
	lock_guard held(mutex_);

	if (!has(by))
		return by.read_values(words);
	/* The times are the leader's. */
	const u64 running = leader_.read_once()->counts().running;

	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		words[n++] = running;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		words[n++] = running;
	each_locked([&](event &event) {
		n += event.put_counts(words + n, format);
		count++;
	});
	words[0] = count;
	return n;
}

u32 event_group::sampled_values(const event &by, u64 running, u64 *words) const noexcept
{
	const u64 format = by.attr().read_format;
	const event *counted = leader_.load_acquire();
	bool found = false;
	u32 count = 0;
	u32 n = 1;

	if (!counted)
		return 0;
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		words[n++] = running;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		words[n++] = running;
	/* An event that is opened while one leaves may make it one more. */
	for (const event *next = first_.load_acquire(); counted && count < events_max;
	     counted = next, next = counted ? next_of(*counted) : nullptr) {
		found |= counted == &by;
		n += counted->put_sampled_counts(words + n, format);
		count++;
	}
	words[0] = count;
	return found ? n : 0;
}

} // namespace perfbuf
