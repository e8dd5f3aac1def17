/* SPDX-License-Identifier: GPL-2.0 */
/* struct perf_event_attr as user space hands it in. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

struct aux_abilities;

/* perf's default of kernel.perf_event_max_stack, and our limit of attr.sample_max_stack. */
inline constexpr u32 max_stack_frames = 127;

/*
 * Copies the attr at @user_address, of the size that it says itself. EFAULT; E2BIG, with the known
 * size written back to attr.size. Process context, may sleep.
 */
cxxrt::result<void> copy_attr(perf_event_attr &attr, u64 user_address) noexcept;

/* PERFBUF_AUX_*: what newer headers call aux_action and older ones reserve. Any context. */
u32 aux_action(const perf_event_attr &attr) noexcept;

/* attr.config3, which the headers have from 6.3 on: 0 before, and not kept. Any context. */
u64 config3(const perf_event_attr &attr) noexcept;
void set_config3(perf_event_attr &attr, u64 value) noexcept;

/* Whether attr has to do with the AUX area of another event. */
bool needs_link(const perf_event_attr &attr) noexcept;

/* Values that no perf_event has: EINVAL. Any context. */
cxxrt::result<void> check_ranges(const perf_event_attr &attr) noexcept;

/* PERF_COUNT_SW_DUMMY, which counts nothing: readers open it for the side-band records alone. Every
 * source has it. Any context. */
bool is_dummy(const perf_event_attr &attr) noexcept;

/*
 * What this module does: EOVERFLOW, EINVAL (depth of stacks, clock, records that an older kernel
 * does not have either), then EOPNOTSUPP for what else perf_event has and we have not, EPERM under
 * lockdown. Fills in defaults. perf looks at these
 * after the task, the CPU and the type. @aux: what the source can do, @linked: what that of the
 * linked event can, or nullptr. Process context.
 */
cxxrt::result<void> check_support(perf_event_attr &attr, const aux_abilities *aux,
				  const aux_abilities *linked) noexcept;

} // namespace perfbuf
