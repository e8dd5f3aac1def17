// SPDX-License-Identifier: GPL-2.0
/*
 * The file operations of an open node, and its release. PERFBUF_IOC_OPEN is in file_open.cpp,
 * PERF_EVENT_IOC_ENABLE and others in file_control.cpp, PERF_EVENT_IOC_SET_OUTPUT in
 * file_output.cpp, writes in file_write.cpp, mmap(2) in map.cpp.
 */
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

} // namespace

file::file(source &from, user_account &account) noexcept
	: source_(from), account_(account), open_mutex_(open_lock_class),
	  map_mutex_(map_lock_class), reclaim_work_(*this, reclaim)
{
	pb_waitqueue_init(&waitqueue_);
	opened_by_.process = pb_pid_get_current();
	pb_current_name(opened_by_.name);
}

file::~file()
{
	delete configured();
	pb_pid_put(opened_by_.process);
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
	/* put() here and not in the destructor: the accounts are freed with the module's device. */
	account_.put();
	/* No sample of this event is being written any more. */
	linked_.put();
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

/* ---------------------------------------------------------------- SET_FILTER, CHECK_FILTER */

namespace
{

/* Calls @use with the text at user address @from. */
template <typename Use>
result<void> with_filter_text(u64 from, Use use) noexcept
{
	constexpr u32 bytes = 1024;
	char *text = static_cast<char *>(cxxrt_alloc(bytes, PB_GFP_KERNEL));

	if (!text)
		return error(ENOMEM);
	cxxrt::scope_guard free_text([&] { cxxrt_free(text); });

	TRY(from_return(pb_copy_text_from_user(text, from, bytes)));
	return use(text);
}

} // namespace

result<void> file::set_filter(event &of, u64 argument) noexcept
{
	return with_filter_text(argument, [&](const char *text) noexcept {
		return of.producer().set_filter(text);
	});
}

result<void> file::check_filter(event &of, u64 argument) noexcept
{
	perfbuf_filter_check check;

	TRY(from_return(pb_copy_from_user(&check, argument, sizeof(check))));
	check = {.text = check.text, .error = 0, .reason = 0, .at = 0, .bytes = 0};
	TRY(with_filter_text(check.text, [&](const char *text) noexcept {
		return of.producer().check_filter(text, check);
	}));
	return from_return(pb_copy_to_user(argument, &check, sizeof(check)));
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

result<u64> file::ioctl(void *filp, u32 request, u64 argument) noexcept
{
	if (request == PERFBUF_IOC_WRITE)
		return write_parts(filp, argument);
	/* All other requests need a file that is open for reading. */
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

	if (request == PERFBUF_IOC_OPEN_GROUP) {
		TRY(open_sibling(filp, argument));
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
	case PERF_EVENT_IOC_DISABLE:
	case PERF_EVENT_IOC_RESET:
		TRY(control(*mine, request, argument & PERF_IOC_FLAG_GROUP));
		return u64{0};
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
	case PERFBUF_IOC_CHECK_FILTER:
		TRY(check_filter(*mine, argument));
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
	case PERFBUF_IOC_FENCE: {
		const perf_event_attr &attr = mine->attr();

		value = the_device().fence.time(attr.use_clockid ? attr.clockid : -1);
		TRY(from_return(pb_copy_to_user(argument, &value, sizeof(value))));
		return u64{0};
	}
	case PERFBUF_IOC_POSITIONS:
		TRY(copy_positions(*mine, argument));
		return u64{0};
	case PERFBUF_IOC_COPY_RING:
		TRY(copy_ring(*mine, argument));
		return u64{0};
	case PERFBUF_IOC_FOLLOW:
		TRY(follow(filp, *mine, argument));
		return u64{0};
	case PERF_EVENT_IOC_MODIFY_ATTRIBUTES:
		TRY(modify(*mine, argument));
		break;
	case PERF_EVENT_IOC_PAUSE_OUTPUT:
		TRY(mine->pause_output(argument));
		return u64{0};
	default:
		return refuse(request, argument);
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

	const u64 format = mine->attr().read_format;
	event_group *group = format & PERF_FORMAT_GROUP ? mine->group() : nullptr;
	u64 on_stack[event::read_words_max];
	u64 *words = on_stack;

	if (group) {
		words = static_cast<u64 *>(
			cxxrt_alloc(sizeof(u64) * (event_group::read_words_max + 1 + loss_causes),
				    PB_GFP_KERNEL));
		if (!words)
			return error(ENOMEM);
	}
	cxxrt::scope_guard free_words([&] {
		if (words != on_stack)
			cxxrt_free(words);
	});

	mine->flush_lost();

	u32 n = group ? group->read_values(*mine, words) : mine->read_values(words);

	if (format & PERFBUF_FORMAT_LOST_CAUSES)
		n += mine->put_causes(words + n);

	const u64 needed = n * sizeof(u64);

	if (bytes < needed)
		return error(ENOSPC);
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

	/* After the end of the event the reader gets the rest, however little it is. */
	if (ring && (ring->readable() || ring->aux_readable() ||
		     (ready && (ring->unread() || ring->aux_unread()))))
		ready |= POLLIN | POLLRDNORM;
	pb_preempt_enable();
	return ready;
}

} // namespace perfbuf
