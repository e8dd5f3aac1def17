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
	auto identity = perfdata::identity_of(map);
	if (const auto found = file_numbers_.find({identity, name}); found != file_numbers_.end())
		return found->second;
	const size_t size = name.size() + file_size + (identity.id.empty() ? 0 : build_id_size);
	if (size > most_files_size - files_size_) {
		left_out_.files = true;
		return no_file;
	}
	files_size_ += size;
	const auto next = static_cast<uint32_t>(files_.size());
	files_.push_back({std::string(name), identity});
	file_numbers_.try_emplace({std::move(identity), files_.back().name}, next);
	return next;
}

void machine::add_map(const reader::mmap_event &map, bool kernel)
{
	if (!map.length || map.start + map.length < map.start)
		return;
	if (map_count_ >= most_maps)
		forget_ended();
	if (map_count_ >= most_maps) {
		left_out_.maps = true;
		return;
	}
	const mapped made{map.start, map.start + map.length, map.offset, file_of(map)};
	if (kernel) {
		kernel_.insert(made);
		return;
	}
	ended_.erase(map.pid);
	auto found = processes_.find(map.pid);
	if (found == processes_.end()) {
		if (!has_space_for_process())
			return;
		found = processes_.try_emplace(map.pid, map_count_).first;
	}
	found->second.insert(made);
}

bool machine::has_space_for_process()
{
	if (processes_.size() >= most_processes)
		forget_ended();
	left_out_.maps |= processes_.size() >= most_processes;
	return processes_.size() < most_processes;
}

void machine::forget_ended()
{
	for (const uint32_t pid : std::exchange(ended_, {}))
		processes_.erase(pid);
}

void machine::name_thread(uint32_t tid, std::string_view name)
{
	const auto size_of = [](std::string_view text) {
		return comm_size + (text.size() > longest_short_comm ? text.size() : 0);
	};
	name = name.substr(0, longest_comm);
	const auto found = comms_.find(tid);
	const size_t before = found == comms_.end() ? 0 : size_of(found->second);
	if (comms_size_ - before + size_of(name) > most_comms_size) {
		left_out_.comms = true;
		return;
	}
	comms_size_ += size_of(name) - before;
	comms_[tid] = name;
}

// @param made_up by a recorder, for a process that ran before: the child's own maps follow
void machine::fork(const reader::fork_event &of, bool made_up)
{
	if (const auto name = comms_.find(of.ptid);
	    name != comms_.end() && !comms_.contains(of.tid))
		name_thread(of.tid, std::string(name->second));
	if (of.pid == of.ppid || made_up)
		return;
	const auto parent = processes_.find(of.ppid);
	if (parent == processes_.end())
		return;
	const map_tree shared = parent->second;
	ended_.erase(of.pid);
	if (processes_.contains(of.pid) || has_space_for_process())
		processes_.insert_or_assign(of.pid, shared);
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
		name_thread(comm->tid, comm->name);
		// execve(2) leaves nothing of the maps before it.
		if (comm->exec) {
			processes_.erase(comm->pid);
			ended_.erase(comm->pid);
		}
	} else if (const auto *child = std::get_if<reader::fork_event>(&event)) {
		fork(*child, record.misc() & perfdata::misc_fork_exec);
	} else if (const auto *exit = std::get_if<reader::exit_event>(&event)) {
		// Its other threads may go on, and the samples of its end are yet to come.
		if (exit->pid == exit->tid && processes_.contains(exit->pid))
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
	return process == processes_.end() ? nullptr : process->second.find(address);
}

const mapped *machine::find_kernel(uint64_t address) const
{
	return kernel_.find(address);
}

std::string_view machine::comm(uint32_t pid, uint32_t tid) const
{
	for (const uint32_t each : {tid, pid})
		if (const auto found = comms_.find(each); found != comms_.end())
			return found->second;
	return pid == 0 ? "swapper" : "?";
}

} // namespace perfbuf::analysis
