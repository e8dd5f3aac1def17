/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocation. There is no plain operator new: with it g++ runs the constructor
 * on NULL under the kernel's flags. new (gfp) T(...) yields NULL instead, and
 * make<T>() turns that into ENOMEM.
 */
#pragma once

#include <cxxrt/platform.h>
#include <cxxrt/result.hpp>
#include <cxxrt/std.hpp>
#include <generated/offsets.h>

namespace cxxrt
{

/* The tag of an allocation: what the caller's context allows. */
enum class gfp : unsigned int {
	kernel = PB_GFP_KERNEL, /* process context, may sleep */
	atomic = PB_GFP_ATOMIC, /* irq; reserves may be used */
	nowait = PB_GFP_NOWAIT, /* irq; fails early */
};

} // namespace cxxrt

void *operator new(std::size_t bytes, cxxrt::gfp tag) noexcept;
void operator delete(void *memory) noexcept;
void operator delete(void *memory, std::size_t bytes) noexcept;

namespace cxxrt
{

/* std::unique_ptr is in <memory>, which is hosted. */
template <typename T>
class [[nodiscard]] unique_ptr
{
public:
	constexpr unique_ptr() noexcept = default;
	constexpr explicit unique_ptr(T *owned) noexcept : pointer_(owned) {}
	constexpr unique_ptr(unique_ptr &&other) noexcept : pointer_(other.release()) {}

	unique_ptr &operator=(unique_ptr &&other) noexcept
	{
		reset(other.release());
		return *this;
	}

	~unique_ptr() { reset(); }

	void reset(T *owned = nullptr) noexcept
	{
		T *old = std::exchange(pointer_, owned);

		delete old;
	}

	constexpr T *release() noexcept { return std::exchange(pointer_, nullptr); }
	constexpr T *get() const noexcept { return pointer_; }
	constexpr T *operator->() const noexcept { return pointer_; }
	constexpr T &operator*() const noexcept { return *pointer_; }
	constexpr explicit operator bool() const noexcept { return pointer_; }

private:
	T *pointer_ = nullptr;
};

template <typename T, typename... Args>
result<unique_ptr<T>> make(gfp tag, Args &&...args) noexcept
{
	T *made = new (tag) T(std::forward<Args>(args)...);

	if (!made)
		return error(ENOMEM);
	return unique_ptr<T>(made);
}

} // namespace cxxrt
