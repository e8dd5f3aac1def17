/* SPDX-License-Identifier: GPL-2.0 */
/* The parameter persist: "1M@0x8000000", or the name of a reserve_mem. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

struct persist_wish {
	const char *name = nullptr; /* then the kernel knows the rest */
	u64 physical = 0;
	u64 bytes = 0;
};

/* More is no memory for recorders; what the boot before left is copied whole. */
inline constexpr u64 persist_bytes_max = u64{1} << 30;

/* EINVAL, and *@why is a sentence that says what to give. @text outlives the wish. */
cxxrt::result<void> parse_persist(const char *text, persist_wish &out, const char **why) noexcept;
/* Whether recorders can be in it: EINVAL, E2BIG. */
cxxrt::result<void> check_persist(const persist_wish &wish, const char **why) noexcept;

} // namespace perfbuf
