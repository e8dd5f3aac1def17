// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What ran where: the names of threads and the maps of processes, as the records tell. */
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <perfbuf/decoder.hpp>
#include <perfbuf/record.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "perfdata/build_id.hpp"

namespace perfbuf::analysis
{

/** A run of a process's addresses that shows a file. */
struct mapped {
	uint64_t start = 0;
	uint64_t end = 0;
	uint64_t offset = 0; /**< in the file, of start */
	uint32_t file = 0;   /**< machine::file_name() */
};

class machine
{
public:
	machine() = default;
	machine(const machine &) = delete; // it has views of its own names
	machine &operator=(const machine &) = delete;

	/** Takes note of COMM, FORK, EXIT, MMAP and MMAP2; other records change nothing. */
	void add(const reader::record &record, const reader::decoder &decoder);

	/** @return the map that the address is in, or nullptr */
	const mapped *find(uint32_t pid, uint64_t address) const;
	/** The same for an address of the kernel: itself, or a module. */
	const mapped *find_kernel(uint64_t address) const;

	/** @return the thread's name; its process's or "?" where it is not known */
	std::string_view comm(uint32_t pid, uint32_t tid) const;

	/** @return the name; empty if the maps before had names of more than 256 MiB */
	const std::string &file_name(uint32_t file) const noexcept { return files_[file].name; }
	const perfdata::file_identity &file_identity(uint32_t file) const noexcept
	{
		return files_[file].identity;
	}

private:
	using maps = std::map<uint64_t, mapped>; // by start, without overlaps

	// A child of fork(2) shares the maps of its parent until either has another one; the copy
	// takes a few bytes of a file. Beyond this, some 400 MB, the maps of processes that have
	// ended are forgotten, and then a copy begins without any: four thousand processes of a
	// thousand maps each.
	static constexpr size_t most_maps = size_t{1} << 22;
	// The kernel's names have 15; those that a program makes up may have more.
	static constexpr size_t longest_comm = 64;

	// Files of one name differ in their inode, which is a few bytes of a compressed recording.
	// A million maps of different files with names of a hundred bytes fit.
	static constexpr size_t most_files_size = size_t{256} << 20;
	static constexpr size_t file_size = 160; // of memory for a file, without its name
	static constexpr uint32_t no_file = 0;

	struct file_facts {
		std::string name;
		perfdata::file_identity identity;
	};

	uint32_t file_of(const reader::mmap_event &map);
	void add_map(const reader::mmap_event &map, bool kernel);
	static void insert(maps &to, const mapped &map);
	maps &own_maps(uint32_t pid);
	void forget_maps(uint32_t pid);
	void forget_ended();
	static const mapped *look_up(const maps &in, uint64_t address);

	std::deque<file_facts> files_{1}; // the first is no_file
	std::map<std::pair<uint64_t, std::string_view>, uint32_t>
		file_numbers_; // by inode and name
	size_t files_size_ = 0;
	std::unordered_map<uint32_t, std::shared_ptr<maps>> processes_;
	size_t map_count_ = 0;		     // of all processes, shared ones once
	std::unordered_set<uint32_t> ended_; // processes whose first thread has ended
	maps kernel_;
	std::unordered_map<uint32_t, std::string> comms_; // by tid
};

} // namespace perfbuf::analysis
