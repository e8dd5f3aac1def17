// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Takes fields off the front of a record's body; one that is not there makes it fail for
 * good. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace perfbuf::reader
{

class field_reader
{
public:
	explicit field_reader(std::span<const std::byte> body) noexcept : left_(body) {}

	bool ok() const noexcept { return ok_; }
	size_t left() const noexcept { return left_.size(); }

	uint64_t u64() noexcept { return number<uint64_t>(); }
	uint32_t u32() noexcept { return number<uint32_t>(); }

	std::span<const std::byte> bytes(uint64_t count) noexcept
	{
		if (count > left_.size()) {
			ok_ = false;
			left_ = {};
			return {};
		}
		const auto front = left_.first(count);
		left_ = left_.subspan(count);
		return front;
	}

	/** Words are 8-byte aligned as the record is: nothing before them has an odd size unless
	 * the body lies. */
	std::span<const uint64_t> words(uint64_t count) noexcept
	{
		if (count > left_.size() / sizeof(uint64_t) ||
		    reinterpret_cast<uintptr_t>(left_.data()) % alignof(uint64_t) != 0) {
			ok_ = false;
			left_ = {};
			return {};
		}
		const auto front = bytes(count * sizeof(uint64_t));
		return {reinterpret_cast<const uint64_t *>(front.data()), count};
	}

	/** A string that ends at its NUL, `tail` bytes before the end at the latest. */
	std::string_view text(size_t tail) noexcept
	{
		if (tail > left_.size()) {
			ok_ = false;
			return {};
		}
		const auto all = bytes(left_.size() - tail);
		const auto *begin = reinterpret_cast<const char *>(all.data());
		return {begin, strnlen(begin, all.size())};
	}

private:
	template <typename T>
	T number() noexcept
	{
		T value{};
		const auto front = bytes(sizeof(T));
		if (!front.empty())
			std::memcpy(&value, front.data(), sizeof(T));
		return value;
	}

	std::span<const std::byte> left_;
	bool ok_ = true;
};

} // namespace perfbuf::reader
