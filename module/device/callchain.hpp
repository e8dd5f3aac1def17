/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU buffers that hold a callchain until the size of its record is known. */
#pragma once

#include "device/attr.hpp"
#include "ring/recursion.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

/*
 * One array for each CPU and each of its four nesting levels. The arrays exist while an event with
 * callchains is open: the first event allocates them in get(), the last frees them in put(), a
 * grace period after its last writer.
 */
class callchain_scratch
{
public:
	/* ENOMEM. Process context, may sleep. */
	static cxxrt::result<void> get() noexcept;
	static void put() noexcept;

	/* Claims the array of this CPU and context until the end of the scope. Preemption off;
	 * between get() and put(). */
	class [[nodiscard]] user
	{
	public:
		explicit user(u32 cpu) noexcept;
		~user();
		user(const user &) = delete;
		user &operator=(const user &) = delete;

		/* False: a writer that this one interrupted uses the array. */
		explicit operator bool() const noexcept { return frames_; }
		u64 *frames() const noexcept { return frames_; }

	private:
		callchain_scratch &cpu_;
		const nesting level_;
		u64 *frames_ = nullptr;
	};

private:
	/* The frames, and the marks PERF_CONTEXT_KERNEL and PERF_CONTEXT_USER. */
	static constexpr u32 words = max_stack_frames + 2;

	recursion_contexts busy_;
	u64 frames_[nesting_levels][words];
};

} // namespace perfbuf
