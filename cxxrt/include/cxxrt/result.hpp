/* SPDX-License-Identifier: GPL-2.0 */
/*
 * result<T>: a value or an errno, never both, never ignored. TRY() takes the
 * value or returns the error to the caller.
 */
#pragma once

#include <cxxrt/std.hpp>

namespace cxxrt
{

/* An errno, stored as a positive number; none is never stored in a result. */
class [[nodiscard]] error
{
public:
	constexpr explicit error(int positive_errno) noexcept : code_(positive_errno) {}

	constexpr int code() const noexcept { return code_; }
	/* The negative errno that a system call or a file operation returns. */
	constexpr int as_return() const noexcept { return -code_; }

	friend constexpr bool operator==(error, error) noexcept = default;

private:
	int code_;
};

template <typename T>
class [[nodiscard]] result
{
public:
	constexpr result(T value) noexcept : value_(std::move(value)), code_(0) {}
	constexpr result(cxxrt::error why) noexcept : code_(why.code()) {}

	constexpr result(result &&other) noexcept : code_(other.code_)
	{
		if (!code_)
			::new (static_cast<void *>(&value_)) T(std::move(other.value_));
	}

	result(const result &) = delete;
	result &operator=(const result &) = delete;
	result &operator=(result &&) = delete;

	constexpr ~result()
	{
		if (!code_)
			value_.~T();
	}

	constexpr explicit operator bool() const noexcept { return !code_; }
	constexpr cxxrt::error error() const noexcept { return cxxrt::error(code_); }

	/* Only if the result holds a value: TRY() checks, other callers must. */
	constexpr T take() noexcept { return std::move(value_); }

private:
	union {
		T value_;
	};
	int code_;
};

template <>
class [[nodiscard]] result<void>
{
public:
	constexpr result() noexcept : code_(0) {}
	constexpr result(cxxrt::error why) noexcept : code_(why.code()) {}

	constexpr explicit operator bool() const noexcept { return !code_; }
	constexpr cxxrt::error error() const noexcept { return cxxrt::error(code_); }
	constexpr int as_return() const noexcept { return -code_; }
	constexpr void take() const noexcept {}

private:
	int code_;
};

/* The result of a return value of the glue: 0 or a negative errno. */
constexpr result<void> from_return(int ret) noexcept
{
	if (ret < 0)
		return error(-ret);
	return {};
}

} // namespace cxxrt

#define TRY(...)                                                                                   \
	({                                                                                         \
		auto try_result_ = (__VA_ARGS__);                                                  \
		if (!try_result_)                                                                  \
			return try_result_.error();                                                \
		try_result_.take();                                                                \
	})
