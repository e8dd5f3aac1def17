// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes the file of a function trace.
#include "tracefile/writer.hpp"

#include <algorithm>
#include <array>
#include <sys/uio.h>
#include <unistd.h>

#include "tracefile/crc32.hpp"

namespace perfbuf::tracefile
{

namespace
{

// Any two chunks but the smallest are longer than the end's.
constexpr size_t ends_kept = 16;

template <typename T>
std::span<const std::byte> view(const T &of)
{
	return std::as_bytes(std::span(&of, 1));
}

} // namespace

reader::result<void> writer::put(std::span<const std::span<const std::byte>> pieces)
{
	std::array<iovec, 3> vector{};
	size_t total = 0;
	for (size_t at = 0; at < pieces.size(); at++) {
		vector[at] = {const_cast<std::byte *>(pieces[at].data()), pieces[at].size()};
		total += pieces[at].size();
	}
	for (size_t first = 0; first < pieces.size();) {
		if (!vector[first].iov_len) {
			first++;
			continue;
		}
		const ssize_t wrote = ::writev(fd_.get(), &vector[first],
					       static_cast<int>(pieces.size() - first));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			failed_ = true;
			return reader::system_error("cannot write", wrote ? errno : ENOSPC);
		}
		// A short write is no error yet; the next one says why it was short.
		for (size_t left = static_cast<size_t>(wrote); left;) {
			const size_t taken = std::min(left, vector[first].iov_len);
			vector[first].iov_base =
				static_cast<char *>(vector[first].iov_base) + taken;
			vector[first].iov_len -= taken;
			left -= taken;
			if (!vector[first].iov_len)
				first++;
		}
	}
	size_ += total;
	if (ends_.size() == ends_kept)
		ends_.erase(ends_.begin());
	ends_.push_back(size_);
	return {};
}

reader::result<void> writer::chunk(chunk_header header, std::span<const std::byte> payload)
{
	static constexpr std::array<std::byte, chunk_unit> zeros{};
	const size_t padding = padded(payload.size()) - payload.size();
	if (failed_) {
		given_up_ += sizeof(header) + payload.size() + padding;
		return reader::error{std::make_error_code(std::errc::io_error),
				     "writing failed before"};
	}
	header.number = number_;
	header.size = static_cast<uint32_t>(payload.size());
	header.check = crc32(payload);
	header.header_check = header_check_of(header);
	const std::array pieces{view(header), payload, std::span(zeros).first(padding)};
	auto done = put(pieces);
	if (done)
		number_++;
	else
		given_up_ += sizeof(header) + payload.size() + padding;
	return done;
}

reader::result<void> writer::text(chunk_type type, const facts &lines)
{
	std::string all;
	for (const auto &[name, value] : lines) {
		std::string line = name + " " + value;
		std::replace(line.begin(), line.end(), '\n', ' ');
		if (all.size() + line.size() < most_payload)
			all += line + "\n";
	}
	chunk_header header;
	header.type = static_cast<uint16_t>(type);
	return chunk(header, std::as_bytes(std::span(all)));
}

reader::result<void> writer::begin(const facts &about)
{
	const file_header header;
	const std::array pieces{view(header)};
	if (auto done = put(pieces); !done)
		return done;
	return text(chunk_type::about, about);
}

reader::result<void> writer::symbols(const symbol_table &names)
{
	chunk_header header;
	header.type = static_cast<uint16_t>(chunk_type::symbols);
	for (const auto &payload : names.payloads(most_payload))
		if (auto done = chunk(header, std::as_bytes(std::span(payload))); !done)
			return done;
	return {};
}

reader::result<void> writer::bytes(uint32_t stream, uint32_t cpu, uint64_t position,
				   std::span<const std::byte> piece, bool was_full)
{
	chunk_header header;
	header.type = static_cast<uint16_t>(chunk_type::bytes);
	header.stream = stream;
	header.cpu = cpu;
	header.position = position;
	// A chunk says that the area was full even where nothing could be written.
	for (bool reported = !was_full; !piece.empty() || !reported; reported = true) {
		const auto now = piece.first(std::min<size_t>(piece.size(), most_payload));
		piece = piece.subspan(now.size());
		header.flags = piece.empty() && was_full ? chunk_was_full : 0;
		if (auto done = chunk(header, now); !done)
			return done;
		header.position += now.size();
	}
	return {};
}

bool writer::cut_to(uint64_t size) noexcept
{
	return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 &&
	       ::lseek(fd_.get(), static_cast<off_t>(size), SEEK_SET) >= 0;
}

reader::result<uint64_t> writer::finish(const facts &end)
{
	if (failed_ && !cut_to(size_))
		return reader::system_error("cannot shorten the file");
	failed_ = false;
	// On a full disk space for the end is made from what was written last, but for the header
	// and what was recorded.
	for (auto done = text(chunk_type::end, end); !done; done = text(chunk_type::end, end)) {
		if (ends_.size() < 4)
			return done.error();
		given_up_ += ends_.back() - ends_[ends_.size() - 2];
		ends_.pop_back();
		number_--;
		size_ = ends_.back();
		if (!cut_to(size_))
			return reader::system_error("cannot shorten the file");
		failed_ = false;
	}
	return given_up_;
}

} // namespace perfbuf::tracefile
