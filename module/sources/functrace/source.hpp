/* SPDX-License-Identifier: GPL-2.0 */
/* The functrace source: writes the functions that a CPU or a task enters into the AUX area.
 * docs/functrace.md. For the comments of its functions: device/source.hpp, device/aux.hpp. */
#pragma once

#include "device/aux.hpp"
#include "device/source.hpp"

namespace perfbuf
{

class functrace_source final : public source, private aux_source
{
public:
	const char *name() const noexcept override { return "functrace"; }
	const char *description() const noexcept override;
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
	aux_source *aux() noexcept override { return this; }

private:
	const aux_abilities *abilities(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &memory) noexcept override;
	void free_aux(void *private_data) noexcept override;
};

extern functrace_source the_functrace;

} // namespace perfbuf
