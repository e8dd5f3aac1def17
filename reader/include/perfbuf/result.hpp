// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Errors by value. The library throws nothing of its own: what can fail returns a `result`.
 */
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace perfbuf::reader
{

/** An error: the cause for programs, and one sentence for people that says what to do. */
struct error {
	std::error_code code;
	std::string text;
};

/** @return the error of a system call; `number` defaults to the caller's errno */
inline error system_error(std::string text, int number = errno)
{
	return {std::error_code(number, std::generic_category()), std::move(text)};
}

/** A value, or why there is none. Look before you take: `value()` of an error is undefined. */
template <typename T>
class [[nodiscard]] result
{
public:
	result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
	result(reader::error why) : state_(std::in_place_index<1>, std::move(why)) {}

	explicit operator bool() const noexcept { return state_.index() == 0; }
	T &value() &noexcept { return *std::get_if<0>(&state_); }
	const T &value() const &noexcept { return *std::get_if<0>(&state_); }
	T &&value() &&noexcept { return std::move(*std::get_if<0>(&state_)); }
	T *operator->() noexcept { return std::get_if<0>(&state_); }
	T &operator*() &noexcept { return value(); }
	const T &operator*() const &noexcept { return value(); }
	T &&operator*() &&noexcept { return std::move(*this).value(); }
	const T *operator->() const noexcept { return std::get_if<0>(&state_); }
	const reader::error &error() const noexcept { return *std::get_if<1>(&state_); }

private:
	std::variant<T, reader::error> state_;
};

/** Success, or why not. */
template <>
class [[nodiscard]] result<void>
{
public:
	result() = default;
	result(reader::error why) : why_(std::move(why)), failed_(true) {}

	explicit operator bool() const noexcept { return !failed_; }
	const reader::error &error() const noexcept { return why_; }

private:
	reader::error why_;
	bool failed_ = false;
};

} // namespace perfbuf::reader
