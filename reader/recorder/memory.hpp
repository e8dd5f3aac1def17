// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The memory of a machine that has crashed: an ELF core (QEMU's dump-guest-memory, /proc/vmcore), a
 * compressed dump of makedumpfile or QEMU, or raw memory from address 0 on. Recorders are found in
 * it by their pages, without symbols and without the kernel's own structures.
 */
#pragma once

#include <memory>

#include "recorder/snapshot.hpp"

namespace perfbuf::recorder
{

class memory
{
public:
	/** A range of physical memory. */
	struct segment {
		uint64_t physical;
		uint64_t bytes;
	};
	/** The memory that the bytes are read from. */
	class backing
	{
	public:
		virtual ~backing() = default;
		/** @return false if not all of it is there */
		virtual bool read(uint64_t physical, void *to, uint64_t bytes) const = 0;
	};

	memory(std::unique_ptr<backing> from, std::vector<segment> segments)
		: from_(std::move(from)), segments_(std::move(segments))
	{
	}
	/** Errors: of open(2); ENOTSUP: a kind of dump that is not read; EBADMSG: a damaged one. */
	static reader::result<memory> open(const std::string &path);
	/** The bytes of `image` stand at `physical`. */
	static memory of_image(std::vector<std::byte> image, uint64_t physical);

	/** @return false if not all of it is there */
	bool read(uint64_t physical, void *to, uint64_t bytes) const
	{
		return from_->read(physical, to, bytes);
	}
	uint64_t bytes() const noexcept;
	const std::vector<segment> &segments() const noexcept { return segments_; }

private:
	std::unique_ptr<backing> from_;
	std::vector<segment> segments_;
};

struct found_recorders {
	std::vector<contents> recorders;
	/** Pages that begin as a recorder's, and why they are none or cannot be read. */
	std::vector<std::string> refused;
};

found_recorders find_recorders(const memory &in);

} // namespace perfbuf::recorder
