// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file /dev/perfbuf_recorders, opened and read. */
#pragma once

#include <cstddef>
#include <perfbuf/unique_fd.hpp>
#include <span>

namespace perfbuf::program
{

inline constexpr const char *recorder_node = "/dev/perfbuf_recorders";

/** Throws `failure` with what to do. */
reader::unique_fd open_recorder_node();

/** Memory that is there before the kernel copies into it: a fault would give writers time. */
class present_memory
{
public:
	explicit present_memory(std::size_t bytes);
	~present_memory();
	present_memory(const present_memory &) = delete;
	present_memory &operator=(const present_memory &) = delete;
	std::span<std::byte> all() const { return {static_cast<std::byte *>(at_), bytes_}; }

private:
	void *at_;
	std::size_t bytes_;
};

} // namespace perfbuf::program
