/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pmu source: any event that perf_event_attr can name. The kernel's perf counts
 * it; perfbuf writes a sample for each overflow. See docs/pmu.md.
 */
#pragma once

#include "device/source.hpp"

namespace perfbuf
{

class pmu_source final : public source
{
public:
	/* For the comments of these functions: device/source.hpp. */
	const char *name() const noexcept override { return "pmu"; }
	const char *description() const noexcept override;
	bool sends_traps() const noexcept override;
	/* The kernel's counter of a CPU counts all tasks there. */
	bool follows_cgroups() const noexcept override { return false; }
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
};

extern pmu_source the_pmu;

} // namespace perfbuf
