// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The memory of a machine that has crashed: an ELF core (QEMU's dump-guest-memory, /proc/vmcore) or
 * raw memory from address 0 on. Recorders are found in it by their pages, without symbols and
 * without the kernel's own structures.
 */
#pragma once

#include <perfbuf/unique_fd.hpp>

#include "recorder/snapshot.hpp"

namespace perfbuf::recorder
{

class memory
{
public:
	/** Errors: of open(2); ENOTSUP: a kind of dump that is not read; EBADMSG: a damaged one. */
	static reader::result<memory> open(const std::string &path);

	/** @return false if not all of it is there */
	bool read(uint64_t physical, void *to, uint64_t bytes) const;

	/** A run of physical memory. */
	struct segment {
		uint64_t physical;
		uint64_t bytes;
		uint64_t offset; /**< in the file */
	};
	uint64_t bytes() const noexcept;
	const std::vector<segment> &segments() const noexcept { return segments_; }

private:
	explicit memory(reader::unique_fd fd) : fd_(std::move(fd)) {}
	reader::result<void> find_segments(const std::string &path);

	reader::unique_fd fd_;
	std::vector<segment> segments_;
};

struct found_recorders {
	std::vector<contents> recorders;
	/** Pages that begin as a recorder's, and why they are none or cannot be read. */
	std::vector<std::string> refused;
};

found_recorders find_recorders(const memory &in);

} // namespace perfbuf::recorder
