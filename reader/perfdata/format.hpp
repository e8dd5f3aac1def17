// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * perf.data, as perf's tools read it (tools/perf/Documentation/perf.data-file-format.txt).
 *
 *   a file:  header | ids of attr 0 | ... | attr 0 | ... | records | section of feature 0 | ... |
 * features a pipe:  pipe header | HEADER_ATTR per attr | HEADER_FEATURE per feature |
 * HEADER_TRACING_DATA and what it announces | records
 *
 * With -z, records stand within COMPRESSED (compression.hpp).
 */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <linux/perf_event.h>
#include <perfbuf/record.hpp>

namespace perfbuf::perfdata
{

inline constexpr uint64_t magic = 0x32454c4946524550; // "PERFILE2"

/** Where something stands in the file, bytes. */
struct section {
	uint64_t offset = 0;
	uint64_t size = 0;
};

struct file_header {
	uint64_t magic = perfdata::magic;
	uint64_t size = sizeof(file_header);
	uint64_t attr_size = 0;
	section attrs;
	section data;
	section event_types; // unused since 2013
	std::array<uint64_t, 4> features{};
};
static_assert(sizeof(file_header) == 104);

struct pipe_header {
	uint64_t magic = perfdata::magic;
	uint64_t size = sizeof(pipe_header);
};
static_assert(sizeof(pipe_header) == 16);

/** perf 6.1 refuses anything longer than it knows, whatever stands in it. */
inline constexpr uint32_t attr_size = PERF_ATTR_SIZE_VER7;
static_assert(sizeof(perf_event_attr) >= attr_size);

/** Types of records that only exist in files; the kernel's own end below 64. */
enum file_record : uint32_t {
	record_header_attr = 64,
	record_header_tracing_data = 66,
	record_header_build_id = 67,
	record_finished_round = 68,
	record_aux_trace = 71, // behind it stand the bytes that it announces
	record_header_feature = 80,
	record_compressed = 81, // compression.hpp
	record_compressed2 = 83,
};

/** @return can a record of this header stand in `available` bytes of a file? Of perf's own types,
 * some have odd sizes. */
constexpr bool plausible_record(const perf_event_header &header, size_t available) noexcept
{
	if (header.type < record_header_attr)
		return reader::plausible_size(header.size, available);
	return header.size >= sizeof(header) && header.size <= available;
}

/** Bits of file_header::features. */
enum class feature : uint32_t {
	tracing_data = 1,
	build_ids = 2,
	hostname = 3,
	os_release = 4,
	version = 5,
	arch = 6,
	cpu_count = 7,
	cpu_description = 8,
	cpu_id = 9,
	total_memory = 10,
	command_line = 11,
	event_description = 12,
	sample_time = 21,
	clock_id = 23,
	compressed = 27,
	clock_data = 29,
};

/** misc of a FORK that was made up: the child's maps follow, do not copy the parent's. */
inline constexpr uint16_t misc_fork_exec = 1 << 13;
/** misc of a HEADER_BUILD_ID: the byte behind the build-id says how long it is. */
inline constexpr uint16_t misc_build_id_size = 1 << 15;

} // namespace perfbuf::perfdata
