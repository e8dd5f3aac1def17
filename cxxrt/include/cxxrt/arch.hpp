/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The architecture behind cxxrt/memory_model.hpp: cxxrt::arch has the functions of
 * arch/generic.hpp, those of the architecture at hand in place of the builtins.
 */
#pragma once

#if !defined(CXXRT_AS_IN_KERNEL)
#include <cxxrt/arch/generic.hpp>
#define CXXRT_ARCH generic
#elif defined(__x86_64__)
#include <cxxrt/arch/x86.hpp>
#define CXXRT_ARCH x86
#elif defined(__aarch64__)
#include <cxxrt/arch/arm64.hpp>
#define CXXRT_ARCH arm64
#else
#error "cxxrt does not know the memory model of this architecture: add it to cxxrt/arch"
#endif

namespace cxxrt::arch
{
using namespace CXXRT_ARCH;
} // namespace cxxrt::arch

#undef CXXRT_ARCH
