/* SPDX-License-Identifier: GPL-2.0 */
/* Preemption off, for a scope in process context. */
#pragma once

#include "device/task.h"

namespace perfbuf
{

/* Preemption off, for a scope in process context. */
class [[nodiscard]] preempt_guard
{
public:
	preempt_guard() noexcept { pb_preempt_disable(); }
	~preempt_guard() { pb_preempt_enable(); }
	preempt_guard(const preempt_guard &) = delete;
	preempt_guard &operator=(const preempt_guard &) = delete;
};

} // namespace perfbuf
