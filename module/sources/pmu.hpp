/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pmu source: whatever perf_event_attr can name, counted by the kernel, its
 * overflows written by us. See docs/pmu.md.
 */
#pragma once

#include "device/source.hpp"

namespace perfbuf
{

class pmu_source final : public source
{
public:
	const char *name() const noexcept override { return "pmu"; }
	const char *description() const noexcept override;
	bool sends_traps() const noexcept override;
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
};

extern pmu_source the_pmu;

} // namespace perfbuf
