// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Keeps the maps of processes and the names of threads, as records report them.
#include "analysis/machine.hpp"

#include <climits>
#include <utility>
#include <variant>

#include "perfdata/format.hpp"

namespace perfbuf::analysis
{

uint32_t machine::file_of(const reader::mmap_event &map)
{
	const std::string_view name = map.filename.substr(0, PATH_MAX);
	if (const auto found = file_numbers_.find({map.inode, name}); found != file_numbers_.end())
		return found->second;
	if (name.size() + file_size > most_files_size - files_size_)
		return no_file;
	files_size_ += name.size() + file_size;
	const auto next = static_cast<uint32_t>(files_.size());
	files_.push_back({std::string(name), {map.major, map.minor, map.inode}});
	file_numbers_.try_emplace({map.inode, files_.back().name}, next);
	return next;
}

// A new map takes the place of what was there: munmap(2) leaves no record.
void machine::insert(maps &to, const mapped &map)
{
	auto at = to.lower_bound(map.start);
	if (at != to.begin()) {
		mapped &before = std::prev(at)->second;
		if (before.end > map.end) {
			mapped behind = before;
			behind.offset += map.end - behind.start;
			behind.start = map.end;
			to.emplace(behind.start, behind);
		}
		before.end = std::min(before.end, map.start);
	}
	while (at != to.end() && at->second.start < map.end) {
		mapped left = at->second;
		at = to.erase(at);
		if (left.end > map.end) {
			left.offset += map.end - left.start;
			left.start = map.end;
			to.emplace(left.start, left);
			break;
		}
	}
	to[map.start] = map;
}

const mapped *machine::look_up(const maps &in, uint64_t address)
{
	const auto above = in.upper_bound(address);
	if (above == in.begin())
		return nullptr;
	const mapped &found = std::prev(above)->second;
	return address < found.end ? &found : nullptr;
}

void machine::add_map(const reader::mmap_event &map, bool kernel)
{
	if (!map.length || map.start + map.length < map.start)
		return;
	const mapped made{map.start, map.start + map.length, map.offset, file_of(map)};
	if (kernel) {
		insert(kernel_, made);
		return;
	}
	maps &of = own_maps(map.pid);
	map_count_ -= of.size();
	insert(of, made);
	map_count_ += of.size();
}

// The maps of a process, which no other one shares from here on.
machine::maps &machine::own_maps(uint32_t pid)
{
	ended_.erase(pid);
	auto &of = processes_[pid];
	if (!of) {
		of = std::make_shared<maps>();
		return *of;
	}
	if (of.use_count() > 1 && map_count_ + of->size() > most_maps)
		forget_ended();
	if (of.use_count() == 1)
		return *of;
	const bool has_space = map_count_ + of->size() <= most_maps;
	of = has_space ? std::make_shared<maps>(*of) : std::make_shared<maps>();
	map_count_ += of->size();
	return *of;
}

void machine::forget_ended()
{
	for (const uint32_t pid : std::exchange(ended_, {}))
		forget_maps(pid);
}

void machine::forget_maps(uint32_t pid)
{
	const auto found = processes_.find(pid);
	if (found == processes_.end())
		return;
	if (found->second.use_count() == 1)
		map_count_ -= found->second->size();
	processes_.erase(found);
}

void machine::add(const reader::record &record, const reader::decoder &decoder)
{
	switch (record.type()) {
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		break;
	default:
		return;
	}
	const auto event = decoder.decode(record);
	if (const auto *comm = std::get_if<reader::comm_event>(&event)) {
		comms_[comm->tid] = comm->name.substr(0, longest_comm);
		// execve(2) leaves nothing of the maps before it.
		if (comm->exec)
			forget_maps(comm->pid);
	} else if (const auto *fork = std::get_if<reader::fork_event>(&event)) {
		if (const auto name = comms_.find(fork->ptid); name != comms_.end())
			comms_.try_emplace(fork->tid, name->second);
		// Of a fork that was made up, the child's own maps follow.
		if (fork->pid != fork->ppid && !(record.misc() & perfdata::misc_fork_exec))
			if (const auto parent = processes_.find(fork->ppid);
			    parent != processes_.end()) {
				const auto shared = parent->second;
				forget_maps(fork->pid);
				processes_[fork->pid] = shared;
				ended_.erase(fork->pid);
			}
	} else if (const auto *exit = std::get_if<reader::exit_event>(&event)) {
		// Its other threads may go on, and the samples of its end are yet to come.
		if (exit->pid == exit->tid)
			ended_.insert(exit->pid);
	} else if (const auto *map = std::get_if<reader::mmap_event>(&event)) {
		const bool kernel =
			(record.misc() & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
		add_map(*map, kernel);
	}
}

const mapped *machine::find(uint32_t pid, uint64_t address) const
{
	const auto process = processes_.find(pid);
	return process == processes_.end() ? nullptr : look_up(*process->second, address);
}

const mapped *machine::find_kernel(uint64_t address) const
{
	return look_up(kernel_, address);
}

std::string_view machine::comm(uint32_t pid, uint32_t tid) const
{
	for (const uint32_t each : {tid, pid})
		if (const auto found = comms_.find(each); found != comms_.end())
			return found->second;
	return pid == 0 ? "swapper" : "?";
}

} // namespace perfbuf::analysis
