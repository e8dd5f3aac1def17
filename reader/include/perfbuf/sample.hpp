// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file PERF_RECORD_SAMPLE, and the identity that attr.sample_id_all appends to every other
 * record. */
#pragma once

#include <cstdint>
#include <linux/perf_event.h>
#include <span>

namespace perfbuf::reader
{

/** Registers as they were: values stand in the order of the bits in attr.sample_regs_*. */
struct sampled_registers {
	uint64_t abi = PERF_SAMPLE_REGS_ABI_NONE; /**< with NONE (a kernel thread), no values */
	std::span<const uint64_t> values;
};

/** The top of the user's stack. */
struct sampled_stack {
	std::span<const std::byte>
		bytes;	    /**< as many as were asked for, upward from the stack pointer */
	uint64_t valid = 0; /**< of these, how many could be read (dyn_size) */
};

/**
 * The words of PERF_SAMPLE_READ, which attr.read_format chooses: the counts of the event, or with
 * PERF_FORMAT_GROUP of each event of its group, the leader first.
 */
class sampled_counts
{
public:
	struct count {
		uint64_t value;
		uint64_t id;   /**< 0 without PERF_FORMAT_ID */
		uint64_t lost; /**< 0 without PERF_FORMAT_LOST */
	};

	sampled_counts() = default;
	/** @param words as many as the format says, which decode_sample() has checked */
	sampled_counts(std::span<const uint64_t> words, uint64_t format) noexcept
		: words_(words), format_(format)
	{
	}

	size_t size() const noexcept
	{
		if (words_.empty())
			return 0;
		return has(PERF_FORMAT_GROUP) ? static_cast<size_t>(words_[0]) : 1;
	}

	count operator[](size_t at) const noexcept
	{
		const size_t behind = has(PERF_FORMAT_GROUP) ? 0 : times();
		size_t word = has(PERF_FORMAT_GROUP) ? 1 + times() + at * of_event() : 0;
		count made{words_[word], 0, 0};
		word += behind;
		if (has(PERF_FORMAT_ID))
			made.id = words_[++word];
		if (has(PERF_FORMAT_LOST))
			made.lost = words_[++word];
		return made;
	}

	/** ns; 0 without PERF_FORMAT_TOTAL_TIME_ENABLED */
	uint64_t time_enabled() const noexcept
	{
		return words_.empty() || !has(PERF_FORMAT_TOTAL_TIME_ENABLED) ? 0 : words_[1];
	}
	/** ns; 0 without PERF_FORMAT_TOTAL_TIME_RUNNING */
	uint64_t time_running() const noexcept
	{
		return words_.empty() || !has(PERF_FORMAT_TOTAL_TIME_RUNNING) ? 0 : words_[times()];
	}

	/** As they stand in the record. */
	std::span<const uint64_t> words() const noexcept { return words_; }

private:
	bool has(uint64_t bit) const noexcept { return (format_ & bit) != 0; }
	size_t times() const noexcept
	{
		return size_t{has(PERF_FORMAT_TOTAL_TIME_ENABLED)} +
		       size_t{has(PERF_FORMAT_TOTAL_TIME_RUNNING)};
	}
	size_t of_event() const noexcept
	{
		return 1 + size_t{has(PERF_FORMAT_ID)} + size_t{has(PERF_FORMAT_LOST)};
	}

	std::span<const uint64_t> words_;
	uint64_t format_ = 0;
};

/** A sample. Fields that attr.sample_type does not ask for are zero or empty; spans point into the
 * record. */
struct sample {
	uint64_t ip = 0;
	uint32_t pid = 0;
	uint32_t tid = 0;
	uint64_t time = 0; /**< ns of the clock of attr.clockid, or of perf's own */
	uint64_t addr = 0;
	uint64_t id = 0; /**< of PERF_SAMPLE_IDENTIFIER or PERF_SAMPLE_ID */
	uint64_t stream_id = 0;
	uint32_t cpu = 0;
	uint64_t period = 0;
	sampled_counts read;
	std::span<const uint64_t>
		callchain;		/**< innermost first, with PERF_CONTEXT_* markers between */
	std::span<const std::byte> raw; /**< padding counted, as the kernel counts it */
	std::span<const std::byte> branches; /**< struct perf_branch_entry */
	sampled_registers user_registers;
	sampled_stack user_stack;
	uint64_t weight = 0; /**< or union perf_sample_weight with PERF_SAMPLE_WEIGHT_STRUCT */
	uint64_t data_source = 0;
	uint64_t transaction = 0;
	sampled_registers interrupt_registers;
	uint64_t physical_address = 0;
	uint64_t cgroup = 0;
	uint64_t data_page_size = 0; /**< bytes */
	uint64_t code_page_size = 0; /**< bytes */
	std::span<const std::byte> aux;
};

/** The task, CPU, time and ids of a record that is not a sample. */
struct sample_identity {
	uint32_t pid = 0;
	uint32_t tid = 0;
	uint64_t time = 0; /**< ns */
	uint64_t id = 0;
	uint64_t stream_id = 0;
	uint32_t cpu = 0;
};

} // namespace perfbuf::reader
