/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list that interrupts and tracepoints walk while others change it. Who
 * changes it holds the list's lock, whichever that is; who walks it has
 * preemption off. What was taken out stays valid for a grace period, and a walk
 * that stands on it finds its way on.
 */
#pragma once

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

template <typename T>
class rcu_list;

/* The base of what is in one list at most. */
template <typename T>
class rcu_listed
{
private:
	friend class rcu_list<T>;
	cxxrt::shared<T *> next_;
};

template <typename T>
class rcu_list
{
public:
	constexpr rcu_list() noexcept = default;

	T *first() const noexcept { return first_.load_acquire(); }
	static T *next(const T &one) noexcept { return links(one).next_.load_acquire(); }

	static bool is_last(const T &one) noexcept { return links(one).next_.equals(nullptr); }

	void push(T &one) noexcept
	{
		links(one).next_.write_once(first_.read_once());
		first_.store_release(&one);
	}

	/* It is in the list. */
	void remove(T &one) noexcept
	{
		cxxrt::shared<T *> *link = &first_;

		while (link->read_once() != &one)
			link = &links(*link->read_once()).next_;
		link->write_once(links(one).next_.read_once());
	}

private:
	static rcu_listed<T> &links(T &one) noexcept { return one; }
	static const rcu_listed<T> &links(const T &one) noexcept { return one; }

	cxxrt::shared<T *> first_;
};

} // namespace perfbuf
