// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The number of allocations of a test program so far. */
#pragma once

#include <cstdint>

namespace perfbuf::tests
{

/** @return calls of operator new in this program so far */
uint64_t allocations();

} // namespace perfbuf::tests
