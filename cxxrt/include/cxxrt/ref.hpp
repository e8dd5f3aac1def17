/* SPDX-License-Identifier: GPL-2.0 */
/* ref<T>: a counted reference to a T that has get() and put(). */
#pragma once

#include <cxxrt/std.hpp>

namespace cxxrt
{

template <typename T>
class [[nodiscard]] ref
{
public:
	constexpr ref() noexcept = default;
	constexpr ref(ref &&other) noexcept : pointer_(other.release()) {}

	ref &operator=(ref &&other) noexcept
	{
		reset(other.release());
		return *this;
	}

	~ref() { reset(); }

	/* Takes over a reference that the caller has. */
	static ref adopt(T *counted) noexcept
	{
		ref made;

		made.pointer_ = counted;
		return made;
	}

	/* Takes another reference to an object that the caller knows to be referenced. */
	static ref share(T *held) noexcept
	{
		if (held)
			held->get();
		return adopt(held);
	}

	void reset(T *counted = nullptr) noexcept
	{
		T *old = std::exchange(pointer_, counted);

		if (old)
			old->put();
	}

	/* The reference is the caller's now. */
	T *release() noexcept { return std::exchange(pointer_, nullptr); }

	T *get() const noexcept { return pointer_; }
	T *operator->() const noexcept { return pointer_; }
	T &operator*() const noexcept { return *pointer_; }
	explicit operator bool() const noexcept { return pointer_; }

private:
	T *pointer_ = nullptr;
};

} // namespace cxxrt
