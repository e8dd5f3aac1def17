// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Of a sample, the functions from the root to where it was taken. */
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <perfbuf/sample.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/machine.hpp"
#include "analysis/symbols.hpp"
#include "perfdata/reader.hpp"

namespace perfbuf::analysis
{

enum class frame_kind : uint8_t {
	group, /**< a process, a thread, a CPU, an event */
	field, /**< a field of a typed event, and its value */
	kernel,
	user,
	inlined, /**< of the frame that follows */
};

struct frame {
	frame_kind kind;
	std::string name;
	std::string file; /**< short name of the program, library or module; empty: none */
};

/** Each frame once, with a number. Fields and threads have as many names as an attacker likes:
 * those of more than 256 MiB are the same frame, "[others]". */
class frame_table
{
public:
	static constexpr std::string_view others = "[others]";
	bool is_full() const noexcept { return others_.has_value(); }
	uint32_t number_of(frame_kind kind, std::string_view name, std::string_view file = {});
	const frame &operator[](uint32_t number) const noexcept { return frames_[number]; }
	size_t size() const noexcept { return frames_.size(); }

private:
	static constexpr size_t most_size = size_t{256} << 20;
	static constexpr size_t frame_size = 200; // of memory for a frame, without its names

	uint32_t add(frame_kind kind, std::string_view name, std::string_view file);

	std::deque<frame> frames_;
	std::map<std::tuple<frame_kind, std::string_view, std::string_view>, uint32_t> numbers_;
	size_t size_ = 0; // bytes
	std::optional<uint32_t> others_;
};

struct symbol_options {
	bool inlines = true;
	std::string
		kallsyms; /**< of the recorded kernel; empty: the running one's, if it is that */
};

class stack_reader
{
public:
	/** @param recorded the recording; nullptr: this machine is recorded now */
	stack_reader(const machine &of, const symbol_options &options,
		     const perfdata::recording *recorded);

	/** @return numbers of frames, root first; the last one is where the sample was taken */
	std::vector<uint32_t> frames_of(const reader::sample &sample, uint16_t misc);

	frame_table &table() noexcept { return table_; }
	bool has_kernel_names() const noexcept { return !kernel_.empty(); }
	bool table_is_full() const noexcept { return table_.is_full(); }
	/** Is the recorded kernel another than the running one, so that its functions have no
	 * names?
	 */
	bool kernel_is_unknown() const noexcept { return kernel_is_unknown_; }

private:
	void add(uint32_t pid, bool kernel, uint64_t address, bool is_caller,
		 std::vector<uint32_t> &to);
	std::vector<uint32_t> resolve_user(uint32_t pid, const mapped &map, uint64_t address);

	const machine &machine_;
	const perfdata::recording *recorded_;
	symbol_files files_;
	tracefile::symbol_table kernel_;
	bool kernel_is_unknown_ = false;
	frame_table table_;
	// Addresses that were resolved before. Beyond so many it begins anew.
	static constexpr size_t most_cached = size_t{1} << 20;
	std::unordered_map<uint64_t, uint32_t> kernel_frames_; // by address
	std::map<std::pair<uint32_t, uint64_t>, std::vector<uint32_t>>
		user_frames_; // by file and offset: innermost first
};

} // namespace perfbuf::analysis
