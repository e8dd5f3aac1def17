// SPDX-License-Identifier: GPL-2.0
/* What a file does but for mapping, which is in map.cpp. */
#include "device/file.hpp"

#include "device/attr.hpp"
#include "device/aux.hpp"
#include "device/dummy.hpp"
#include "glue/glue.h"

#include <asm/poll.h>
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

constinit cxxrt::lock_class open_lock_class{"perfbuf file open", {}};
constinit cxxrt::lock_class map_lock_class{"perfbuf file map", {}};

/* Flags of perf_event_open(2). */
constexpr u64 known_flags =
	PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT | PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC;
constexpr u64 supported_flags = PERF_FLAG_FD_CLOEXEC;

result<void> check_flags(u64 flags) noexcept
{
	if (flags & ~known_flags)
		return error(EINVAL);
	if (flags & ~supported_flags)
		return error(EOPNOTSUPP);
	return {};
}

/* perf's order: a task that is not there, then a CPU that cannot be, then one that is offline. */
result<pb_task *> find_target(s32 pid, s32 cpu) noexcept
{
	pb_task *target = nullptr;

	if (pid != -1) {
		target = pb_task_find(pid);
		if (!target)
			return error(ESRCH);
	}
	cxxrt::scope_guard put_target([&] { pb_task_put(target); });

	if (static_cast<u32>(cpu) >= pb_nr_cpu_ids() && !(target && cpu == -1))
		return error(EINVAL);
	if (!target && !pb_cpu_is_online(cpu))
		return error(ENODEV);
	put_target.dismiss();
	return target;
}

/*
 * Who may open the node and has no CAP_PERFMON: what the source tells, of all or of the own
 * process, and nothing that the source does not: no kernel addresses, no records of other tasks,
 * and no user memory, registers or maps: the own process may become one of another user (exec).
 */
result<void> check_unprivileged(const perf_event_attr &attr, const perfbuf_open &wanted) noexcept
{
	const u64 of_tasks = PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;

	if (attr.sample_type & (PERF_SAMPLE_IP | PERF_SAMPLE_ADDR))
		return error(EACCES);
	if (attr.sample_type & of_tasks || attr.mmap || attr.mmap2 || attr.mmap_data)
		return error(EACCES);
	if (wanted.pid > 0)
		return error(EACCES);
	if (wanted.pid == -1 && (attr.task || attr.comm || attr.context_switch))
		return error(EACCES);
	return {};
}

} // namespace

file::file(source &from, user_account &account) noexcept
	: source_(from), account_(account), open_mutex_(open_lock_class),
	  map_mutex_(map_lock_class), reclaim_work_(*this, reclaim)
{
	pb_waitqueue_init(&waitqueue_);
}

file::~file()
{
	delete configured();
	source_.file_freed();
}

const aux_abilities *file::aux_of(const perf_event_attr &attr) const noexcept
{
	const aux_source *fills = is_dummy(attr) ? nullptr : source_.aux();

	return fills ? fills->abilities(attr) : nullptr;
}

u64 file::ring_bytes() const noexcept
{
	u64 bytes = 0;

	/* The ring stays while preemption is off. */
	pb_preempt_disable();
	perf_buffer *ring = configured()->ring();

	if (ring && ring->first_target() == this)
		bytes = ring->bytes();
	pb_preempt_enable();
	return bytes;
}

void file::publish() noexcept
{
	auto files = the_device().open_files.lock();

	device_state::link(*files, *this);
}

void file::release() noexcept
{
	event *mine = configured();

	if (mine) {
		mine->shut_down();
		mine->producer().closed();
		lock_guard held(the_device().attach_lock);

		attach(*mine, nullptr);
		account_.give_event();
	}
	{
		auto files = the_device().open_files.lock();

		device_state::unlink(*this);
	}
	/* Not with our memory: the accounts go with the module's device. */
	account_.put();
	/* No sample of ours is being written any more. */
	if (linked_)
		pb_fd_put(linked_);
	source_.file_closed();
	reclaim_work_.start();
}

/* A grace period after release(): no writer has the event and no wakeup the file. */
void file::reclaim(file &self) noexcept
{
	delete &self;
}

void file::wake() noexcept
{
	event *mine = configured();

	pb_file_wake(&waitqueue_, &fasync_, mine && mine->take_hangup());
}

/* ---------------------------------------------------------------- PERFBUF_IOC_OPEN */

result<void> file::open_event(void *filp, u64 argument) noexcept
{
	perfbuf_open wanted;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	return make_event(filp, wanted, nullptr);
}

result<void> file::open_linked(void *filp, u64 argument) noexcept
{
	perfbuf_open_linked wanted;
	void *held;

	TRY(from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	if (wanted.reserved)
		return error(EINVAL);

	file *linked = static_cast<file *>(pb_fd_get(wanted.aux_fd, &held));

	if (!linked)
		return error(EBADF);
	cxxrt::scope_guard put_linked([&] { pb_fd_put(held); });

	if (!linked->configured())
		return error(linked == this ? EINVAL : EBADFD);
	TRY(make_event(filp, wanted.open, linked));
	put_linked.dismiss();
	linked_ = held;
	return {};
}

result<void> file::make_event(void *filp, const perfbuf_open &wanted, file *linked) noexcept
{
	perf_event_attr attr = {};

	const bool is_tracer = pb_file_may_trace(filp);

	if (!is_tracer && source_.is_for_tracers())
		return error(EACCES);
	TRY(check_flags(wanted.flags));
	TRY(copy_attr(attr, wanted.attr));
	TRY(check_ranges(attr));
	if (!is_tracer)
		TRY(check_unprivileged(attr, wanted));

	pb_task *target = TRY(find_target(wanted.pid, wanted.cpu));
	cxxrt::scope_guard put_target([&] { pb_task_put(target); });

	const bool dummy = is_dummy(attr);

	if (!dummy)
		TRY(source_.check(attr));

	event *aux_event = linked ? linked->configured() : nullptr;
	const aux_abilities *linked_aux = linked ? linked->aux_of(aux_event->attr()) : nullptr;

	/* As with perf's groups: what is not the same cannot be sampled together. */
	if (linked &&
	    (!linked_aux || aux_event->cpu() != wanted.cpu || aux_event->target() != target))
		return error(EINVAL);
	TRY(check_support(attr, aux_of(attr), linked_aux));

	/* A file has one event: a second opener finds the first one's. Not map_mutex_: mmap_lock is
	 * taken outside of that one, and inside of the locks that a source may take. */
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

	made->link_aux(aux_event);
	if (!is_tracer && !pb_may_exceed_limits())
		made->limit_members(account_.members());
	made->set_stream(TRY(dummy ? open_dummy(*made) : source_.open(*made)));
	/* The stream is in lists, and the file the owner of both: nothing may fail from here on. */
	give_event.dismiss();
	event_.store_release(made.get());
	if (!attr.disabled)
		(void)made->enable();
	made.release();
	return {};
}

/* ---------------------------------------------------------------- SET_FILTER */

result<void> file::set_filter(event &of, u64 argument) noexcept
{
	constexpr u32 bytes = 1024;
	char *text = static_cast<char *>(cxxrt_alloc(bytes, PB_GFP_KERNEL));

	if (!text)
		return error(ENOMEM);
	cxxrt::scope_guard free_text([&] { cxxrt_free(text); });

	TRY(from_return(pb_copy_text_from_user(text, argument, bytes)));
	return of.producer().set_filter(text);
}

/* ---------------------------------------------------------------- SET_OUTPUT */

/* Under the attach lock. Writers find the old ring or the new one; both stay for a grace period. */
void file::attach(event &to, perf_buffer *ring) noexcept
{
	perf_buffer *old = to.ring();

	if (old) {
		old->detach(*this);
		if (!old->first_target())
			source_.gone_bytes.fetch_add(old->bytes());
	}
	if (ring) {
		ring->get();
		ring->attach(*this);
	}
	to.set_ring(ring);
	if (!old)
		return;
	/* The AUX transaction of the old ring ends there: unmapping the old area does not look
	 * here. */
	if (source_.aux())
		to.producer().stop_aux();

	/* Wakeups that were just walking the old list may have left it with us. */
	old->repeat_wakeups();
	old->put();
}

/*
 * One source sets an area up, and no other source that fills areas may share its ring: any file of
 * the ring may be the one that maps the area. Under the attach lock.
 */
bool file::may_share_aux(perf_buffer &ring) const noexcept
{
	if (!source_.aux())
		return true;
	for (wake_target *one = ring.first_target(); one; one = one->next.read_once()) {
		const file *other = static_cast<file *>(one);

		if (other->source_.aux() && &other->source_ != &source_)
			return false;
	}
	return true;
}

/* A wakeup walks all files of the ring in an interrupt, and each may signal many tasks. Under the
 * attach lock. */
bool file::has_place_for(const event &one, perf_buffer &ring) noexcept
{
	if (!one.limited_members())
		return true;

	u64 left = pb_param_ring_files_max();

	for (wake_target *other = ring.first_target(); other && left;
	     other = other->next.read_once())
		left--;
	return left;
}

result<void> file::redirect(event &redirected, file *target) noexcept
{
	lock_guard mapping(map_mutex_);

	/* A mapped event keeps its ring. */
	if (mappings_)
		return error(EINVAL);

	lock_guard held(the_device().attach_lock);
	perf_buffer *ring = nullptr;

	if (target) {
		ring = target->configured()->ring();
		if (!ring || !may_share_aux(*ring))
			return error(EINVAL);
		if (ring != redirected.ring() && !has_place_for(redirected, *ring))
			return error(ENOSPC);
	}
	attach(redirected, ring);
	/* Who sleeps in poll() looks again: the new ring may have been readable before. */
	if (ring)
		wake();
	return {};
}

result<void> file::set_output(event &redirected, u64 argument) noexcept
{
	if (argument == ~u64{0})
		return redirect(redirected, nullptr);

	void *held;
	file *target = static_cast<file *>(pb_fd_get(static_cast<s32>(argument), &held));

	if (!target)
		return error(EBADF);
	cxxrt::scope_guard put_target([&] { pb_fd_put(held); });
	const event *to = target->configured();

	if (!to)
		return error(EBADFD);

	const perf_event_attr &mine = redirected.attr();
	const perf_event_attr &theirs = to->attr();

	/* One ring has one writer CPU or one task, one clock and one direction. */
	if (target == this || to->cpu() != redirected.cpu())
		return error(EINVAL);
	if (to->cpu() == -1 && to->target() != redirected.target())
		return error(EINVAL);
	/* Children would write from several CPUs: as with mmap(), which refuses it, too. */
	if (to->cpu() == -1 && mine.inherit)
		return error(EINVAL);
	if (mine.use_clockid != theirs.use_clockid ||
	    (mine.use_clockid && mine.clockid != theirs.clockid))
		return error(EINVAL);
	if (mine.write_backward != theirs.write_backward)
		return error(EINVAL);
	return redirect(redirected, target);
}

/* ---------------------------------------------------------------- PERFBUF_IOC_RING */

result<void> file::choose_ring(event &of, u64 argument) noexcept
{
	constexpr u64 latency_min = 10000;
	constexpr u64 latency_max = 3600ull * 1000000000;
	perfbuf_ring wanted = {};

	TRY(from_return(pb_copy_from_user(&wanted.size, argument, sizeof(wanted.size))));
	if (wanted.size < sizeof(wanted) || wanted.size > page_size)
		return error(EINVAL);
	TRY(from_return(pb_copy_struct_from_user(&wanted, sizeof(wanted), argument, wanted.size)));
	if (wanted.storage > PERFBUF_STORAGE_MIRRORED || wanted.flags & ~PERFBUF_RING_NO_WAKEUP ||
	    wanted.reserved)
		return error(EINVAL);
	if (wanted.wakeup_latency &&
	    (wanted.wakeup_latency < latency_min || wanted.wakeup_latency > latency_max))
		return error(EINVAL);

	lock_guard held(map_mutex_);
	const auto storage = static_cast<storage_kind>(wanted.storage);

	if (mappings_ && storage != chosen_.storage)
		return error(EBUSY);

	const bool send_wakeups = !(wanted.flags & PERFBUF_RING_NO_WAKEUP);
	cxxrt::ref<perf_buffer> ring = ring_of(of);

	if (ring) {
		/* Other files may choose for the same ring. */
		auto mapping = ring->mapping().lock();

		TRY(ring->set_wakeups(wanted.wakeup_latency, send_wakeups));
	}
	chosen_ = {storage, wanted.wakeup_latency, send_wakeups};
	return {};
}

/* ---------------------------------------------------------------- system calls */

/* What perf has for BPF programs and breakpoints: its errno for any other event. */
error file::refuse(const event &mine, u32 request, u64 argument) noexcept
{
	perf_event_attr attr = {};

	switch (request) {
	case PERF_EVENT_IOC_SET_BPF:
		return error(pb_fd_exists(static_cast<s32>(argument)) ? EINVAL : EBADF);
	case PERF_EVENT_IOC_QUERY_BPF:
		return error(EINVAL);
	case PERF_EVENT_IOC_MODIFY_ATTRIBUTES:
		break;
	default:
		return error(ENOTTY);
	}

	const result<void> copied = copy_attr(attr, argument);

	if (!copied)
		return copied.error();
	if (!check_ranges(attr) || attr.type != mine.attr().type)
		return error(EINVAL);
	return error(EOPNOTSUPP);
}

result<u64> file::ioctl(void *filp, u32 request, u64 argument) noexcept
{
	if (request == PERFBUF_IOC_WRITE)
		return write_parts(filp, argument);
	/* All other requests are of a reader. */
	if (!pb_file_is_readable(filp))
		return error(EBADF);
	if (request == PERFBUF_IOC_OPEN) {
		TRY(open_event(filp, argument));
		return u64{0};
	}
	if (request == PERFBUF_IOC_OPEN_LINKED) {
		TRY(open_linked(filp, argument));
		return u64{0};
	}

	event *mine = configured();
	u64 value;

	if (!mine)
		return error(EBADFD);
	if (mine->state() == event_state::error)
		return error(ENODEV);

	switch (request) {
	case PERF_EVENT_IOC_ENABLE:
		TRY(mine->enable());
		break;
	case PERF_EVENT_IOC_DISABLE:
		mine->disable();
		break;
	case PERF_EVENT_IOC_RESET:
		mine->reset();
		break;
	case PERF_EVENT_IOC_REFRESH:
		TRY(mine->refresh(static_cast<u32>(argument)));
		break;
	case PERF_EVENT_IOC_PERIOD:
		TRY(from_return(pb_copy_from_user(&value, argument, sizeof(value))));
		TRY(mine->set_period(value));
		break;
	case PERF_EVENT_IOC_SET_FILTER:
		TRY(set_filter(*mine, argument));
		return u64{0};
	case PERF_EVENT_IOC_ID:
		value = mine->id();
		TRY(from_return(pb_copy_to_user(argument, &value, sizeof(value))));
		return u64{0};
	case PERF_EVENT_IOC_SET_OUTPUT:
		TRY(set_output(*mine, argument));
		return u64{0};
	case PERFBUF_IOC_RING:
		TRY(choose_ring(*mine, argument));
		return u64{0};
	case PERF_EVENT_IOC_PAUSE_OUTPUT:
		TRY(mine->pause_output(argument));
		return u64{0};
	default:
		return refuse(*mine, request, argument);
	}

	refresh_user_page(*mine);
	return u64{0};
}

cxxrt::ref<perf_buffer> file::ring_of(event &of) noexcept
{
	lock_guard held(the_device().attach_lock);

	return cxxrt::ref<perf_buffer>::share(of.ring());
}

void file::refresh_user_page(event &of) noexcept
{
	cxxrt::ref<perf_buffer> ring = ring_of(of);

	if (ring)
		of.update_user_page(*ring);
}

result<u64> file::read(u64 to, u64 bytes) noexcept
{
	event *mine = configured();

	if (!mine)
		return error(EBADFD);
	if (mine->state() == event_state::error)
		return u64{0};

	const u64 needed = mine->read_words() * sizeof(u64);
	u64 words[event::read_words_max];

	if (bytes < needed)
		return error(ENOSPC);
	mine->flush_lost();
	mine->read_values(words);
	TRY(from_return(pb_copy_to_user(to, words, needed)));
	return needed;
}

u32 file::poll() noexcept
{
	event *mine = configured();

	if (!mine)
		return POLLERR;

	mine->flush_lost();

	u32 ready = 0;

	switch (mine->state()) {
	case event_state::exited:
		ready = POLLHUP;
		break;
	case event_state::error:
		ready = POLLERR | POLLHUP;
		break;
	default:
		break;
	}

	/* The ring stays while preemption is off. */
	pb_preempt_disable();
	perf_buffer *ring = mine->ring();

	/* At the end, what is left is worth reading however little it is. */
	if (ring && (ring->readable() || ring->aux_readable() ||
		     (ready && (ring->unread() || ring->aux_unread()))))
		ready |= POLLIN | POLLRDNORM;
	pb_preempt_enable();
	return ready;
}

} // namespace perfbuf
