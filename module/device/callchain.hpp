/* SPDX-License-Identifier: GPL-2.0 */
/* Where a callchain is gathered before its record's size is known. */
#pragma once

#include "device/attr.hpp"
#include "ring/recursion.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

/*
 * For each CPU and each of its four nesting levels one array. There while an event with callchains
 * is open: get() by the first, put() by the last, which is a grace period after its last writer.
 */
class callchain_scratch
{
public:
	/* ENOMEM. Process context, may sleep. */
	static cxxrt::result<void> get() noexcept;
	static void put() noexcept;

	/* The frames of this CPU and context, for a scope. Preemption off; between get and put. */
	class [[nodiscard]] user
	{
	public:
		explicit user(u32 cpu) noexcept;
		~user();
		user(const user &) = delete;
		user &operator=(const user &) = delete;

		/* False: they are in use, further down on this very stack. */
		explicit operator bool() const noexcept { return frames_; }
		u64 *frames() const noexcept { return frames_; }

	private:
		callchain_scratch &cpu_;
		const nesting level_;
		u64 *frames_ = nullptr;
	};

private:
	/* And the two marks, PERF_CONTEXT_KERNEL and _USER. */
	static constexpr u32 words = max_stack_frames + 2;

	recursion_contexts busy_;
	u64 frames_[nesting_levels][words];
};

} // namespace perfbuf
