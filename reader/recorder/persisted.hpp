// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The memory of perfbuf.persist=, as the boot before left it. */
#pragma once

#include "recorder/memory.hpp"

namespace perfbuf::recorder
{

/**
 * The recorders in `image`, which stood at `address`: a struct perfbuf_persist_header and what
 * follows. Errors: EBADMSG, with what does not fit; then nothing of it is believed.
 */
reader::result<found_recorders> parse_persisted(std::vector<std::byte> image, uint64_t address);

} // namespace perfbuf::recorder
