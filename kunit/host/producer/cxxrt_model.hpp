/* SPDX-License-Identifier: GPL-2.0 */
/* The function that <cxxrt/memory_model.hpp> calls before each access: a test may interrupt there.
 */
#pragma once

#include <cxxrt/model_access.hpp>

#include <cstddef>

namespace cxxrt::model
{

inline void (*on_access)();

inline void before(access, const volatile void *, std::size_t bytes) noexcept
{
	/* A barrier is no place of its own. */
	if (on_access && bytes) [[unlikely]]
		on_access();
}

} // namespace cxxrt::model
