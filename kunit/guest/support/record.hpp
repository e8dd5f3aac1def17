/* SPDX-License-Identifier: GPL-2.0 */
/* Records, decoded field by field as perf_event_open(2) describes them; independent of the library.
 */
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <linux/perf_event.h>
#include <sys/types.h>

namespace device_test
{

struct record {
	perf_event_header header;
	std::vector<uint8_t> body;

	template <typename T>
	T at(size_t offset) const
	{
		if (offset + sizeof(T) > body.size())
			throw std::runtime_error("a record that ends early");
		T value;
		memcpy(&value, &body[offset], sizeof(value));
		return value;
	}
	unsigned cpumode() const { return header.misc & PERF_RECORD_MISC_CPUMODE_MASK; }
};

/* The fields that sample_id_all puts behind every other record. */
struct sample_id {
	std::optional<pid_t> pid, tid;
	std::optional<uint64_t> time, id, stream_id, identifier;
	std::optional<uint32_t> cpu;
};

struct sample : sample_id {
	uint16_t misc = 0;
	std::optional<uint64_t> ip, addr, period, data_source;
	std::optional<std::vector<uint64_t>> callchain;
	std::optional<std::vector<uint64_t>> read; /* the words that read_format names */
	std::optional<std::vector<uint8_t>> raw;
	std::optional<uint64_t> regs_abi;
	std::vector<uint64_t> regs;
	/* The bytes that attr requests, and how many of them could be read (dyn_size). */
	std::optional<std::vector<uint8_t>> stack;
	uint64_t stack_dyn_size = 0;

	unsigned cpumode() const { return misc & PERF_RECORD_MISC_CPUMODE_MASK; }
	bool user() const { return cpumode() == PERF_RECORD_MISC_USER; }
	bool kernel() const { return cpumode() == PERF_RECORD_MISC_KERNEL; }
	/* The value of a PERF_REG_*. */
	uint64_t reg(uint64_t mask, unsigned which) const;
};

/* Decodes a sample. Throws if its fields are not exactly those of @attr, to the last byte. */
sample parse_sample(const record &r, const perf_event_attr &attr);
std::vector<sample> samples_in(const std::vector<record> &records, const perf_event_attr &attr);

/* The size of the trailer that sample_id_all appends; and the trailer of @r. */
size_t trailer_size(const perf_event_attr &attr);
sample_id parse_trailer(const record &r, const perf_event_attr &attr);

struct comm_record {
	uint32_t pid, tid;
	std::string comm;
	bool exec;
};
comm_record parse_comm(const record &r, const perf_event_attr &attr);

struct task_record {
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
};
task_record parse_task(const record &r);

struct map_record {
	uint32_t pid, tid;
	uint64_t addr, len, pgoff;
	uint32_t maj = 0, min = 0;
	uint64_t ino = 0, generation = 0;
	uint32_t prot = 0, flags = 0;
	std::string filename;
	uint16_t misc;
};
/* PERF_RECORD_MMAP and PERF_RECORD_MMAP2. */
map_record parse_map(const record &r, const perf_event_attr &attr);

struct lost_record {
	uint64_t id, lost;
};
lost_record parse_lost(const record &r);

} /* namespace device_test */
