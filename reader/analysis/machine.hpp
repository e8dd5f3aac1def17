// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The names of threads and the maps of processes, as the records report them. */
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <perfbuf/decoder.hpp>
#include <perfbuf/record.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/map_tree.hpp"
#include "perfdata/build_id.hpp"

namespace perfbuf::analysis
{

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

	/** Facts of the records that are left out, because they would take too much memory. */
	struct omissions {
		bool comms = false; /**< names of threads of more than 256 MiB */
		bool files = false; /**< names of files of more than 256 MiB */
		bool maps = false;  /**< more than four million, or of as many processes */
	};
	const omissions &left_out() const noexcept { return left_out_; }

private:
	// Forks share maps. Beyond this, some 500 MB, the maps of processes that have ended are
	// forgotten, and then new ones are left out: four thousand processes of a thousand maps.
	static constexpr size_t most_maps = size_t{1} << 22;
	// The kernel has no more numbers for tasks (PID_MAX_LIMIT).
	static constexpr size_t most_processes = size_t{1} << 22;
	// The kernel's names have 15; those that a program makes up may have more.
	static constexpr size_t longest_comm = 64;
	// As many threads as the kernel has numbers for, with names of the kernel.
	static constexpr size_t most_comms_size = size_t{256} << 20;
	static constexpr size_t comm_size = 64; // of memory for a thread, and for a short name
	static constexpr size_t longest_short_comm = 15;

	// Files of one name differ in their inode, which is a few bytes of a compressed recording.
	// A million maps of different files with names of a hundred bytes fit.
	static constexpr size_t most_files_size = size_t{256} << 20;
	static constexpr size_t file_size = 200; // of memory for a file, without its name
	static constexpr size_t build_id_size = 64;
	static constexpr uint32_t no_file = 0;

	struct file_facts {
		std::string name;
		perfdata::file_identity identity;
	};

	uint32_t file_of(const reader::mmap_event &map);
	void add_map(const reader::mmap_event &map, bool kernel);
	void name_thread(uint32_t tid, std::string_view name);
	void fork(const reader::fork_event &of, bool made_up);
	bool has_space_for_process();
	void forget_ended();

	std::deque<file_facts> files_{1}; // the first is no_file
	std::map<std::pair<perfdata::file_identity, std::string_view>, uint32_t> file_numbers_;
	size_t files_size_ = 0;
	size_t map_count_ = 0; // of all processes, shared ones once
	std::unordered_map<uint32_t, map_tree> processes_;
	std::unordered_set<uint32_t> ended_; // of processes_: their first thread has ended
	map_tree kernel_{map_count_};
	std::unordered_map<uint32_t, std::string> comms_; // by tid
	size_t comms_size_ = 0;
	omissions left_out_;
};

} // namespace perfbuf::analysis
