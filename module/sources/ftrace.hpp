/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ftrace source: every event that is enabled in tracefs, with its own id. See
 * docs/ftrace.md.
 */
#pragma once

#include "device/source.hpp"

namespace perfbuf
{

class ftrace_source final : public source
{
public:
	const char *name() const noexcept override { return "ftrace"; }
	const char *description() const noexcept override;
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
};

extern ftrace_source the_ftrace;

} // namespace perfbuf
