// SPDX-License-Identifier: GPL-2.0
/* The files of a source that another module registered: they open, join, leave and close. */
#include "device/attr.hpp"
#include "glue/producer.h"
#include "producer/aux_stream.hpp"
#include "producer/output_stream.hpp"
#include "producer/source.hpp"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::gfp;
using cxxrt::lock_guard;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constexpr u64 supported_fields = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
				 PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER |
				 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
				 PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
				 PERF_SAMPLE_STACK_USER | PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC;

} // namespace

bool typed_source::file_opened() noexcept
{
	auto held = owner_references_.lock();

	if (held->returned || !pb_module_get(owner_))
		return false;
	held->count++;
	get();
	return true;
}

void typed_source::file_closed() noexcept
{
	auto held = owner_references_.lock();

	if (held->returned)
		return;
	held->count--;
	pb_module_put(owner_);
}

typed_event *typed_source::find(u64 id) const noexcept
{
	for (u32 i = 0; i < event_count_; i++) {
		if (events_[i].id() == id)
			return &events_[i];
	}
	return nullptr;
}

result<void> typed_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.type != PERF_TYPE_TRACEPOINT || !find(attr.config))
		return error(ENOENT);
	/* Only a source that fills an AUX area uses these. */
	if ((attr.config1 || attr.config2) && !aux_.abilities(attr))
		return error(EOPNOTSUPP);
	/* Producers do not get config3. */
	if (config3(attr))
		return error(EOPNOTSUPP);
	/* Events occur in the kernel, on a CPU that is not idle. */
	if (attr.freq || attr.exclude_kernel || attr.exclude_idle ||
	    attr.sample_type & ~supported_fields)
		return error(EOPNOTSUPP);
	return {};
}

template <typename Stream>
result<unique_ptr<stream>> typed_source::open_as(event &owner) noexcept
{
	auto made = TRY(make<Stream>(gfp::kernel, owner, *this, *find(owner.attr().config)));

	TRY(made->open());
	return unique_ptr<stream>(made.release());
}

result<unique_ptr<stream>> typed_source::open(event &owner) noexcept
{
	if (aux_.abilities(owner.attr())) {
		if (!owner.target())
			return open_as<aux_stream<on_one_cpu<aux_output>>>(owner);
		if (!aux_.follows_tasks())
			return error(EOPNOTSUPP);
		return open_as<aux_stream<on_tasks<aux_output>>>(owner);
	}
	if (owner.target())
		return open_as<output_stream<on_tasks<output>>>(owner);
	return open_as<output_stream<on_one_cpu<output>>>(owner);
}

result<void> typed_source::add_file(output_file &file) noexcept
{
	lock_guard held(mutex_);

	if (!made_)
		return error(ENODEV);
	TRY(file.source_event().reserve_reader(file.owner().cpu(), file.owner().limited_members(),
					       readers_of_user(file)));
	file.is_counted = true;

	result<void> added;

	if (!files_ && made_->ops && made_->ops->start)
		added = from_return(made_->ops->start(made_));
	if (!added) {
		release_reader_locked(file);
		return added;
	}
	added = file.on_added(*made_);
	if (!added) {
		release_reader_locked(file);
		stop_if_unused();
		return added;
	}
	file.next = files_;
	files_ = &file;
	file.source_event().add_file();
	return {};
}

void typed_source::remove_file(output_file &file) noexcept
{
	lock_guard held(mutex_);
	output_file **link = &files_;

	while (*link != &file)
		link = &(*link)->next;
	*link = file.next;
	release_reader_locked(file);
	file.source_event().remove_file();
	if (!made_)
		return;
	file.on_removed(*made_);
	stop_if_unused();
}

void typed_source::trim() noexcept
{
	lock_guard held(mutex_);

	for (u32 i = 0; made_ && i < event_count_; i++)
		events_[i].trim();
}

/* Counts at least as many as there are on the CPU of @file; more if @file is on any CPU. */
u32 typed_source::readers_of_user(output_file &file) const noexcept
{
	const event &mine = file.owner();
	u32 readers = 0;

	if (!mine.limited_members())
		return 0;
	for (output_file *other = files_; other; other = other->next) {
		const event &theirs = other->owner();

		readers += other->is_counted && &other->source_event() == &file.source_event() &&
			   theirs.limited_members() == mine.limited_members() &&
			   (mine.cpu() < 0 || theirs.cpu() < 0 || theirs.cpu() == mine.cpu());
	}
	return readers;
}

void typed_source::release_reader_locked(output_file &file) noexcept
{
	if (std::exchange(file.is_counted, false))
		file.source_event().release_reader(file.owner().cpu());
}

void typed_source::release_reader(output_file &file) noexcept
{
	lock_guard held(mutex_);

	release_reader_locked(file);
}

void typed_source::detach(output_file &file) noexcept
{
	lock_guard held(mutex_);

	if (made_)
		file.on_removed(*made_);
}

void typed_source::stop_if_unused() noexcept
{
	if (!files_ && made_->ops && made_->ops->stop)
		made_->ops->stop(made_);
}

result<u32> typed_source::write(const written_part *parts, u32 count) noexcept
{
	lock_guard held(mutex_);

	if (!made_)
		return error(ENODEV);
	for (u32 i = 0; i < count; i++) {
		auto taken = from_return(made_->ops->write(made_, parts[i].data, parts[i].bytes));

		if (!taken && !i)
			return taken.error();
		if (!taken)
			return i;
	}
	return count;
}

result<unique_ptr<filter>> typed_source::parse_filter(const typed_event &of, const char *text,
						      perfbuf_filter_check *where) noexcept
{
	unique_ptr<filter> made = TRY(make<filter>(gfp::kernel));
	lock_guard held(mutex_);

	if (!made_)
		return error(ENODEV);
	TRY(of.parse_filter(*made, text, where));
	return made;
}

} // namespace perfbuf
