/* SPDX-License-Identifier: GPL-2.0 */
/* The function that <cxxrt/memory_model.hpp> calls before each access: the shared words that an
 * operation touches are its cost, whatever the machine. */
#pragma once

#include <cxxrt/model_access.hpp>

#include <cstddef>

namespace cxxrt::model
{

inline unsigned long touched;

inline void before(access, const volatile void *, std::size_t bytes) noexcept
{
	touched += bytes != 0;
}

} // namespace cxxrt::model
