// SPDX-License-Identifier: GPL-2.0
/* PERFBUF_IOC_OPEN, _OPEN_LINKED and _OPEN_GROUP: check an attribute and make the file's event; and
 * PERFBUF_IOC_FOLLOW. */
#include "device/attr.hpp"
#include "device/aux.hpp"
#include "device/dummy.hpp"
#include "device/file.hpp"
#include "glue/glue.h"

#include <cxxrt/guard.hpp>
#include <linux/perfbuf.h>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::lock_guard;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

/* Flags of perf_event_open(2). */
constexpr u64 known_flags =
	PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT | PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC;
constexpr u64 supported_flags = PERF_FLAG_FD_CLOEXEC | PERF_FLAG_PID_CGROUP;

result<void> check_flags(u64 flags) noexcept
{
	if (flags & ~known_flags)
		return error(EINVAL);
	if (flags & ~supported_flags)
		return error(EOPNOTSUPP);
	return {};
}

/* pid is the descriptor of a cgroup's directory. */
bool is_of_cgroup(const perfbuf_open &wanted) noexcept
{
	return wanted.flags & PERF_FLAG_PID_CGROUP;
}

/* The task of @pid in the caller's namespace (0: the caller), with a reference; nullptr: there is
 * none, or it is exiting. */
pb_task *find_task(s32 pid) noexcept
{
	pb_task *task = pid ? pb_task_find(pid) : pb_task_get_current();

	if (task && pb_task_is_exiting(task)) {
		pb_task_put(task);
		return nullptr;
	}
	return task;
}

/* Finds the target, with a reference; nullptr: all tasks. The errors come in perf's order: no such
 * task, no such CPU. */
result<pb_task *> find_target(const perfbuf_open &wanted) noexcept
{
	const s32 cpu = wanted.cpu;
	pb_task *target = nullptr;

	if (is_of_cgroup(wanted)) {
		if (wanted.pid == -1 || cpu == -1)
			return error(EINVAL);
	} else if (wanted.pid != -1) {
		target = find_task(wanted.pid);
		if (!target)
			return error(ESRCH);
	}
	cxxrt::scope_guard put_target([&] { pb_task_put(target); });

	if (static_cast<u32>(cpu) >= pb_nr_cpu_ids() && !(target && cpu == -1))
		return error(EINVAL);
	put_target.dismiss();
	return target;
}

/*
 * Checks an event of a file that was opened without CAP_PERFMON. It may get everything that the
 * source itself records, of all processes or of its own. It gets no kernel addresses, no records of
 * other tasks, not those of a cgroup alone, and no user memory, registers or maps, because an exec
 * may turn its own process into one of another user. Its samples hold no counts of a group, which
 * would make each of them long. EACCES.
 */
result<void> check_unprivileged(const perf_event_attr &attr, const perfbuf_open &wanted) noexcept
{
	const u64 of_tasks = PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;

	if (attr.sample_type & (PERF_SAMPLE_IP | PERF_SAMPLE_ADDR))
		return error(EACCES);
	if (attr.sample_type & PERF_SAMPLE_READ && attr.read_format & PERF_FORMAT_GROUP)
		return error(EACCES);
	if (attr.sample_type & of_tasks || attr.mmap || attr.mmap2 || attr.mmap_data)
		return error(EACCES);
	if (wanted.pid > 0 || is_of_cgroup(wanted))
		return error(EACCES);
	if (wanted.pid == -1 && (attr.task || attr.comm || attr.context_switch))
		return error(EACCES);
	return {};
}

/*
 * The group of @leader, with a place for an event of @attr. EINVAL: the events do not fit together;
 * EOPNOTSUPP: an exec would enable the sibling alone.
 * An exec that enables the leader enables the siblings that are opened enabled, too.
 */
result<cxxrt::ref<event_group>> join_group(event &leader, perf_event_attr &attr, s32 cpu,
					   const pb_task *target, const pb_cgroup *cgroup) noexcept
{
	const perf_event_attr &first = leader.attr();

	if (leader.cpu() != cpu || leader.target() != target || leader.cgroup() != cgroup)
		return error(EINVAL);
	if (first.use_clockid != attr.use_clockid ||
	    (attr.use_clockid && first.clockid != attr.clockid))
		return error(EINVAL);

	/* Its hook would start it without its leader. */
	if (attr.enable_on_exec && !leader.awaits_exec())
		return error(EOPNOTSUPP);

	cxxrt::ref<event_group> group = TRY(event_group::reserve(leader));

	if (!attr.disabled && !attr.remove_on_exec && leader.awaits_exec())
		attr.disabled = attr.enable_on_exec = 1;
	return group;
}

} // namespace

result<void> file::open_event(void *filp, u64 argument) noexcept
{
	perfbuf_open wanted;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	return make_event(filp, wanted, {});
}

result<void> file::open_sibling(void *filp, u64 argument) noexcept
{
	perfbuf_open_group wanted;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	if (wanted.reserved)
		return error(EINVAL);

	const descriptor held(wanted.group_fd);
	file *leader = held.readable();

	if (!leader)
		return error(EBADF);
	if (!leader->configured())
		return error(leader == this ? EINVAL : EBADFD);
	return make_event(filp, wanted.open, {.leader = leader});
}

result<void> file::open_linked(void *filp, u64 argument) noexcept
{
	perfbuf_open_linked wanted;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	if (wanted.reserved)
		return error(EINVAL);

	descriptor held(wanted.aux_fd);
	file *linked = held.readable();

	if (!linked)
		return error(EBADF);
	if (!linked->configured())
		return error(linked == this ? EINVAL : EBADFD);
	TRY(make_event(filp, wanted.open, {.linked = linked}));
	linked_ = std::move(held);
	return {};
}

result<void> file::make_event(void *filp, const perfbuf_open &wanted,
			      const relatives &others) noexcept
{
	perf_event_attr attr = {};
	file *linked = others.linked;

	const bool is_tracer = pb_file_may_trace(filp);

	if (!is_tracer && source_.is_for_tracers())
		return error(EACCES);
	TRY(check_flags(wanted.flags));
	TRY(copy_attr(attr, wanted.attr));
	TRY(check_ranges(attr));
	if (!is_tracer)
		TRY(check_unprivileged(attr, wanted));

	pb_task *target = TRY(find_target(wanted));
	cxxrt::scope_guard put_target([&] { pb_task_put(target); });

	const bool dummy = is_dummy(attr);

	if (!dummy)
		TRY(source_.check(attr));

	pb_cgroup *cgroup = nullptr;
	cxxrt::scope_guard put_cgroup([&] { pb_cgroup_put(cgroup); });

	if (is_of_cgroup(wanted)) {
		/* perf takes none of O_PATH, either. */
		if (!descriptor(wanted.pid).is_open())
			return error(EBADF);
		TRY(from_return(pb_cgroup_get(wanted.pid, &cgroup)));
		/* A source that fills an area does not expect to be stopped by each switch. */
		if (!dummy && (!source_.follows_cgroups() || aux_of(attr)))
			return error(EOPNOTSUPP);
	}

	event *aux_event = linked ? linked->configured() : nullptr;
	const aux_abilities *linked_aux = linked ? linked->aux_of(aux_event->attr()) : nullptr;

	/* As in perf's groups, linked events have the same CPU and the same target. */
	if (linked && (!linked_aux || aux_event->cpu() != wanted.cpu ||
		       aux_event->target() != target || aux_event->cgroup() != cgroup))
		return error(EINVAL);
	TRY(check_support(attr, aux_of(attr), linked_aux));
	/* EINVAL, as from a kernel that is older than the bit. */
	if (attr.sigtrap && (dummy || !source_.sends_traps() || !target || !attr.exclude_kernel))
		return error(EINVAL);
	if (attr.sigtrap && !pb_may_signal(filp, target))
		return error(EACCES);

	const bool begins_enabled = !attr.disabled;
	cxxrt::ref<event_group> group;

	if (others.leader)
		group = TRY(
			join_group(*others.leader->configured(), attr, wanted.cpu, target, cgroup));
	cxxrt::scope_guard leave_group([&] {
		if (group)
			group->cancel();
	});

	/* perf says so last. */
	if (!target && !pb_cpu_is_online(wanted.cpu))
		return error(ENODEV);

	/*
	 * A file has one event, so a second PERFBUF_IOC_OPEN fails. open_mutex_ is not map_mutex_,
	 * because mmap_lock is taken outside of map_mutex_, and inside of the locks that a source
	 * may take.
	 */
	lock_guard held(open_mutex_);

	if (configured())
		return error(EBUSY);
	TRY(account_.take_event());
	cxxrt::scope_guard give_event([&] { account_.give_event(); });

	put_target.dismiss();

	event *bare = new (cxxrt::gfp::kernel) event(attr, wanted.cpu, target, *this);

	if (!bare) {
		pb_task_put(target);
		return error(ENOMEM);
	}

	unique_ptr<event> made(bare);

	put_cgroup.dismiss();
	made->follow_cgroup(cgroup);
	made->link_aux(aux_event);
	if (is_tracer)
		made->show_addresses();
	if (!is_tracer && !pb_may_exceed_limits())
		made->limit_members(account_.members());
	made->set_stream(TRY(dummy ? open_dummy(*made) : source_.open(*made)));
	/* Hooks find the stream from here on, so nothing may fail any more. */
	give_event.dismiss();
	leave_group.dismiss();
	if (group)
		group->add(*made, begins_enabled && attr.disabled);
	event_.store_release(made.get());
	if (begins_enabled)
		(void)made->enable();
	made.release();
	return {};
}

/*
 * PERFBUF_IOC_FOLLOW. The rights are those of make_event(), and the caller needs them, too: a user
 * to whom root hands an event of the user's own task must not extend it to other tasks.
 */
result<void> file::follow(void *filp, event &of, u64 argument) noexcept
{
	perfbuf_follow wanted;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	if (wanted.flags || !of.target() || of.cpu() < 0 || !of.attr().inherit)
		return error(EINVAL);
	if (wanted.pid && !(pb_file_may_trace(filp) && pb_may_trace()))
		return error(EACCES);

	pb_task *task = find_task(wanted.pid);

	if (!task)
		return error(ESRCH);
	cxxrt::scope_guard put_task([&] { pb_task_put(task); });

	return of.follow(task);
}

} // namespace perfbuf
