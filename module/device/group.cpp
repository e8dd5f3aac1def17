// SPDX-License-Identifier: GPL-2.0
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

/* What follows @one in the list. */
event *next_of(const event &one) noexcept
{
	return one.group_link().next.load_acquire();
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
	while (event *one = link->read_once())
		link = &one->group_link().next;
	link->store_release(&made);
}

bool event_group::has(const event &one) const noexcept
{
	for (const event *each = first_.load_acquire(); each; each = next_of(*each)) {
		if (each == &one)
			return true;
	}
	return leader_.read_once() == &one;
}

template <typename Call>
void event_group::each_locked(Call &&call) noexcept
{
	if (event *leader = leader_.read_once())
		call(*leader);
	for (event *one = first_.read_once(); one; one = next_of(*one))
		call(*one);
}

bool event_group::leads(const event &one) noexcept
{
	lock_guard held(mutex_);

	return leader_.read_once() == &one;
}

/* What a request disables stays off at the exec that its group waits for. */
void event_group::turn_off(event &one) noexcept
{
	one.group_link().is_enabled = false;
	if (one.group_link().follows_exec)
		one.ignore_exec();
	one.disable_alone();
}

result<void> event_group::start_siblings() noexcept
{
	result<void> first;

	for (event *one = first_.read_once(); one; one = next_of(*one)) {
		if (!one->group_link().is_enabled)
			continue;

		result<void> started = one->enable_alone();

		if (first && !started)
			first = std::move(started);
	}
	return first;
}

void event_group::leave(event &one) noexcept
{
	lock_guard held(mutex_);

	if (leader_.read_once() == &one) {
		leader_.write_once(nullptr);
		/* An error leaves a sibling off, as if it had been disabled. */
		(void)start_siblings();
		first_.write_once(nullptr);
		return;
	}
	cxxrt::shared<event *> *link = &first_;

	while (event *each = link->read_once()) {
		if (each == &one) {
			link->write_once(next_of(one));
			count_--;
			return;
		}
		link = &each->group_link().next;
	}
}

result<void> event_group::enable(event &one) noexcept
{
	lock_guard held(mutex_);

	if (!has(one))
		return one.enable_alone();
	if (leader_.read_once() == &one) {
		TRY(one.enable_alone());
		return start_siblings();
	}
	one.group_link().is_enabled = true;
	if (leader_.read_once()->active())
		return one.enable_alone();
	return {};
}

void event_group::disable(event &one) noexcept
{
	lock_guard held(mutex_);

	turn_off(one);
	if (leader_.read_once() != &one)
		return;
	for (event *each = first_.read_once(); each; each = next_of(*each))
		each->disable_alone();
}

result<void> event_group::enable_all(event &by) noexcept
{
	lock_guard held(mutex_);

	if (!has(by))
		return by.enable_alone();
	for (event *one = first_.read_once(); one; one = next_of(*one))
		one->group_link().is_enabled = true;
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
	each_locked([](event &one) { one.reset(); });
}

void event_group::each(void (*call)(event &one)) noexcept
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
	each_locked([&](event &one) {
		n += one.put_counts(words + n, format);
		count++;
	});
	words[0] = count;
	return n;
}

u32 event_group::sampled_values(const event &by, u64 running, u64 *words) const noexcept
{
	const u64 format = by.attr().read_format;
	const event *one = leader_.load_acquire();
	bool found = false;
	u32 count = 0;
	u32 n = 1;

	if (!one)
		return 0;
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		words[n++] = running;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		words[n++] = running;
	/* An event that is opened while one leaves may make it one more. */
	for (const event *next = first_.load_acquire(); one && count < events_max;
	     one = next, next = one ? next_of(*one) : nullptr) {
		found |= one == &by;
		n += one->put_sampled_counts(words + n, format);
		count++;
	}
	words[0] = count;
	return found ? n : 0;
}

} // namespace perfbuf
