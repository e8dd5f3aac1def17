// SPDX-License-Identifier: GPL-2.0
// refused: C++ includes the kernel-internal header linux/mutex.h
#include "kernel_header_within.hpp"
