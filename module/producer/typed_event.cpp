// SPDX-License-Identifier: GPL-2.0
#include "producer/source.hpp"

#include "device/text.hpp"
#include "glue/producer.h"
#include "producer/format.hpp"
#include "producer/names.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

error refuse(const char *source, const char *what, const char *why, error code) noexcept
{
	pb_log_refusal(source, what, why);
	return code;
}

/* @contexts: a u32 of the declared ones. */
void close_undeclared(void *contexts, void *at) noexcept
{
	for (u32 level = 0; level < nesting_levels; level++) {
		if (!(*static_cast<const u32 *>(contexts) & 1u << level))
			static_cast<listeners *>(at)->busy.at(static_cast<nesting>(level)).close();
	}
}
static_assert(PERFBUF_CONTEXT_TASK == 1u << static_cast<u32>(nesting::task));
static_assert(PERFBUF_CONTEXT_SOFTIRQ == 1u << static_cast<u32>(nesting::softirq));
static_assert(PERFBUF_CONTEXT_HARDIRQ == 1u << static_cast<u32>(nesting::irq));
static_assert(PERFBUF_CONTEXT_NMI == 1u << static_cast<u32>(nesting::nmi));

} // namespace

typed_event::~typed_event()
{
	/* Set up, and never published. */
	if (made_)
		made_->registered = nullptr;
	if (held_id_)
		pb_trace_id_put(held_id_);
	pb_percpu_free(listeners_);
	cxxrt_free(const_cast<char *>(node_.format));
}

result<void> typed_event::set_up(perfbuf_event &made, const char *source, u32 contexts) noexcept
{
	const char *where;
	const result<void> named = check_name(made.name, false);

	if (!named)
		return refuse(source, made.name, "is no name for an event", named.error());
	if (made.registered)
		return refuse(source, made.name, "is registered already", error(EBUSY));
	made.describe(&layout_);

	const result<void> laid_out = check_layout(layout_, &where);

	if (!laid_out)
		return refuse(source, where, "cannot be in an event", laid_out.error());
	if (layout_.bytes != made.bytes)
		return refuse(source, made.name, "is not as large as it says", error(EINVAL));

	listeners_ = pb_percpu_alloc(sizeof(listeners));
	if (!listeners_)
		return error(ENOMEM);
	pb_percpu_each(listeners_, close_undeclared, &contexts);

	const int id = pb_trace_id_get(&held_id_);

	if (id < 0)
		return refuse(source, made.name, "gets no id", error(-id));
	node_.name = made.name;
	node_.id = static_cast<u32>(id);
	TRY(make_format());
	made_ = &made;
	made.id = node_.id;
	made.registered = this;
	return {};
}

result<void> typed_event::make_format() noexcept
{
	/* Once for its length. */
	text_writer measure(nullptr, 0);

	write_format(measure, node_.name, node_.id, layout_);

	char *text = static_cast<char *>(cxxrt_alloc(measure.length() + 1, PB_GFP_KERNEL));

	if (!text)
		return error(ENOMEM);

	text_writer out(text, measure.length());

	write_format(out, node_.name, node_.id, layout_);
	node_.format = text;
	node_.format_bytes = out.bytes();
	return {};
}

void typed_event::publish() noexcept
{
	cxxrt::store_release(made_->listeners, listeners_);
}

void typed_event::withdraw() noexcept
{
	cxxrt::write_once(made_->listeners, nullptr);
	for (; files_; files_--)
		pb_event_unlisten(made_);
	/* Emissions have interrupts off: none has the lists any more. */
	cxxrt_synchronize_rcu();
	made_->registered = nullptr;
	made_ = nullptr;
}

void typed_event::listen() noexcept
{
	files_++;
	pb_event_listen(made_);
}

void typed_event::unlisten() noexcept
{
	if (!made_)
		return;
	files_--;
	pb_event_unlisten(made_);
}

result<unique_ptr<filter>> typed_event::parse_filter(const char *text) const noexcept
{
	return filter::parse(text, layout_);
}

} // namespace perfbuf
