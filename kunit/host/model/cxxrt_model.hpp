/* SPDX-License-Identifier: GPL-2.0 */
/* The function that <cxxrt/memory_model.hpp> calls before each access where CXXRT_MODEL is set. */
#pragma once

#include <cxxrt/model_access.hpp>

#include <cstddef>

namespace cxxrt::model
{

/* The @bytes at @where are about to be read or written; for a barrier there are none. */
void before(access kind, const volatile void *where, std::size_t bytes) noexcept;

} // namespace cxxrt::model
