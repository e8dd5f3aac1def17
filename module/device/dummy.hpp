/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PERF_COUNT_SW_DUMMY: an event that never happens. Its file carries side-band records alone.
 * perf opens one beside its other events, whatever their source.
 */
#pragma once

#include "device/source.hpp"

namespace perfbuf
{

/* The stream of such an event. ENOMEM, EOPNOTSUPP (a side-band record). Process, may sleep. */
cxxrt::result<cxxrt::unique_ptr<stream>> open_dummy(event &owner) noexcept;

} // namespace perfbuf
