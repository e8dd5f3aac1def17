// SPDX-License-Identifier: GPL-2.0
/* A typed event: its id, its format file, its static branch, and the number of its readers. */
#include "producer/source.hpp"

#include "device/text.hpp"
#include "glue/glue.h"
#include "glue/producer.h"
#include "glue/trim.h"
#include "producer/format.hpp"
#include "producer/names.hpp"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

/* Logs that @source was refused because its event @refused @why; returns @code. */
error refuse(const char *source, const char *refused, const char *why, error code) noexcept
{
	pb_log_refusal(source, refused, why);
	return code;
}

struct described {
	u32 id, fixed_bytes, contexts;
};

/* For pb_percpu_each(): sets up the event_cpu @at by @of, a described. */
void set_up_cpu(void *of, void *at) noexcept
{
	const described &event = *static_cast<described *>(of);

	static_cast<event_cpu *>(at)->set_up(event.id, event.fixed_bytes, event.contexts);
}

} // namespace

typed_event::~typed_event()
{
	/* set_up() succeeded, and publish() did not follow. */
	if (made_)
		made_->registered = nullptr;
	if (held_id_)
		pb_trace_id_put(held_id_);
	pb_percpu_free(all_cpus_);
	cxxrt_free(readers_on_);
	cxxrt_free(const_cast<char *>(node_.format));
}

result<void> typed_event::set_up(perfbuf_event &made, const char *source, u32 contexts) noexcept
{
	layout_fault fault;
	const result<void> named = check_name(made.name, false);

	if (!named)
		return refuse(source, made.name, "is no name for an event", named.error());
	if (made.registered)
		return refuse(source, made.name, "is registered already", error(EBUSY));
	made.describe(&layout_);

	const result<void> laid_out = check_layout(layout_, fault);

	if (!laid_out) {
		pb_log_field_refusal(source, made.name, fault.field, fault.why);
		return laid_out;
	}
	if (layout_.bytes != made.bytes)
		return refuse(source, made.name, "is not as large as it says", error(EINVAL));
	TRY(pointers_.find(layout_));

	all_cpus_ = pb_percpu_alloc(sizeof(event_cpu));
	readers_on_ = static_cast<u32 *>(
		cxxrt_alloc(pb_nr_cpu_ids() * sizeof(*readers_on_), PB_GFP_KERNEL));
	if (!all_cpus_ || !readers_on_)
		return error(ENOMEM);

	const int id = pb_trace_id_get(&held_id_);

	if (id < 0)
		return refuse(source, made.name, "gets no id", error(-id));
	node_.name = made.name;
	node_.id = static_cast<u32>(id);

	described of = {node_.id, layout_.bytes, contexts};

	pb_percpu_each(all_cpus_, set_up_cpu, &of);
	TRY(make_format());
	made_ = &made;
	made.id = node_.id;
	made.registered = this;
	return {};
}

result<void> typed_event::make_format() noexcept
{
	/* Write it once to measure its length. */
	text_writer measure(nullptr, 0);

	write_format(measure, node_.name, node_.id, layout_);

	char *text = static_cast<char *>(cxxrt_alloc(measure.length(), PB_GFP_KERNEL));

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
	cxxrt::store_release(made_->cpus, all_cpus_);
}

void typed_event::withdraw() noexcept
{
	cxxrt::write_once(made_->cpus, nullptr);
	if (std::exchange(is_enabled_, false))
		pb_event_disable(made_);
	/* Emissions have interrupts off, so afterwards none uses the lists any more. */
	cxxrt_synchronize_rcu();
	made_->registered = nullptr;
	made_ = nullptr;
}

/*
 * A file has at most one output on a CPU: on its own CPU, or on each CPU if it follows a task on
 * any. So the sum of the two counts bounds the number of records that one emission writes.
 */
result<void> typed_event::reserve_reader(s32 cpu, bool is_limited, u32 of_user) noexcept
{
	const u32 all = pb_param_event_readers_max();
	/* A quarter is reserved for readers with CAP_PERFMON. */
	const u32 most = pb_may_trace() ? all : all - all / 4;
	u32 on_one = cpu >= 0 ? readers_on_[cpu] : 0;

	if (cpu < 0) {
		for (u32 i = 0; i < pb_nr_cpu_ids(); i++)
			on_one = cxxrt::max(on_one, readers_on_[i]);
	}
	if (on_one + readers_on_any_ >= most)
		return error(ENOSPC);
	/* A user without CAP_PERFMON gets a quarter at most. */
	if (is_limited && of_user >= cxxrt::max(all / 4, 1u))
		return error(ENOSPC);
	(cpu < 0 ? readers_on_any_ : readers_on_[cpu])++;
	return {};
}

void typed_event::release_reader(s32 cpu) noexcept
{
	(cpu < 0 ? readers_on_any_ : readers_on_[cpu])--;
}

void typed_event::add_file() noexcept
{
	files_++;
	if (!std::exchange(is_enabled_, true))
		pb_event_enable(made_);
}

void typed_event::remove_file() noexcept
{
	if (!--files_)
		pb_trim_later();
}

void typed_event::trim() noexcept
{
	if (!files_ && std::exchange(is_enabled_, false))
		pb_event_disable(made_);
}

result<void> typed_event::parse_filter(filter &into, const char *text,
				       perfbuf_filter_check *where) const noexcept
{
	return into.parse(text, layout_, where);
}

} // namespace perfbuf
