// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Writes records as the kernel's perf_output_sample() lays them out, from values made out of
 * a number. */
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/perf_event.h>
#include <string_view>
#include <vector>

namespace perfbuf::tests
{

/** Every value of a sample is its own: which field it is, and of which sample. */
struct values {
	uint64_t seed = 1;
	uint64_t of(uint64_t field) const noexcept { return seed << 32 | field; }

	size_t callchain = 5;
	size_t raw = 20; // 4 + raw is a multiple of 8
	size_t stack = 64;
	uint64_t stack_valid = 40;
	uint64_t user_abi = PERF_SAMPLE_REGS_ABI_64;
	uint64_t interrupt_abi = PERF_SAMPLE_REGS_ABI_64;
	size_t branches = 3;
	size_t aux = 24;
	size_t members = 2; // of a group that is read
};

class generator
{
public:
	void u64(uint64_t value) { put(value); }
	void u32(uint32_t value) { put(value); }
	void pair(uint64_t value)
	{
		u32(static_cast<uint32_t>(value));
		u32(static_cast<uint32_t>(value) + 1);
	}
	void fill(uint64_t first, size_t count)
	{
		for (size_t at = 0; at < count; at++)
			u64(first + at);
	}
	void pattern(size_t size)
	{
		for (size_t at = 0; at < size; at++)
			body_.push_back(static_cast<std::byte>(at + 1));
	}
	void text(std::string_view text)
	{
		for (const char letter : text)
			body_.push_back(static_cast<std::byte>(letter));
		body_.push_back({});
		while (body_.size() % 8)
			body_.push_back({});
	}

	/** The whole record. */
	std::vector<std::byte> record(uint32_t type, uint16_t misc = 0) const
	{
		const perf_event_header header{
			type, misc, static_cast<uint16_t>(sizeof(header) + body_.size())};
		std::vector<std::byte> all(sizeof(header) + body_.size());
		std::memcpy(all.data(), &header, sizeof(header));
		std::copy(body_.begin(), body_.end(), all.begin() + sizeof(header));
		return all;
	}

	/** The trailer that sample_id_all appends. */
	void identity(uint64_t type, const values &of)
	{
		if (type & PERF_SAMPLE_TID)
			pair(of.of(PERF_SAMPLE_TID));
		if (type & PERF_SAMPLE_TIME)
			u64(of.of(PERF_SAMPLE_TIME));
		if (type & PERF_SAMPLE_ID)
			u64(of.of(PERF_SAMPLE_ID));
		if (type & PERF_SAMPLE_STREAM_ID)
			u64(of.of(PERF_SAMPLE_STREAM_ID));
		if (type & PERF_SAMPLE_CPU)
			pair(of.of(PERF_SAMPLE_CPU));
		if (type & PERF_SAMPLE_IDENTIFIER)
			u64(of.of(PERF_SAMPLE_ID));
	}

	void sample(const perf_event_attr &attr, const values &of);

private:
	template <typename T>
	void put(const T &value)
	{
		const size_t at = body_.size();
		body_.resize(at + sizeof(value));
		std::memcpy(body_.data() + at, &value, sizeof(value));
	}
	void registers(uint64_t abi, uint64_t mask, uint64_t first)
	{
		u64(abi);
		if (abi)
			fill(first, static_cast<size_t>(std::popcount(mask)));
	}

	std::vector<std::byte> body_;
};

/** @return words that PERF_SAMPLE_READ has */
inline size_t read_words(uint64_t format, const values &of)
{
	const bool group = format & PERF_FORMAT_GROUP;
	const size_t per_value = 1 + !!(format & PERF_FORMAT_ID) + !!(format & PERF_FORMAT_LOST);
	const size_t times = !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
			     !!(format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	return times + (group ? 1 + of.members * per_value : per_value);
}

inline void generator::sample(const perf_event_attr &attr, const values &of)
{
	const uint64_t type = attr.sample_type;
	const auto put = [&](uint64_t field) {
		if (type & field)
			u64(of.of(field));
	};
	if (type & PERF_SAMPLE_IDENTIFIER)
		u64(of.of(PERF_SAMPLE_ID));
	put(PERF_SAMPLE_IP);
	if (type & PERF_SAMPLE_TID)
		pair(of.of(PERF_SAMPLE_TID));
	put(PERF_SAMPLE_TIME);
	put(PERF_SAMPLE_ADDR);
	put(PERF_SAMPLE_ID);
	put(PERF_SAMPLE_STREAM_ID);
	if (type & PERF_SAMPLE_CPU)
		pair(of.of(PERF_SAMPLE_CPU));
	put(PERF_SAMPLE_PERIOD);
	if (type & PERF_SAMPLE_READ) {
		const size_t words = read_words(attr.read_format, of);
		if (attr.read_format & PERF_FORMAT_GROUP)
			u64(of.members);
		fill(of.of(PERF_SAMPLE_READ), words - !!(attr.read_format & PERF_FORMAT_GROUP));
	}
	if (type & PERF_SAMPLE_CALLCHAIN) {
		u64(of.callchain);
		fill(of.of(PERF_SAMPLE_CALLCHAIN), of.callchain);
	}
	if (type & PERF_SAMPLE_RAW) {
		u32(static_cast<uint32_t>(of.raw));
		pattern(of.raw);
	}
	if (type & PERF_SAMPLE_BRANCH_STACK) {
		u64(of.branches);
		if (attr.branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX)
			u64(0);
		pattern(of.branches * sizeof(perf_branch_entry));
	}
	if (type & PERF_SAMPLE_REGS_USER)
		registers(of.user_abi, attr.sample_regs_user, of.of(PERF_SAMPLE_REGS_USER));
	if (type & PERF_SAMPLE_STACK_USER) {
		u64(of.stack);
		if (of.stack) {
			pattern(of.stack);
			u64(of.stack_valid);
		}
	}
	if (type & PERF_SAMPLE_WEIGHT_TYPE)
		u64(of.of(PERF_SAMPLE_WEIGHT));
	put(PERF_SAMPLE_DATA_SRC);
	put(PERF_SAMPLE_TRANSACTION);
	if (type & PERF_SAMPLE_REGS_INTR)
		registers(of.interrupt_abi, attr.sample_regs_intr, of.of(PERF_SAMPLE_REGS_INTR));
	put(PERF_SAMPLE_PHYS_ADDR);
	put(PERF_SAMPLE_CGROUP);
	put(PERF_SAMPLE_DATA_PAGE_SIZE);
	put(PERF_SAMPLE_CODE_PAGE_SIZE);
	if (type & PERF_SAMPLE_AUX) {
		u64(of.aux);
		pattern(of.aux);
	}
}

} // namespace perfbuf::tests
