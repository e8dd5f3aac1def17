/* SPDX-License-Identifier: GPL-2.0 */
/* Copies struct perf_event_attr from user space and checks it. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

struct aux_abilities;

/* The limit of attr.sample_max_stack: perf's default of kernel.perf_event_max_stack. */
inline constexpr u32 max_stack_frames = 127;

/* Copies the attribute at @user_address; its first field says its size. EFAULT; E2BIG, after it has
 * written the size that the module knows to attr.size. Process context, may sleep. */
cxxrt::result<void> copy_attr(perf_event_attr &attr, u64 user_address) noexcept;

/* The PERFBUF_AUX_* bits, which newer headers call attr.aux_action and older headers reserve. Any
 * context. */
u32 aux_action(const perf_event_attr &attr) noexcept;

/* attr.config3; 0 with headers before 6.3, which do not have the field. Any context. */
u64 config3(const perf_event_attr &attr) noexcept;
void set_config3(perf_event_attr &attr, u64 value) noexcept;

/* Whether @attr concerns the AUX area of another event: a sample takes its bytes, or pauses or
 * resumes it. */
bool needs_link(const perf_event_attr &attr) noexcept;

/* EINVAL for values that perf_event_open(2) refuses on every kernel. Any context. */
cxxrt::result<void> check_ranges(const perf_event_attr &attr) noexcept;

/* Whether @attr is PERF_COUNT_SW_DUMMY, which counts nothing: readers open it only for its side-
 * band records. Every source has it. Any context. */
bool is_dummy(const perf_event_attr &attr) noexcept;

/*
 * Checks what this module supports, and fills in defaults. perf does so after it has checked the
 * task, the CPU and the type. Errors, in this order: EOVERFLOW, EINVAL (depth of stacks, clock,
 * records that an older kernel does not have either), EOPNOTSUPP for everything that perf_event has
 * and this module has not, EPERM under lockdown. @aux: the abilities of the source; @linked: those
 * of the linked event's source, or nullptr. Process context.
 */
cxxrt::result<void> check_support(perf_event_attr &attr, const aux_abilities *aux,
				  const aux_abilities *linked) noexcept;

} // namespace perfbuf
