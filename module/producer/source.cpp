// SPDX-License-Identifier: GPL-2.0
/* Registration of a source by another module, and its end. source_files.cpp has its files. */
#include "producer/source.hpp"

#include "device/file.hpp"
#include "device/text.hpp"
#include "glue/producer.h"
#include "producer/names.hpp"
#include "producer/recording.hpp"

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

constinit cxxrt::lock_class source_lock_class{"perfbuf producer", {}};
constinit cxxrt::lock_class owner_lock_class{"perfbuf producer's module", {}};

/* The first version of perfbuf/event.h whose perfbuf_source has a recorder. */
constexpr u32 recorder_abi = 4;

constexpr u32 all_contexts = (1u << nesting_levels) - 1;

const char *reason(error why) noexcept
{
	switch (why.code()) {
	case ENAMETOOLONG:
		return "is too long";
	case EEXIST:
		return "is there already";
	case EBUSY:
		return "is registered already";
	case E2BIG:
		return "is too large";
	case ENOSPC:
		return "gets no id: all are taken";
	case ENOMEM:
		return "gets no memory";
	case ENFILE:
		return "gets no node: there are too many";
	}
	return "is not allowed";
}

/* Writes the reason to the kernel's log. Returns @why. Process context. */
error refuse(const char *source, const char *refused, error why) noexcept
{
	pb_log_refusal(source ? source : "", refused ? refused : "", reason(why));
	return why;
}

} // namespace

/* ---------------------------------------------------------------- registration */

typed_source::typed_source(perfbuf_source &made, void *owner) noexcept
	: made_(&made), owner_(owner), mode_(made.mode ? made.mode : 0600),
	  takes_writes_(made.ops && made.ops->write), event_count_(made.event_count),
	  mutex_(source_lock_class), aux_(*this), references_(1),
	  owner_references_(owner_lock_class)
{
}

typed_source::~typed_source()
{
	for (u32 i = 0; i < event_count_; i++)
		events_[i].~typed_event();
	cxxrt_free(events_);
	cxxrt_free(nodes_);
}

void typed_source::put() noexcept
{
	if (references_.put())
		delete this;
}

result<void> typed_source::set_up_event(u32 index) noexcept
{
	perfbuf_event *made = made_->events[index];

	if (!made || !made->name)
		return refuse(name_, "an event without a name", error(EINVAL));
	for (u32 i = 0; i < index; i++) {
		if (equal(made_->events[i]->name, made->name))
			return refuse(name_, made->name, error(EEXIST));
	}
	TRY(events_[index].set_up(*made, name_, made_->contexts ? made_->contexts : all_contexts));
	nodes_[index] = events_[index].node();
	return {};
}

result<void> typed_source::set_up() noexcept
{
	text_writer(name_, sizeof(name_) - 1).string(made_->name);
	text_writer(description_, sizeof(description_) - 1).string(made_->description);

	nodes_ = static_cast<pb_node_event *>(
		cxxrt_alloc(u64{event_count_} * sizeof(*nodes_), PB_GFP_KERNEL));
	events_ = static_cast<typed_event *>(
		cxxrt_alloc(u64{event_count_} * sizeof(*events_), PB_GFP_KERNEL));
	if (!nodes_ || !events_) {
		event_count_ = 0;
		return refuse(name_, "the source", error(ENOMEM));
	}
	for (u32 i = 0; i < event_count_; i++)
		::new (&events_[i]) typed_event;
	for (u32 i = 0; i < event_count_; i++)
		TRY(set_up_event(i));

	const result<void> with_aux = aux_.set_up(*made_);

	if (!with_aux)
		return refuse(name_, "its AUX area", with_aux.error());
	return {};
}

result<void> typed_source::add(perfbuf_source &made, void *owner, u32 abi) noexcept
{
	const result<void> named = check_name(made.name, true);

	if (!named)
		return refuse(made.name, made.name, named.error());
	if (!made.description || (made.mode & ~0777u) || (made.event_count && !made.events))
		return refuse(made.name, "its description, mode or events", error(EINVAL));
	if (made.contexts & ~all_contexts)
		return refuse(made.name, "its contexts", error(EINVAL));
	if (made.registered)
		return refuse(made.name, made.name, error(EBUSY));

	unique_ptr<typed_source> fresh = TRY(make<typed_source>(gfp::kernel, made, owner));

	TRY(fresh->set_up());
	if (recording::get() && abi >= recorder_abi)
		TRY(recording::get()->begin(*fresh, made));

	for (u32 i = 0; i < fresh->event_count_; i++)
		fresh->events_[i].publish();

	const result<void> added = the_device().add(*fresh, fresh->nodes_, fresh->event_count_);

	if (!added) {
		/* The node may have been there for a moment, and files may be open on it. */
		typed_source *gone = fresh.release();

		gone->withdraw();
		gone->put();
		return refuse(made.name, made.name, added.error());
	}
	cxxrt::store_release(made.registered, fresh.release());
	return {};
}

/*
 * No file can be opened once the node is gone. Those that are open are put in error: their outputs
 * stop, and leave the lists that emissions walk. A file that is just being opened joins before,
 * and is found here, or after, and is refused.
 */
void typed_source::withdraw() noexcept
{
	lock_guard held(mutex_);
	perfbuf_source &made = *made_;

	for (output_file *file = files_; file; file = file->next)
		file->owner().source_gone();
	for (output_file *file = files_; file; file = file->next)
		file->on_removed(made);
	aux_.withdraw();
	for (u32 i = 0; i < event_count_; i++)
		events_[i].withdraw();
	if (recorder_)
		recording::get()->end(*this);
	if (files_ && made.ops && made.ops->stop)
		made.ops->stop(&made);
	made_ = nullptr;
	return_owner();
}

/*
 * No file calls the owner any more, so none needs it. If the owner's init fails after it has
 * registered, the kernel frees the owner whatever references are left, and a later module_put()
 * would write to freed memory.
 */
void typed_source::return_owner() noexcept
{
	auto held = owner_references_.lock();

	held->returned = true;
	for (; held->count; held->count--)
		pb_module_put(owner_);
}

void typed_source::remove(perfbuf_source &made) noexcept
{
	auto *gone = static_cast<typed_source *>(made.registered);

	if (!gone)
		return;
	/* After a grace period, no call of dump() is inside, and none finds it. */
	cxxrt::write_once(made.registered, nullptr);
	cxxrt_synchronize_rcu();
	if (gone->dumps_)
		gone->dumps_->finish();
	the_device().remove(*gone);
	gone->withdraw();
	gone->put();
}

/* ---------------------------------------------------------------- its recorder */

void typed_source::set_dumps(unique_ptr<dump_requests> dumps) noexcept
{
	dumps_ = std::move(dumps);
}

result<void> typed_source::dump(perfbuf_source &made, void *device) noexcept
{
	auto *source = static_cast<typed_source *>(cxxrt::load_acquire(made.registered));

	if (!source)
		return error(ENODEV);
	if (!source->dumps_)
		return error(EOPNOTSUPP);
	return source->dumps_->request(device);
}

void typed_source::show_recorder(text_writer &out) noexcept
{
	lock_guard held(mutex_);

	if (made_ && recording::get())
		recording::get()->show(*this, out);
}

result<void> typed_source::change_recorder(const char *text) noexcept
{
	lock_guard held(mutex_);

	if (!made_)
		return error(ENODEV);
	if (!recording::get())
		return error(EOPNOTSUPP);
	return recording::get()->change(*this, text);
}

} // namespace perfbuf

int perfbuf_producer_register(struct perfbuf_source *source, void *owner, __u32 abi) noexcept
{
	/* A source of another version has another layout: nothing in it is read. */
	if (abi < PERFBUF_ABI_OLDEST || abi > PERFBUF_ABI) {
		pb_log_other_abi(owner, abi);
		return -EPROTO;
	}
	return perfbuf::typed_source::add(*source, owner, abi).as_return();
}

void perfbuf_producer_unregister(struct perfbuf_source *source) noexcept
{
	perfbuf::typed_source::remove(*source);
}

int perfbuf_producer_dump(struct perfbuf_source *source, void *device) noexcept
{
	return perfbuf::typed_source::dump(*source, device).as_return();
}
