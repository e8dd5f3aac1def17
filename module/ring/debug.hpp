/* SPDX-License-Identifier: GPL-2.0 */
/* PERFBUF_DEBUG: reservations check that they were filled and committed. In test builds and on
 * kernels that check locks. */
#pragma once

#if defined(PERFBUF_KUNIT) || defined(CONFIG_PROVE_LOCKING)
#ifndef PERFBUF_DEBUG
#define PERFBUF_DEBUG
#endif
#endif
