/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU arrays that hold the words of a sample whose number is not fixed, until the size of its
 * record is known: the callchain, and the counts of PERF_SAMPLE_READ. */
#pragma once

#include "device/attr.hpp"
#include "device/group.hpp"
#include "device/task.h"
#include "ring/recursion.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

/* The memory of a scratch. It exists while an event that uses it is open: the first event allocates
 * it in get(), the last frees it in put(), a grace period after its last writer. */
class scratch_memory
{
public:
	/* ENOMEM. Process context, may sleep. */
	cxxrt::result<void> get() noexcept;
	void put() noexcept;

protected:
	/* @bytes: of one CPU. */
	constexpr explicit scratch_memory(u32 bytes) noexcept : bytes_(bytes) {}

	void *of_cpu(u32 cpu) const noexcept { return cpus_[cpu]; }

private:
	/* Adds a user if there is memory, or if @made is some; takes over @made in the second case.
	 */
	bool join(void **&made) noexcept;
	/* nullptr: no memory. */
	void **make_all() const noexcept;

	const u32 bytes_;
	u32 users_ = 0;		/* under the setup lock */
	void **cpus_ = nullptr; /* by CPU; fixed while there are users */
};

/* An array of @size words for each CPU and each of its four nesting levels. */
template <u32 size>
class scratch final : public scratch_memory
{
	/* Zero: no context is inside. */
	struct cpu_arrays {
		recursion_contexts busy;
		u64 words[nesting_levels][size];
	};

public:
	constexpr scratch() noexcept : scratch_memory(sizeof(cpu_arrays)) {}

	/* Claims the array of this CPU and context until the end of the scope. Preemption off;
	 * between get() and put(). */
	class [[nodiscard]] user
	{
	public:
		user(const scratch &from, u32 cpu) noexcept
			: cpu_(*static_cast<cpu_arrays *>(from.of_cpu(cpu))),
			  level_(static_cast<nesting>(pb_nesting_level()))
		{
			if (cpu_.busy.try_enter(level_))
				words_ = cpu_.words[static_cast<u32>(level_)];
		}
		~user()
		{
			if (words_)
				cpu_.busy.exit(level_);
		}
		user(const user &) = delete;
		user &operator=(const user &) = delete;

		/* False: a writer that this one interrupted uses the array. */
		explicit operator bool() const noexcept { return words_; }
		u64 *words() const noexcept { return words_; }

	private:
		cpu_arrays &cpu_;
		const nesting level_;
		u64 *words_ = nullptr;
	};
};

/* The number of frames, the marks PERF_CONTEXT_KERNEL and PERF_CONTEXT_USER, and the frames. */
inline constexpr u32 callchain_words = 1 + 2 + max_stack_frames;

extern scratch<callchain_words> callchain_scratch;
/* Of a sample with PERF_SAMPLE_READ: the counts, and behind them the callchain. */
extern scratch<event_group::read_words_max + callchain_words> counts_scratch;

} // namespace perfbuf
