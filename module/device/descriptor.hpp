/* SPDX-License-Identifier: GPL-2.0 */
/* The file behind a descriptor of the caller, held. */
#pragma once

#include "glue/glue.h"

#include <cxxrt/std.hpp>

namespace perfbuf
{

class file;

/* Process context; may sleep. */
class descriptor
{
public:
	descriptor() noexcept = default;
	explicit descriptor(int fd) noexcept : filp_(pb_fd_get(fd)) {}
	descriptor &operator=(descriptor &&other) noexcept
	{
		std::swap(filp_, other.filp_);
		return *this;
	}
	~descriptor() { put(); }

	/* False: the caller has no such file, or one of O_PATH. */
	bool is_open() const noexcept { return filp_; }
	/* nullptr: it is none of ours, or not open for reading. */
	file *readable() const noexcept
	{
		if (!filp_ || !pb_file_is_readable(filp_))
			return nullptr;
		return static_cast<file *>(pb_file_object(filp_));
	}
	void put() noexcept
	{
		if (filp_)
			pb_fd_put(filp_);
		filp_ = nullptr;
	}

private:
	void *filp_ = nullptr;
};

} // namespace perfbuf
