/* SPDX-License-Identifier: GPL-2.0 */
/* PERF_COUNT_SW_DUMMY: an event without samples. Its file gets side-band records only. perf opens
 * one beside its other events, for any source. */
#pragma once

#include "device/source.hpp"

namespace perfbuf
{

/* Makes the stream of such an event. ENOMEM, EOPNOTSUPP (a side-band record). Process context, may
 * sleep. */
cxxrt::result<cxxrt::unique_ptr<stream>> open_dummy(event &owner) noexcept;

} // namespace perfbuf
