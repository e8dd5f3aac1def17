/* SPDX-License-Identifier: GPL-2.0 */
/* Formats text for sysfs. */
#pragma once

#include "ring/abi.hpp"

namespace perfbuf
{

constexpr bool equal(const char *a, const char *b) noexcept
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Appends to a buffer and stops at its end. */
class text_writer
{
public:
	text_writer(char *to, u64 bytes) noexcept : to_(to), left_(bytes) {}

	void put(char character) noexcept
	{
		length_++;
		if (!left_)
			return;
		left_--;
		to_[written_++] = character;
	}

	void string(const char *from) noexcept
	{
		while (*from)
			put(*from++);
	}

	void decimal(u64 value) noexcept
	{
		char digits[20];
		u32 n = 0;

		do {
			digits[n++] = static_cast<char>('0' + value % 10);
			value /= 10;
		} while (value);
		while (n)
			put(digits[--n]);
	}

	/* The bytes written, and the bytes of the whole text, as if the buffer had space for it. */
	u64 bytes() const noexcept { return written_; }
	u64 length() const noexcept { return length_; }

private:
	char *to_;
	u64 left_;
	u64 written_ = 0;
	u64 length_ = 0;
};

} // namespace perfbuf
