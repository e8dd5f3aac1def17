// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the formats of show.cpp are made of. */
#pragma once

#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <iterator>
#include <perfbuf/result.hpp>
#include <string>
#include <unordered_map>

#include "tracefile/merge.hpp"
#include "tracefile/symbols.hpp"

namespace perfbuf::tracefile
{

struct totals;
std::string printable(std::string_view text);

/** Text on its way into a stream; the first error is kept. */
class output
{
public:
	explicit output(std::FILE *to) noexcept : to_(to) {}

	template <typename... Arguments>
	void print(fmt::format_string<Arguments...> text, Arguments &&...arguments)
	{
		fmt::format_to(std::back_inserter(buffer_), text,
			       std::forward<Arguments>(arguments)...);
		if (buffer_.size() >= enough)
			write();
	}

	reader::result<void> flush()
	{
		write();
		if (!failed_ && std::fflush(to_) != 0)
			failed_ = errno;
		if (failed_)
			return reader::system_error("cannot write", failed_);
		return {};
	}
	bool failed() const noexcept { return failed_; }

private:
	static constexpr size_t enough = 64 * 1024;

	void write()
	{
		if (!failed_ && buffer_.size() &&
		    std::fwrite(buffer_.data(), 1, buffer_.size(), to_) != buffer_.size())
			failed_ = errno ? errno : EIO;
		buffer_.clear();
	}

	std::FILE *to_;
	fmt::memory_buffer buffer_;
	int failed_ = 0; // errno
};

/** The most names that are cached, of functions or threads. Others are looked up or printed again.
 */
inline constexpr size_t most_kept = size_t{1} << 18;

/** Names of addresses: the same few are asked for again and again. */
class names
{
public:
	explicit names(const symbol_table &from) noexcept : from_(from) {}

	/** @return valid until the next call */
	const std::string &of(uint64_t address)
	{
		if (known_.size() >= most_kept)
			known_.clear();
		auto &name = known_[address];
		if (name.empty())
			name = printable(from_.name_of(address));
		return name;
	}

private:
	const symbol_table &from_;
	std::unordered_map<uint64_t, std::string> known_;
};

/** One format. */
class printer
{
public:
	printer(output &to, names &of) noexcept : to_(to), names_(of) {}
	printer(const printer &) = delete;
	printer &operator=(const printer &) = delete;
	virtual ~printer() = default;

	virtual void call(const event &) {}
	virtual void damage(const event &) {}
	virtual void finish(const totals &) {}

protected:
	output &to_;
	names &names_;
};

} // namespace perfbuf::tracefile
