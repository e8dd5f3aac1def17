/* SPDX-License-Identifier: GPL-2.0 */
/* The host's allocations for the ring: counted, and failing where a test wants it. */
#pragma once

namespace perfbuf::host
{

/* Whether this allocation is the one that is to fail. */
bool allocation_fails();
/* One more, one less, for pb_test_live_allocations(). */
void note_allocated();
void note_freed();

} // namespace perfbuf::host
