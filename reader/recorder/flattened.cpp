// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Rearranges makedumpfile's flattened format into a file without a name.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "recorder/compressed.hpp"

namespace perfbuf::recorder
{

namespace
{

// makedumpfile -F, and QEMU's dump-guest-memory -z: a header, then pieces, all numbers big-endian.
constexpr char signature[16] = "makedumpfile";
constexpr uint64_t header_bytes = 4096;
constexpr uint64_t copied_at_once = uint64_t{1} << 20;
// The pieces leave few holes: a position far beyond what the file can fill would only make the
// reader search through nothing.
constexpr uint64_t most_holes = uint64_t{64} << 20;
constexpr uint64_t most_times = 16;

struct piece_header {
	uint64_t offset;
	uint64_t bytes;
};

bool write_at(int fd, uint64_t offset, const char *from, uint64_t bytes)
{
	while (bytes) {
		const ssize_t now = ::pwrite(fd, from, bytes, static_cast<off_t>(offset));
		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			return false;
		from += now;
		offset += static_cast<uint64_t>(now);
		bytes -= static_cast<uint64_t>(now);
	}
	return true;
}

// A file without a name, where the largest files may be.
reader::unique_fd make_file()
{
	const char *directory = std::getenv("TMPDIR");
	std::string path = std::string(directory && *directory ? directory : "/var/tmp") +
			   "/perfbuf-recover-XXXXXX";
	reader::unique_fd fd(::mkostemp(path.data(), O_CLOEXEC));
	if (fd.get() >= 0)
		::unlink(path.c_str());
	return fd;
}

} // namespace

bool read_at(int fd, uint64_t offset, void *to, uint64_t bytes)
{
	auto *out = static_cast<char *>(to);
	while (bytes) {
		const ssize_t now = ::pread(fd, out, bytes, static_cast<off_t>(offset));
		if (now < 0 && errno == EINTR)
			continue;
		if (now == 0)
			errno = 0;
		if (now <= 0)
			return false;
		out += now;
		offset += static_cast<uint64_t>(now);
		bytes -= static_cast<uint64_t>(now);
	}
	return true;
}

bool is_flattened(int fd)
{
	char found[sizeof(signature)];
	return read_at(fd, 0, found, sizeof(found)) &&
	       std::memcmp(found, signature, sizeof(found)) == 0;
}

reader::result<reader::unique_fd> rearrange(int fd, const std::string &path)
{
	reader::unique_fd made = make_file();
	if (made.get() < 0)
		return reader::system_error("a temporary file for " + path);
	struct stat about;
	if (::fstat(fd, &about))
		return reader::system_error(path);
	const uint64_t most_bytes = static_cast<uint64_t>(about.st_size) * most_times + most_holes;
	std::vector<char> buffer(copied_at_once);
	for (uint64_t at = header_bytes;;) {
		piece_header piece;
		if (!read_at(fd, at, &piece, sizeof(piece)))
			break; // a dump that was cut: what is there counts
		at += sizeof(piece);
		const uint64_t offset = be64toh(piece.offset);
		uint64_t left = be64toh(piece.bytes);
		if (offset == UINT64_MAX)
			break;
		if (offset > most_bytes || left > most_bytes - offset)
			return damaged(path + " has a piece that belongs nowhere");
		for (uint64_t done = 0; left;) {
			const uint64_t now = std::min(left, copied_at_once);
			if (!read_at(fd, at, buffer.data(), now))
				return made;
			if (!write_at(made.get(), offset + done, buffer.data(), now))
				return reader::system_error("a temporary file for " + path +
							    " (see TMPDIR)");
			at += now;
			done += now;
			left -= now;
		}
	}
	return made;
}

} // namespace perfbuf::recorder
