// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Cuts what a pipe brings into records.
#include "perfdata/record_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

#include "perfdata/format.hpp"

namespace perfbuf::perfdata
{

namespace
{

constexpr size_t held_size = size_t{1} << 20; // many records, of which the largest has 64 KiB

} // namespace

record_stream::record_stream(reader::unique_fd from)
	: from_(std::move(from)), held_(held_size), before_(sizeof(pipe_header))
{
}

// Reads until so many bytes are left. @return are they? If not, the stream has ended
reader::result<bool> record_stream::fill(size_t wanted)
{
	if (left() < wanted && held_.size() - begin_ < wanted) {
		std::memmove(held_.data(), held_.data() + begin_, left());
		before_ += begin_;
		end_ -= begin_;
		begin_ = last_ = 0;
	}
	while (left() < wanted) {
		const ssize_t got = ::read(from_.get(), held_.data() + end_, held_.size() - end_);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return reader::system_error("cannot be read");
		if (got == 0)
			return false;
		end_ += static_cast<size_t>(got);
	}
	return true;
}

reader::result<std::optional<reader::record>> record_stream::next()
{
	const auto none = [this]() -> reader::result<std::optional<reader::record>> {
		last_ = begin_;
		if (left())
			return reader::system_error("ends within a record", EINVAL);
		return std::optional<reader::record>();
	};
	perf_event_header header;
	const auto has_header = fill(sizeof(header));
	if (!has_header)
		return has_header.error();
	last_ = begin_;
	if (!*has_header)
		return none();
	std::memcpy(&header, held_.data() + begin_, sizeof(header));
	if (!plausible_record(header, UINT16_MAX))
		return reader::system_error("holds what is no record", EINVAL);
	const auto is_whole = fill(header.size);
	if (!is_whole)
		return is_whole.error();
	last_ = begin_;
	if (!*is_whole)
		return none();
	begin_ += header.size;
	return std::optional(reader::record(std::span(held_).subspan(last_, header.size)));
}

reader::result<std::vector<std::byte>> record_stream::take(uint64_t size)
{
	std::vector<std::byte> all;
	while (all.size() < size) {
		const auto any = fill(1);
		if (!any)
			return any.error();
		if (!*any)
			break;
		const size_t part = std::min<uint64_t>(left(), size - all.size());
		const auto from = held_.begin() + static_cast<ptrdiff_t>(begin_);
		all.insert(all.end(), from, from + static_cast<ptrdiff_t>(part));
		begin_ += part;
	}
	return all;
}

reader::result<void> record_stream::skip(uint64_t size)
{
	while (size) {
		const auto any = fill(1);
		if (!any)
			return any.error();
		if (!*any)
			break;
		const size_t part = std::min<uint64_t>(left(), size);
		begin_ += part;
		size -= part;
	}
	return {};
}

bool record_stream::is_empty() const noexcept
{
	perf_event_header header;
	if (left() >= sizeof(header)) {
		std::memcpy(&header, held_.data() + begin_, sizeof(header));
		if (left() >= header.size)
			return false;
	}
	pollfd wait{from_.get(), POLLIN, 0};
	return ::poll(&wait, 1, 0) == 0;
}

} // namespace perfbuf::perfdata
