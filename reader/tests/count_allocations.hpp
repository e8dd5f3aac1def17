// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#pragma once

#include <cstdint>

namespace perfbuf::tests
{

/** @return calls of operator new in this program so far */
uint64_t allocations();

} // namespace perfbuf::tests
