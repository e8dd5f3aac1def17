/* SPDX-License-Identifier: GPL-2.0 */
/* The clock source: samples what CPUs or tasks do, by the time that passes. docs/clock.md. */
#pragma once

#include "device/source.hpp"

namespace perfbuf
{

class clock_source final : public source
{
public:
	const char *name() const noexcept override { return "clock"; }
	const char *description() const noexcept override;
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
};

extern clock_source the_clock;

} // namespace perfbuf
