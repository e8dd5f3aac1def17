// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A growing run of bytes, with perf's ways to put strings into it. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace perfbuf::perfdata
{

class bytes
{
public:
	template <typename T>
	void put(const T &value)
	{
		static_assert(std::is_trivially_copyable_v<T>);
		put_raw(&value, sizeof(value));
	}

	void put_raw(const void *from, size_t size)
	{
		/* GCC 12 warns of insert() where it inlines it. */
		const size_t at = data_.size();
		data_.resize(at + size);
		if (size)
			std::memcpy(data_.data() + at, from, size);
	}

	void zeros(size_t count) { data_.resize(data_.size() + count); }

	/** The string, its NUL, and zeros up to a multiple of `unit` of the string alone. */
	void put_padded(std::string_view text, size_t unit)
	{
		put_raw(text.data(), text.size());
		zeros(unit - text.size() % unit);
	}

	/** A string as feature sections have it: a u32 with the padded length, then the string. */
	void put_string(std::string_view text)
	{
		put(static_cast<uint32_t>((text.size() / string_unit + 1) * string_unit));
		put_padded(text, string_unit);
	}

	/** Write over what is there. */
	template <typename T>
	void patch(size_t at, const T &value)
	{
		std::memcpy(data_.data() + at, &value, sizeof(value));
	}

	size_t size() const noexcept { return data_.size(); }
	std::span<const std::byte> view() const noexcept { return data_; }

private:
	static constexpr size_t string_unit = 64;

	std::vector<std::byte> data_;
};

} // namespace perfbuf::perfdata
