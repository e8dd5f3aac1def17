// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Reads a run of bytes from front to back; past its end everything is zero, and ok() false.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace perfbuf::perfdata
{

class cursor
{
public:
	explicit cursor(std::span<const std::byte> bytes) noexcept : left_(bytes) {}

	template <typename T>
	T get() noexcept
	{
		static_assert(std::is_trivially_copyable_v<T>);
		T value{};
		if (const auto from = bytes(sizeof(T)); from.size() == sizeof(T))
			std::memcpy(&value, from.data(), sizeof(T));
		return value;
	}

	std::span<const std::byte> bytes(uint64_t size) noexcept
	{
		if (size > left_.size()) {
			ok_ = false;
			left_ = {};
			return {};
		}
		const auto front = left_.first(static_cast<size_t>(size));
		left_ = left_.subspan(static_cast<size_t>(size));
		return front;
	}

	/** The text up to the next NUL; the NUL is skipped. */
	std::string_view text() noexcept
	{
		const std::string_view all(reinterpret_cast<const char *>(left_.data()),
					   left_.size());
		const size_t end = all.find('\0');
		bytes(end == std::string_view::npos ? all.size() + 1 : end + 1);
		return ok_ ? all.substr(0, end) : std::string_view();
	}

	/** A string of a feature section: a u32 with the padded length, then the string. */
	std::string_view string() noexcept
	{
		const auto field = bytes(get<uint32_t>());
		const std::string_view all(reinterpret_cast<const char *>(field.data()),
					   field.size());
		return all.substr(0, all.find('\0'));
	}

	size_t left() const noexcept { return left_.size(); }
	bool ok() const noexcept { return ok_; }

private:
	std::span<const std::byte> left_;
	bool ok_ = true;
};

} // namespace perfbuf::perfdata
