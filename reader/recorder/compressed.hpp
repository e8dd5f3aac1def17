// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Dumps in makedumpfile's compressed format, which QEMU writes, too. */
#pragma once

#include <perfbuf/unique_fd.hpp>
#include <string_view>

#include "recorder/memory.hpp"

namespace perfbuf::recorder
{

inline constexpr std::string_view kdump_signature = "KDUMP   ";

/** @return false with errno, 0 at the end of the file */
bool read_at(int fd, uint64_t offset, void *to, uint64_t bytes);

/** The flattened format: pieces of a file, in the order in which they were written. */
bool is_flattened(int fd);
/** The file of which `fd` has the pieces, without a name. Errors: EBADMSG; of writing it. */
reader::result<reader::unique_fd> rearrange(int fd, const std::string &path);

/** By libkdumpfile. Errors: ENOTSUP: this perfbuf was built without it; EBADMSG: what it says. */
reader::result<memory> open_compressed(reader::unique_fd fd, const std::string &path);

} // namespace perfbuf::recorder
