// SPDX-License-Identifier: GPL-2.0
/* Composes side-band records (COMM, FORK, EXIT, MMAP, SWITCH) and writes them to each of their
 * readers. */
#include "device/sideband.hpp"

#include "device/cpus.hpp"
#include "device/map_name.hpp"
#include "device/setup.hpp"
#include "device/task_set.hpp"
#include "glue/maps.h"

namespace perfbuf
{

using cxxrt::result;
using cxxrt::round_up;

namespace
{

constinit cpu_lists<sideband_reader> readers; /* of all tasks; changed under the lists' lock */

bool wants_maps(const perf_event_attr &attr) noexcept
{
	return attr.mmap || attr.mmap2 || attr.mmap_data;
}

/* A reader that requests names or mappings gets records of tasks as well, as from perf. */
bool wants_tasks(const perf_event_attr &attr) noexcept
{
	return attr.task || attr.comm || wants_maps(attr);
}

/* PERF_RECORD_SWITCH is its header alone; for an event of all tasks, PERF_RECORD_SWITCH_CPU_WIDE
 * names the other task. */
struct switch_record {
	perf_event_header header;
};

struct wide_switch_record {
	perf_event_header header;
	u32 pid, tid;
};

static_assert(sizeof(wide_switch_record) == 16);

struct ids {
	u32 pid;
	u32 tid;
};

/* PERF_RECORD_FORK and _EXIT. */
struct task_record {
	perf_event_header header;
	u32 pid, ppid;
	u32 tid, ptid;
	u64 time;
};

static_assert(sizeof(task_record) == 32);

/* PERF_RECORD_COMM; the name follows. */
struct comm_record {
	perf_event_header header;
	u32 pid, tid;
};

static_assert(sizeof(comm_record) == 16);

/* PERF_RECORD_MMAP; the name follows. */
struct mmap_record {
	perf_event_header header;
	u32 pid, tid;
	u64 start;
	u64 bytes;
	u64 file_offset;
};

static_assert(sizeof(mmap_record) == 40);

/* PERF_RECORD_MMAP2; the name follows. */
struct mmap2_record {
	mmap_record start;
	u32 major, minor;
	u64 inode;
	u64 inode_generation;
	u32 prot, flags;
};

static_assert(sizeof(mmap2_record) == 72);

ids ids_of(const pb_task *task, const event &seen_by) noexcept
{
	ids made;

	pb_task_ids(task, seen_by.pid_namespace(), &made.pid, &made.tid);
	return made;
}

ids current_ids(const event &seen_by) noexcept
{
	ids made;

	pb_current_ids(seen_by.pid_namespace(), &made.pid, &made.tid);
	return made;
}

u64 time_of(const event &owner, const moment &when) noexcept
{
	const perf_event_attr &attr = owner.attr();

	if (attr.sample_type & PERF_SAMPLE_TIME)
		return when.time;
	return pb_clock_ns(attr.use_clockid ? attr.clockid : -1);
}

u32 length(const char *text) noexcept
{
	return static_cast<u32>(__builtin_strlen(text));
}

/* Writes a record to @to: @head with its header's size filled in, then @tail, then the trailer. If
 * the ring refuses it, it counts as a loss. */
template <typename Head>
void write_record(event &to, const moment &when, Head &head, perf_event_header &header,
		  const void *tail, u32 tail_bytes) noexcept
{
	const u32 bytes = sizeof(Head) + tail_bytes + to.trailer_bytes();

	header.size = static_cast<u16>(bytes);

	result<reservation> begun = to.begin(bytes, when);

	if (!begun)
		return;

	reservation record = begun.take();

	record.put(head);
	record.copy(tail, tail_bytes);
	to.put_trailer(record, when);
	record.commit();
}

void write_task(event &to, u32 type, ids task, ids parent) noexcept
{
	const moment when = to.now();
	task_record record = {
		.header = {.type = type},
		.pid = task.pid,
		.ppid = parent.pid,
		.tid = task.tid,
		.ptid = parent.tid,
		.time = time_of(to, when),
	};

	write_record(to, when, record, record.header, nullptr, 0);
}

} // namespace

result<void> sideband_reader::open() noexcept
{
	const perf_event_attr &attr = owner_.attr();

	TRY(hooks_.take(hook::cpu_hotplug));
	if (attr.comm)
		TRY(hooks_.take(hook::task_rename));
	if (attr.context_switch)
		TRY(hooks_.take(hook::task_switch));
	if (wants_maps(attr))
		TRY(hooks_.take(hook::memory_map));
	if (wants_tasks(attr)) {
		TRY(hooks_.take(hook::task_fork));
		TRY(hooks_.take(hook::task_exit));
	}
	return {};
}

void sideband_reader::attach() noexcept
{
	if (!wants_tasks(owner_.attr()) && !owner_.attr().context_switch)
		return;
	attached_ = true;
	if (owner_.attr().context_switch)
		add_switch_watcher();
	if (members_) {
		members_->set_reader(this);
		return;
	}

	lists_guard held;

	readers.of(static_cast<u32>(owner_.cpu())).push(*this);
}

void sideband_reader::close() noexcept
{
	if (!std::exchange(attached_, false))
		return;
	if (owner_.attr().context_switch)
		remove_switch_watcher();
	if (members_) {
		members_->set_reader(nullptr);
		return;
	}

	lists_guard held;

	rcu_list<sideband_reader>::remove(*this);
}

/*
 * Whether a record may be written on @cpu. If the CPU is closed, the record is lost, and not even
 * its loss can be counted there: it is counted before the next record that can be written.
 */
bool sideband_reader::may_write(u32 cpu) noexcept
{
	if (!cpu_is_open(cpu)) [[unlikely]] {
		missed_.fetch_add(1);
		return false;
	}
	if (has_missed()) [[unlikely]]
		count_missed();
	return true;
}

void sideband_reader::count_missed() noexcept
{
	for (u64 left = missed_.exchange(0); left; left--)
		owner_.count_loss(loss_cause::recursion);
}

template <typename Wants, typename Write>
void sideband_reader::each(u32 cpu, const pb_task *task, Wants &&wants, Write &&write) noexcept
{
	const auto visit = [&](sideband_reader &reader) {
		if (wants(reader.owner_.attr()) && reader.owner_.active() && reader.may_write(cpu))
			write(reader.owner_);
	};

	for (sideband_reader *reader = readers.of(cpu).first(); reader;
	     reader = rcu_list<sideband_reader>::next(*reader)) {
		if (reader->cpu_.equals(static_cast<s32>(cpu)))
			visit(*reader);
	}

	followed_task *followed = task_index::find(task);

	if (!followed)
		return;
	followed->each_on(cpu, [&](task_member &member) {
		if (sideband_reader *reader = member.set().reader())
			visit(*reader);
	});
}

template <typename Wants, typename Write>
void sideband_reader::each(u32 cpu, Wants &&wants, Write &&write) noexcept
{
	each(cpu, pb_task_current(), wants, write);
}

void sideband_forked(const pb_task *child, u32 cpu) noexcept
{
	sideband_reader::each(cpu, wants_tasks, [=](event &to) {
		write_task(to, PERF_RECORD_FORK, ids_of(child, to), current_ids(to));
	});
}

/* perf gives the parent's process where the parent's thread would stand. */
void sideband_exiting(u32 cpu) noexcept
{
	sideband_reader::each(cpu, wants_tasks, [](event &to) {
		const u32 parent = pb_current_parent_id(to.pid_namespace());

		write_task(to, PERF_RECORD_EXIT, current_ids(to), {parent, parent});
	});
}

namespace
{

bool wants_switches(const perf_event_attr &attr) noexcept
{
	return attr.context_switch;
}

/* @of: the task that the record is about; @other: the task that ran before it, or runs after it. */
void write_switch(event &to, const pb_task *of, const pb_task *other, u16 misc) noexcept
{
	moment when = to.now();
	const ids own = ids_of(of, to);

	when.pid = own.pid;
	when.tid = own.tid;
	if (to.target()) {
		switch_record record = {.header = {.type = PERF_RECORD_SWITCH, .misc = misc}};

		write_record(to, when, record, record.header, nullptr, 0);
		return;
	}

	const ids others = ids_of(other, to);
	wide_switch_record record = {
		.header = {.type = PERF_RECORD_SWITCH_CPU_WIDE, .misc = misc},
		.pid = others.pid,
		.tid = others.tid,
	};

	write_record(to, when, record, record.header, nullptr, 0);
}

} // namespace

void sideband_switched_out(pb_task *prev, pb_task *next, bool preempted, u32 cpu) noexcept
{
	const u32 misc =
		PERF_RECORD_MISC_SWITCH_OUT | (preempted ? PERF_RECORD_MISC_SWITCH_OUT_PREEMPT : 0);

	sideband_reader::each(cpu, prev, wants_switches, [=](event &to) {
		write_switch(to, prev, next, static_cast<u16>(misc));
	});
}

void sideband_switched_in(pb_task *prev, pb_task *next, u32 cpu) noexcept
{
	sideband_reader::each(cpu, next, wants_switches,
			      [=](event &to) { write_switch(to, next, prev, 0); });
}

void sideband_renamed(const pb_task *task, const char *name, bool exec, u32 cpu) noexcept
{
	char text[PB_TASK_COMM_LEN] = {};
	const u32 used = cxxrt::min<u32>(length(name), PB_TASK_COMM_LEN - 1);

	static_assert(PB_TASK_COMM_LEN % record_alignment == 0);
	__builtin_memcpy(text, name, used);

	const auto wants = [](const perf_event_attr &attr) -> bool { return attr.comm; };

	sideband_reader::each(cpu, wants, [&](event &to) {
		const ids of = ids_of(task, to);
		comm_record record = {
			.header = {.type = PERF_RECORD_COMM,
				   .misc = static_cast<u16>(exec ? PERF_RECORD_MISC_COMM_EXEC : 0)},
			.pid = of.pid,
			.tid = of.tid,
		};

		write_record(to, to.now(), record, record.header, text,
			     round_up<u32>(used + 1, record_alignment));
	});
}

void sideband_mapped(const pb_map &map, u32 cpu) noexcept
{
	const auto wants = [&map](const perf_event_attr &attr) -> bool {
		return map.is_exec ? attr.mmap || attr.mmap2 : attr.mmap_data;
	};

	const map_name name(map);
	/* As in perf, a file without a name is not described, either. */
	const pb_map_file file = map.path ? map.file : pb_map_file{};

	sideband_reader::each(cpu, wants, [&](event &to) {
		const ids of = current_ids(to);
		const moment when = to.now();
		mmap2_record record = {
			.start = {.header = {.type = PERF_RECORD_MMAP,
					     .misc = PERF_RECORD_MISC_USER},
				  .pid = of.pid,
				  .tid = of.tid,
				  .start = map.start,
				  .bytes = map.bytes,
				  .file_offset = map.file_offset},
			.major = file.major,
			.minor = file.minor,
			.inode = file.inode,
			.inode_generation = file.inode_generation,
			.prot = map.prot,
			.flags = map.flags,
		};
		perf_event_header &header = record.start.header;

		if (!map.is_exec)
			header.misc |= PERF_RECORD_MISC_MMAP_DATA;
		if (to.attr().mmap2) {
			header.type = PERF_RECORD_MMAP2;
			write_record(to, when, record, header, name.text(), name.bytes());
		} else {
			write_record(to, when, record.start, header, name.text(), name.bytes());
		}
	});
}

} // namespace perfbuf
