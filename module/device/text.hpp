/* SPDX-License-Identifier: GPL-2.0 */
/* Formats text for sysfs and for nodes that are read as text. Any context. */
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

/*
 * A part of a text whose lines all have @line_bytes, the newline included: so the position of a
 * byte says in which line it is, although the lines are written anew for each read. Copies at most
 * @bytes of the text, from @position on, to @to.
 */
template <u32 line_bytes>
class line_window
{
public:
	line_window(u64 position, char *to, u64 bytes) noexcept
		: before_(position / line_bytes), skip_(position % line_bytes), to_(to),
		  bytes_(bytes)
	{
	}

	/* The next line of the text. Calls @write(text_writer &) if the window has a part of it. */
	template <typename Write>
	void line(Write &&write) noexcept
	{
		char text[line_bytes];
		text_writer out(text, sizeof(text) - 1);

		if (is_full())
			return;
		if (before_) {
			before_--;
			return;
		}
		write(out);
		for (u64 i = out.bytes(); i < sizeof(text); i++)
			text[i] = ' ';
		text[sizeof(text) - 1] = '\n';

		const u64 now = cxxrt::min<u64>(sizeof(text) - skip_, bytes_ - done_);

		__builtin_memcpy(to_ + done_, text + skip_, now);
		done_ += now;
		skip_ = 0;
	}

	bool is_full() const noexcept { return done_ == bytes_; }
	/* The bytes copied. */
	u64 done() const noexcept { return done_; }

private:
	u64 before_; /* lines to pass over */
	u64 skip_;   /* bytes of the next line to pass over */
	char *const to_;
	const u64 bytes_;
	u64 done_ = 0;
};

} // namespace perfbuf
