/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list that interrupts and tracepoints walk while others change it. A change takes constant time
 * and is made under the list's lock, or on the one CPU that walks the list. A walk has preemption
 * off. A removed element stays valid for a grace period, and a walk that stands on it goes on.
 */
#pragma once

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

template <typename T, typename Tag>
class rcu_list;

/* The base of an element of one list; @Tag distinguishes the bases of one in several lists. */
template <typename T, typename Tag = void>
class rcu_listed
{
private:
	friend class rcu_list<T, Tag>;
	cxxrt::shared<T *> next_;
	cxxrt::shared<T *> *back_ = nullptr; /* the link that points to this element; for changes */
};

template <typename T, typename Tag = void>
class rcu_list
{
public:
	constexpr rcu_list() noexcept = default;

	T *first() const noexcept { return first_.load_acquire(); }
	static T *next(const T &element) noexcept { return links(element).next_.load_acquire(); }

	static bool is_last(const T &element) noexcept
	{
		return links(element).next_.equals(nullptr);
	}

	void push(T &element) noexcept
	{
		T *second = first_.read_once();

		links(element).next_.write_once(second);
		links(element).back_ = &first_;
		if (second)
			links(*second).back_ = &links(element).next_;
		first_.store_release(&element);
	}

	/* @element is in a list. Its own link stays, for walks that have reached it. */
	static void remove(T &element) noexcept
	{
		T *after = links(element).next_.read_once();

		links(element).back_->write_once(after);
		if (after)
			links(*after).back_ = links(element).back_;
	}

private:
	using element = rcu_listed<T, Tag>;

	static element &links(T &element) noexcept { return element; }
	static const element &links(const T &element) noexcept { return element; }

	cxxrt::shared<T *> first_;
};

} // namespace perfbuf
