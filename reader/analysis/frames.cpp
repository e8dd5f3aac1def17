// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Resolves the callchain of a sample into names of functions, root first.
#include "analysis/frames.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/utsname.h>

namespace perfbuf::analysis
{

namespace
{

// Entries of a callchain from here on are marks: PERF_CONTEXT_MAX of linux/perf_event.h.
constexpr auto first_mark = static_cast<uint64_t>(PERF_CONTEXT_MAX);
constexpr std::string_view unknown = "[unknown]";

std::string_view short_name(std::string_view path)
{
	if (path.starts_with("[kernel.kallsyms]"))
		return "kernel";
	const size_t slash = path.rfind('/');
	return slash == std::string_view::npos || slash + 1 == path.size() ? path
									   : path.substr(slash + 1);
}

// Did the running kernel write it?
bool is_this_kernel(const perfdata::recording &recorded)
{
	const auto found = recorded.build_ids().find(std::string_view("[kernel.kallsyms]"));
	if (found != recorded.build_ids().end())
		return perfdata::read_notes_file("/sys/kernel/notes") == found->second;
	utsname here{};
	return ::uname(&here) == 0 && recorded.os_release() == here.release &&
	       recorded.hostname() == here.nodename;
}

} // namespace

uint32_t frame_table::number_of(frame_kind kind, std::string_view name, std::string_view file)
{
	if (const auto found = numbers_.find({kind, name, file}); found != numbers_.end())
		return found->second;
	if (size_ + name.size() + file.size() + frame_size <= most_size)
		return add(kind, name, file);
	if (!others_)
		others_ = add(frame_kind::group, others, {});
	return *others_;
}

uint32_t frame_table::add(frame_kind kind, std::string_view name, std::string_view file)
{
	const auto number = static_cast<uint32_t>(frames_.size());
	const frame &made = frames_.emplace_back(frame{kind, std::string(name), std::string(file)});
	size_ += name.size() + file.size() + frame_size;
	numbers_.try_emplace({kind, made.name, made.file}, number);
	return number;
}

stack_reader::stack_reader(const machine &of, const symbol_options &options,
			   const perfdata::recording *recorded)
	: machine_(of), recorded_(recorded), files_(options.inlines)
{
	kernel_is_unknown_ = options.kallsyms.empty() && recorded && !is_this_kernel(*recorded);
	if (!options.kallsyms.empty())
		kernel_ = tracefile::read_kernel_symbols(options.kallsyms, "/dev/null");
	else if (!kernel_is_unknown_)
		kernel_ = tracefile::read_kernel_symbols();
}

std::vector<uint32_t> stack_reader::resolve_user(uint32_t pid, const mapped &map, uint64_t address)
{
	const std::string &path = machine_.file_name(map.file);
	const std::string_view file = short_name(path);
	const uint64_t offset = address - map.start + map.offset;
	names found;
	if (path.starts_with('/') && !path.starts_with("//")) {
		const perfdata::build_id *id = nullptr;
		if (recorded_)
			if (const auto known = recorded_->build_ids().find(path);
			    known != recorded_->build_ids().end())
				id = &known->second;
		found = files_.find(path, pid, machine_.file_identity(map.file), id, offset);
	}
	std::vector<uint32_t> numbers;
	if (found.empty())
		numbers.push_back(table_.number_of(frame_kind::user, unknown, file));
	for (size_t at = 0; at < found.size(); at++)
		numbers.push_back(table_.number_of(at + 1 < found.size() ? frame_kind::inlined
									 : frame_kind::user,
						   found[at], file));
	return numbers;
}

void stack_reader::add(uint32_t pid, bool kernel, uint64_t address, bool is_caller,
		       std::vector<uint32_t> &to)
{
	// A caller's address is behind its call, which may be the last of its function.
	const uint64_t at = is_caller && address ? address - 1 : address;
	if (kernel_frames_.size() + user_frames_.size() >= most_cached) {
		kernel_frames_.clear();
		user_frames_.clear();
	}
	if (kernel) {
		const auto [found, is_new] = kernel_frames_.try_emplace(at);
		if (is_new) {
			const auto symbol = kernel_.find(at);
			const mapped *map = machine_.find_kernel(at);
			const std::string file(symbol && !symbol->module.empty() ? symbol->module
					       : map && !symbol
						       ? short_name(machine_.file_name(map->file))
						       : "kernel");
			found->second = table_.number_of(frame_kind::kernel,
							 symbol ? symbol->name : unknown, file);
		}
		to.push_back(found->second);
		return;
	}
	const mapped *map = machine_.find(pid, at);
	if (!map) {
		to.push_back(table_.number_of(frame_kind::user, unknown));
		return;
	}
	const auto [found, is_new] =
		user_frames_.try_emplace({map->file, at - map->start + map->offset});
	if (is_new)
		found->second = resolve_user(pid, *map, at);
	to.insert(to.end(), found->second.begin(), found->second.end());
}

std::vector<uint32_t> stack_reader::frames_of(const reader::sample &sample, uint16_t misc)
{
	std::vector<uint32_t> frames;
	bool kernel = (misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
	bool innermost = true;
	for (const uint64_t entry : sample.callchain) {
		if (entry >= first_mark) {
			kernel = entry == static_cast<uint64_t>(PERF_CONTEXT_KERNEL);
			// Where the kernel was entered from, the address is of an instruction, too.
			innermost = true;
			continue;
		}
		add(sample.pid, kernel, entry, !innermost, frames);
		innermost = false;
	}
	if (frames.empty() && sample.ip)
		add(sample.pid, kernel, sample.ip, false, frames);
	std::reverse(frames.begin(), frames.end());
	return frames;
}

} // namespace perfbuf::analysis
