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

	if (group->leader_ != &leader)
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
	event **link = &first_;

	get();
	made.group_link().follows_exec = follows_exec;
	made.group_link().group.store_release(this);
	while (*link)
		link = &(*link)->group_link().next;
	*link = &made;
}

bool event_group::has(const event &one) const noexcept
{
	for (const event *each = first_; each; each = each->group_link().next) {
		if (each == &one)
			return true;
	}
	return leader_ == &one;
}

template <typename Call>
void event_group::each_locked(Call &&call) noexcept
{
	if (leader_)
		call(*leader_);
	for (event *one = first_; one; one = one->group_link().next)
		call(*one);
}

bool event_group::leads(const event &one) noexcept
{
	lock_guard held(mutex_);

	return leader_ == &one;
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

	for (event *one = first_; one; one = one->group_link().next) {
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

	if (leader_ == &one) {
		leader_ = nullptr;
		/* An error leaves a sibling off, as if it had been disabled. */
		(void)start_siblings();
		first_ = nullptr;
		return;
	}
	for (event **link = &first_; *link; link = &(*link)->group_link().next) {
		if (*link == &one) {
			*link = one.group_link().next;
			count_--;
			return;
		}
	}
}

result<void> event_group::enable(event &one) noexcept
{
	lock_guard held(mutex_);

	if (!has(one))
		return one.enable_alone();
	if (&one == leader_) {
		TRY(one.enable_alone());
		return start_siblings();
	}
	one.group_link().is_enabled = true;
	if (leader_->active())
		return one.enable_alone();
	return {};
}

void event_group::disable(event &one) noexcept
{
	lock_guard held(mutex_);

	turn_off(one);
	if (&one != leader_)
		return;
	for (event *each = first_; each; each = each->group_link().next)
		each->disable_alone();
}

result<void> event_group::enable_all(event &by) noexcept
{
	lock_guard held(mutex_);

	if (!has(by))
		return by.enable_alone();
	for (event *one = first_; one; one = one->group_link().next)
		one->group_link().is_enabled = true;
	TRY(leader_->enable_alone());
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
	const u64 running = leader_->counts().running;

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

} // namespace perfbuf
