/* SPDX-License-Identifier: GPL-2.0 */
/* Of a recorder, what is read of it at a panic: in place of module/recorder/recorder.hpp, which
 * makes it of a source. */
#pragma once

#include "device/text.hpp"
#include "recorder/layout_copy.hpp"
#include "ring/write.hpp"

#include <linux/perfbuf_recorder.h>

#include <vector>

namespace perfbuf
{

struct recorded_event {
	u32 id = 0;
	char name[16] = {};
	layout_copy layout;
};

struct recorder_cpu {
	u32 cpu = 0;
	cxxrt::ref<perf_buffer> ring;
};

class recorder
{
public:
	const char *source() const noexcept { return "testdev"; }
	u32 cpu_count() const noexcept { return static_cast<u32>(cpus.size()); }
	const recorder_cpu &cpu(u32 index) const noexcept { return cpus[index]; }
	const recorded_event *find(u32 id) const noexcept
	{
		return id == event.id ? &event : nullptr;
	}

	cxxrt::shared<recorder *> next;
	std::vector<recorder_cpu> cpus;
	recorded_event event;
};

} // namespace perfbuf
