// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Appends to a file or a pipe, and rewrites or cuts what a file may still change.
#include "perfdata/output.hpp"

#include <algorithm>
#include <array>
#include <sys/uio.h>
#include <unistd.h>

#include "perfdata/format.hpp"

namespace perfbuf::perfdata
{

namespace
{

// One mark a megabyte costs nothing, and bounds what trim() has to walk.
constexpr uint64_t mark_distance = 1 << 20;
constexpr size_t pieces_at_once = 16;

} // namespace

reader::result<void> output::append(std::span<const std::span<const std::byte>> pieces)
{
	std::array<iovec, pieces_at_once> vector;
	size_t used = 0;
	for (size_t next = 0; next < pieces.size() || used;) {
		for (; used < vector.size() && next < pieces.size(); next++)
			if (!pieces[next].empty())
				vector[used++] = {const_cast<std::byte *>(pieces[next].data()),
						  pieces[next].size()};
		if (!used)
			break;
		ssize_t wrote = ::writev(fd_.get(), vector.data(), static_cast<int>(used));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return reader::system_error("cannot write");
		if (wrote == 0)
			return reader::system_error("cannot write", ENOSPC);
		size_ += static_cast<uint64_t>(wrote);

		// A short write is no error yet; the next one says why it was short.
		size_t done = 0;
		for (; done < used && static_cast<size_t>(wrote) >= vector[done].iov_len; done++)
			wrote -= static_cast<ssize_t>(vector[done].iov_len);
		if (done < used) {
			vector[done].iov_base = static_cast<char *>(vector[done].iov_base) + wrote;
			vector[done].iov_len -= static_cast<size_t>(wrote);
		}
		std::copy(vector.begin() + done, vector.begin() + used, vector.begin());
		used -= done;
	}
	return {};
}

reader::result<void> output::patch(uint64_t offset, std::span<const std::byte> piece)
{
	while (!piece.empty()) {
		const ssize_t wrote =
			::pwrite(fd_.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return reader::system_error("cannot write");
		offset += static_cast<uint64_t>(wrote);
		piece = piece.subspan(static_cast<size_t>(wrote));
	}
	return {};
}

void output::cut_tail() noexcept
{
	[[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(size_));
}

void output::mark()
{
	if (marks_.empty() || size_ - marks_.back() >= mark_distance)
		marks_.push_back(size_);
}

reader::result<uint64_t> output::trim(uint64_t limit)
{
	limit = std::min(limit, size_);
	const auto above = std::upper_bound(marks_.begin(), marks_.end(), limit);
	uint64_t end = above == marks_.begin() ? limit : *std::prev(above);
	while (end < limit) {
		perf_event_header header;
		const ssize_t got =
			::pread(fd_.get(), &header, sizeof(header), static_cast<off_t>(end));
		if (got != sizeof(header) || !plausible_record(header, limit - end))
			break;
		end += header.size;
	}
	if (::ftruncate(fd_.get(), static_cast<off_t>(end)) < 0 ||
	    ::lseek(fd_.get(), static_cast<off_t>(end), SEEK_SET) < 0)
		return reader::system_error("cannot shorten the file");
	size_ = end;
	marks_.erase(std::upper_bound(marks_.begin(), marks_.end(), end), marks_.end());
	return end;
}

} // namespace perfbuf::perfdata
