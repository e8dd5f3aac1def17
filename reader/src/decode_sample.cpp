// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Decodes the fields of a PERF_RECORD_SAMPLE, in the order of the ABI.
#include "decode_sample.hpp"

#include <bit>

namespace perfbuf::reader
{

namespace
{

// read_format decides how many words PERF_SAMPLE_READ has; in a group the first says how many
// members follow.
std::span<const uint64_t> decode_read(field_reader &fields, uint64_t format) noexcept
{
	const uint64_t times = (format & PERF_FORMAT_TOTAL_TIME_ENABLED ? 1 : 0) +
			       (format & PERF_FORMAT_TOTAL_TIME_RUNNING ? 1 : 0);
	const uint64_t per_value =
		1 + (format & PERF_FORMAT_ID ? 1 : 0) + (format & PERF_FORMAT_LOST ? 1 : 0);
	if (!(format & PERF_FORMAT_GROUP))
		return fields.words(times + per_value);

	field_reader ahead = fields;
	const uint64_t members = ahead.u64();
	if (members > fields.left() / sizeof(uint64_t))
		return fields.words(UINT64_MAX);
	return fields.words(1 + times + members * per_value);
}

sampled_registers decode_registers(field_reader &fields, uint64_t mask) noexcept
{
	sampled_registers out;
	out.abi = fields.u64();
	if (out.abi != PERF_SAMPLE_REGS_ABI_NONE)
		out.values = fields.words(static_cast<uint64_t>(std::popcount(mask)));
	return out;
}

sampled_stack decode_stack(field_reader &fields) noexcept
{
	sampled_stack out;
	const uint64_t size = fields.u64();
	if (size == 0)
		return out; // and no dyn_size either
	out.bytes = fields.bytes(size);
	out.valid = fields.u64();
	if (out.valid > out.bytes.size())
		fields.bytes(UINT64_MAX);
	return out;
}

std::span<const std::byte> decode_branches(field_reader &fields, uint64_t branch_type) noexcept
{
	const uint64_t count = fields.u64();
	if (branch_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		fields.u64();
	if (count > fields.left() / sizeof(perf_branch_entry))
		return fields.bytes(UINT64_MAX);
	return fields.bytes(count * sizeof(perf_branch_entry));
}

} // namespace

bool decode_sample_fields(field_reader &fields, const perf_event_attr &attr, sample &out) noexcept
{
	const auto has = [&](uint64_t field) { return (attr.sample_type & field) != 0; };

	// The order is the ABI's, not that of the bits.
	if (has(PERF_SAMPLE_IDENTIFIER))
		out.id = fields.u64();
	if (has(PERF_SAMPLE_IP))
		out.ip = fields.u64();
	decode_task_and_time(fields, attr.sample_type, out);
	if (has(PERF_SAMPLE_ADDR))
		out.addr = fields.u64();
	decode_ids_and_cpu(fields, attr.sample_type, out);
	if (has(PERF_SAMPLE_PERIOD))
		out.period = fields.u64();
	if (has(PERF_SAMPLE_READ))
		out.read = {decode_read(fields, attr.read_format), attr.read_format};
	if (has(PERF_SAMPLE_CALLCHAIN))
		out.callchain = fields.words(fields.u64());
	if (has(PERF_SAMPLE_RAW)) {
		// 4 + size is a multiple of 8 by contract; anything else leaves the next field
		// nowhere.
		const uint32_t size = fields.u32();
		if ((sizeof(size) + size) % 8 != 0)
			return false;
		out.raw = fields.bytes(size);
	}
	if (has(PERF_SAMPLE_BRANCH_STACK))
		out.branches = decode_branches(fields, attr.branch_sample_type);
	if (has(PERF_SAMPLE_REGS_USER))
		out.user_registers = decode_registers(fields, attr.sample_regs_user);
	if (has(PERF_SAMPLE_STACK_USER))
		out.user_stack = decode_stack(fields);
	if (has(PERF_SAMPLE_WEIGHT_TYPE))
		out.weight = fields.u64();
	if (has(PERF_SAMPLE_DATA_SRC))
		out.data_source = fields.u64();
	if (has(PERF_SAMPLE_TRANSACTION))
		out.transaction = fields.u64();
	if (has(PERF_SAMPLE_REGS_INTR))
		out.interrupt_registers = decode_registers(fields, attr.sample_regs_intr);
	if (has(PERF_SAMPLE_PHYS_ADDR))
		out.physical_address = fields.u64();
	if (has(PERF_SAMPLE_CGROUP))
		out.cgroup = fields.u64();
	if (has(PERF_SAMPLE_DATA_PAGE_SIZE))
		out.data_page_size = fields.u64();
	if (has(PERF_SAMPLE_CODE_PAGE_SIZE))
		out.code_page_size = fields.u64();
	if (has(PERF_SAMPLE_AUX))
		out.aux = fields.bytes(fields.u64());
	return fields.ok();
}

} // namespace perfbuf::reader
