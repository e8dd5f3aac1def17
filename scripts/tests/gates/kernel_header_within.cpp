// SPDX-License-Identifier: GPL-2.0
// refused: C++ includes the kernel-internal header linux/mutex.h
// The header is included by another one.
#include "kernel_header_within.hpp"
