// SPDX-License-Identifier: GPL-2.0
/* The device as a whole, and its C entries (glue/entry.h): init, exit and sysfs. */
#include "device/file.hpp"
#include "device/show.hpp"
#include "device/task.h"
#include "device/text.hpp"
#include "device/tsc_clock.hpp"
#include "glue/glue.h"
#include "glue/trim.h"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::lock_guard;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class attach_lock_class{"perfbuf attach", {}};
constinit cxxrt::lock_class files_lock_class{"perfbuf open files", {}};
constinit cxxrt::lock_class nodes_lock_class{"perfbuf nodes", {}};

constinit device_state *device = nullptr;

u64 now_ns() noexcept
{
	return pb_clock_ns(1); /* CLOCK_MONOTONIC */
}

} // namespace

device_state::device_state() noexcept
	: attach_lock(attach_lock_class), open_files(files_lock_class),
	  nodes_mutex_(nodes_lock_class)
{
}

device_state &the_device() noexcept
{
	return *device;
}

void device_state::refresh_user_pages(const files &list) noexcept
{
	for (file *file = list.first; file; file = file->next_open_) {
		if (file->configured())
			file::refresh_user_page(*file->configured());
	}
}

void device_state::link(files &list, file &file) noexcept
{
	file.next_open_ = list.first;
	if (file.next_open_)
		file.next_open_->link_ = &file.next_open_;
	file.link_ = &list.first;
	list.first = &file;
}

void device_state::unlink(file &file) noexcept
{
	*file.link_ = file.next_open_;
	if (file.next_open_)
		file.next_open_->link_ = file.link_;
	if (file.configured())
		file.owner().gone.add(*file.configured());
}

void source_totals::add(const event &event) noexcept
{
	records += event.records();
	for (u32 i = 0; i < loss_causes; i++)
		lost[i] += event.losses().read(static_cast<loss_cause>(i));
}

source_totals device_state::totals(const source &of, const void *viewer) noexcept
{
	auto files = open_files.lock();

	return totals(*files, of, viewer);
}

source_totals device_state::totals(const files &list, const source &of, const void *viewer) noexcept
{
	source_totals sum;

	if (!viewer) {
		sum = of.gone;
		sum.bytes = of.gone_bytes.read_once();
	}
	for (file *file = list.first; file; file = file->next_open_) {
		if (&file->owner() != &of || !file->account().is_of(viewer))
			continue;
		sum.files++;
		if (!file->configured())
			continue;
		sum.add(*file->configured());
		sum.rings += file->owns_ring();
		sum.bytes += file->ring_bytes();
	}
	return sum;
}

source_rates device_state::rates(source &of) noexcept
{
	constexpr u64 second = 1000000000;
	auto files = open_files.lock();
	const source_totals totals = this->totals(*files, of, nullptr);
	const rate_mark now = {now_ns(), totals.records, totals.bytes, totals.all_lost()};
	rate_mark before = of.marks[0];

	if (now.time - of.marks[1].time >= second) {
		before = of.marks[0] = of.marks[1];
		of.marks[1] = now;
	}

	const u64 ms = (now.time - before.time) / 1000000 + 1;
	/* Rings come and go beside us. */
	const auto rate = [&](u64 from, u64 to) { return to > from ? (to - from) * 1000 / ms : 0; };

	return {rate(before.records, now.records), rate(before.bytes, now.bytes),
		rate(before.lost, now.lost), ms};
}

result<void> device_state::add(source &made, const pb_node_event *events, u32 event_count) noexcept
{
	lock_guard held(nodes_mutex_);
	u32 minor = PB_MINORS;
	{
		auto files = open_files.lock();

		for (u32 i = PB_MINORS; i--;) {
			if (!files->sources[i])
				minor = i;
			else if (equal(files->sources[i]->name(), made.name()))
				return error(EEXIST);
		}
		if (minor == PB_MINORS)
			return error(ENFILE);
		made.marks[0].time = made.marks[1].time = now_ns();
		/* Before the node, which can be opened as soon as it is there. */
		files->sources[minor] = &made;
	}

	const pb_node wanted = {
		.name = made.name(),
		.source = &made,
		.events = events,
		.event_count = event_count,
		.minor = minor,
		.mode = made.mode(),
	};
	const result<void> created = from_return(pb_node_create(&wanted, &nodes_[minor]));

	if (!created)
		open_files.lock()->sources[minor] = nullptr;
	return created ? result<void>() : created.error();
}

void device_state::remove(source &gone) noexcept
{
	lock_guard held(nodes_mutex_);
	u32 minor = 0;
	{
		auto files = open_files.lock();

		while (files->sources[minor] != &gone)
			minor++;
		files->sources[minor] = nullptr;
	}
	pb_node_destroy(nodes_[minor]);
}

void device_state::trim() noexcept
{
	/* No source goes meanwhile. */
	lock_guard held(nodes_mutex_);

	for (u32 minor = 0; minor < PB_MINORS; minor++) {
		source *source = open_files.lock()->sources[minor];

		if (source)
			source->trim();
	}
}

result<file *> device_state::open_file(u32 minor) noexcept
{
	check_tsc_clock();

	user_account *account = users.get_current();

	if (!account)
		return error(ENOMEM);

	result<file *> made = open_file(minor, *account);

	if (!made)
		account->put();
	return made;
}

result<source *> device_state::get_source(u32 minor) noexcept
{
	auto files = open_files.lock();
	source *from = minor < PB_MINORS ? files->sources[minor] : nullptr;

	if (!from)
		return error(ENXIO);
	if (from->is_for_tracers() && !pb_may_trace())
		return error(EACCES);
	if (!from->file_opened())
		return error(ENXIO);
	return from;
}

result<file *> device_state::open_file(u32 minor, user_account &account) noexcept
{
	source &from = *TRY(get_source(minor));
	/* Not under the lock, which all users take: docs/limits.md. */
	file *made = new (cxxrt::gfp::kernel) file(from, account);

	if (!made) {
		from.file_closed();
		from.file_freed();
		return error(ENOMEM);
	}
	made->publish();
	return made;
}

} // namespace perfbuf

using cxxrt::result;
using perfbuf::u32;

int perfbuf_init(void) noexcept
{
	perfbuf::device = new (cxxrt::gfp::kernel) perfbuf::device_state;
	if (!perfbuf::device)
		return -ENOMEM;

	for (u32 i = 0; perfbuf::sources_in_the_box[i]; i++) {
		const result<void> added =
			perfbuf::device->add(*perfbuf::sources_in_the_box[i], nullptr, 0);

		if (added)
			continue;
		while (i--)
			perfbuf::device->remove(*perfbuf::sources_in_the_box[i]);
		delete perfbuf::device;
		return added.error().as_return();
	}
	return 0;
}

/*
 * Every file is closed and every source of another module gone: the module's count says so. What
 * they left behind ends with pb_defer_stop().
 */
void perfbuf_exit(void) noexcept
{
	for (u32 i = 0; perfbuf::sources_in_the_box[i]; i++)
		perfbuf::device->remove(*perfbuf::sources_in_the_box[i]);

	perfbuf::device_state *gone = perfbuf::device;

	cxxrt::write_once(perfbuf::device, nullptr);
	pb_trim_cancel();
	delete gone;
}

void perfbuf_trim_events(void) noexcept
{
	perfbuf::device_state *device = cxxrt::read_once(perfbuf::device);

	if (device)
		device->trim();
}

/* A process that may trace sees the files of all users in sysfs, any other those of its own user.
 */
long perfbuf_source_show(void *source, const char *name, char *to, unsigned long bytes) noexcept
{
	const void *viewer = pb_may_trace_noaudit() ? nullptr : pb_user_current();
	perfbuf::source &of = *static_cast<perfbuf::source *>(source);
	perfbuf::text_writer out(to, bytes);
	const result<void> shown = perfbuf::show_source(of, viewer, name, out);

	return shown ? static_cast<long>(out.bytes()) : shown.error().as_return();
}

long perfbuf_source_store(void *source, const char *name, const char *text) noexcept
{
	if (!perfbuf::equal(name, "recorder"))
		return -EINVAL;
	return static_cast<perfbuf::source *>(source)->change_recorder(text).as_return();
}

long perfbuf_readers_show(void *source, void *filp, __u64 position, char *to,
			  unsigned long bytes) noexcept
{
	const void *viewer = pb_file_may_trace(filp) ? nullptr : pb_user_of_file(filp);

	return static_cast<long>(perfbuf::show_readers(*static_cast<perfbuf::source *>(source),
						       viewer, position, to, bytes));
}
