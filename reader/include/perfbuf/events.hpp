// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Typed views of the records that report processes, mappings and losses. Their strings
 * point into the record. */
#pragma once

#include <cstdint>
#include <perfbuf/record.hpp>
#include <perfbuf/sample.hpp>
#include <string_view>
#include <variant>

namespace perfbuf::reader
{

/** Records that did not fit. */
struct lost_event {
	uint64_t id = 0;
	uint64_t lost = 0; /**< records */
};

/** Samples that were dropped before they were written (PERF_RECORD_LOST_SAMPLES). */
struct lost_samples_event {
	uint64_t lost = 0;
};

/** A thread has a new name. */
struct comm_event {
	uint32_t pid = 0;
	uint32_t tid = 0;
	std::string_view name;
	bool exec = false; /**< it was execve(2) that named it */
};

struct task_event {
	uint32_t pid = 0;
	uint32_t ppid = 0;
	uint32_t tid = 0;
	uint32_t ptid = 0;
	uint64_t time = 0; /**< ns */
};
/** A thread was born. */
struct fork_event : task_event {
};
/** A thread has ended. */
struct exit_event : task_event {
};

/** A mapping appeared (PERF_RECORD_MMAP, PERF_RECORD_MMAP2; what the former has not is zero). */
struct mmap_event {
	uint32_t pid = 0;
	uint32_t tid = 0;
	uint64_t start = 0;
	uint64_t length = 0; /**< bytes */
	uint64_t offset = 0; /**< in the file, bytes */
	uint32_t major = 0;
	uint32_t minor = 0;
	uint64_t inode = 0;
	uint32_t protection = 0; /**< PROT_* */
	uint32_t flags = 0;	 /**< MAP_* */
	std::string_view filename;
	bool data = false; /**< not executable */
	/** Of the inode, whose number another file may have later; 0: not known. */
	uint64_t generation = 0;
	/** In place of device and inode, if the recorder asked for it (attr.build_id). */
	std::span<const std::byte> build_id;
};

struct throttle {
	uint64_t time = 0; /**< ns */
	uint64_t id = 0;
	uint64_t stream_id = 0;
};
/** The source was too fast and is held until the next unthrottle. */
struct throttle_event : throttle {
};
struct unthrottle_event : throttle {
};

/** Bytes stand in the AUX area. */
struct aux_event {
	uint64_t offset = 0; /**< bytes */
	uint64_t size = 0;   /**< bytes */
	uint64_t flags = 0;  /**< PERF_AUX_FLAG_* */
};

/** A type that this library does not know. To step over it is right: its size is sound. */
struct unknown_event {
	uint32_t type = 0;
};

/** A known type whose body contradicts its size. The ring itself is sound, the next record can be
 * read. */
struct malformed_event {
	uint32_t type = 0;
};

using event = std::variant<unknown_event, malformed_event, sample, lost_event, lost_samples_event,
			   comm_event, fork_event, exit_event, mmap_event, throttle_event,
			   unthrottle_event, aux_event>;

} // namespace perfbuf::reader
