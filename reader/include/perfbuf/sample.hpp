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
	std::span<const uint64_t> read; /**< read_format's words, undecoded */
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

/** Who and when, of a record that is not a sample. */
struct sample_identity {
	uint32_t pid = 0;
	uint32_t tid = 0;
	uint64_t time = 0; /**< ns */
	uint64_t id = 0;
	uint64_t stream_id = 0;
	uint32_t cpu = 0;
};

} // namespace perfbuf::reader
