// SPDX-License-Identifier: GPL-2.0
/* Sets up, stops and frees AUX areas by the functions that another module declared. */
#include "producer/aux.hpp"

#include "producer/source.hpp"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::lock_guard;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class aux_lock_class{"perfbuf producer aux", {}};

constexpr u32 known_flags = PERFBUF_AUX_ONE_CHUNK | PERFBUF_AUX_VMALLOC | PERFBUF_AUX_SHARED |
			    PERFBUF_AUX_NO_SNAPSHOT | PERFBUF_AUX_PAUSES | PERFBUF_AUX_TASKS;

/* 2^order pages are at most what an area may have. */
constexpr u32 order_max = 19;

bool is_whole(const perfbuf_aux &aux) noexcept
{
	return aux.event && aux.start && aux.stop && (aux.open || !aux.close) &&
	       !aux.setup == !aux.free && (aux.hold || !aux.release);
}

bool has(const perfbuf_source &source, const perfbuf_event *event) noexcept
{
	for (u32 i = 0; i < source.event_count; i++) {
		if (source.events[i] == event)
			return true;
	}
	return false;
}

} // namespace

aux_side::aux_side(typed_source &of) noexcept : of_(of), mutex_(aux_lock_class)
{
}

result<void> aux_side::set_up(perfbuf_source &made) noexcept
{
	const perfbuf_aux *aux = made.aux;

	if (!aux)
		return {};
	if (!is_whole(*aux) || aux->flags & ~known_flags || aux->max_order > order_max ||
	    !has(made, aux->event))
		return error(EINVAL);
	abilities_ = {
		.memory = {.max_order = aux->max_order,
			   .one_chunk = (aux->flags & PERFBUF_AUX_ONE_CHUNK) != 0,
			   .virtual_memory = (aux->flags & PERFBUF_AUX_VMALLOC) != 0},
		.shared = (aux->flags & PERFBUF_AUX_SHARED) != 0,
		.overwrite = !(aux->flags & PERFBUF_AUX_NO_SNAPSHOT),
		.can_pause = (aux->flags & PERFBUF_AUX_PAUSES) != 0,
		/* The published bytes of a shared area are never overwritten at once. */
		.can_hold = aux->hold || aux->flags & PERFBUF_AUX_SHARED,
	};
	follows_tasks_ = (aux->flags & PERFBUF_AUX_TASKS) != 0;
	event_ = aux->event;
	event_id_ = aux->event->id;
	made_ = &made;
	declared_ = aux;
	return {};
}

const aux_abilities *aux_side::abilities(const perf_event_attr &attr) const noexcept
{
	return event_ && attr.config == event_id_ ? &abilities_ : nullptr;
}

/* Under the mutex, while the source is registered. */
result<void *> aux_side::ask_module(area &fresh) noexcept
{
	if (!declared_->setup) {
		fresh.private_data = &fresh.memory;
		return fresh.private_data;
	}

	const int ret = declared_->setup(made_, &fresh.memory, &fresh.private_data);

	if (ret)
		return error(-ret);
	if (!fresh.private_data)
		return error(EINVAL);
	return fresh.private_data;
}

result<void *> aux_side::setup_aux(const perfbuf_aux_pages &memory) noexcept
{
	area *fresh = new (gfp::kernel) area{nullptr, memory, nullptr};

	if (!fresh)
		return error(ENOMEM);

	lock_guard held(mutex_);
	result<void *> private_data = made_ ? ask_module(*fresh) : result<void *>(error(ENODEV));

	if (!private_data) {
		delete fresh;
		return private_data.error();
	}
	fresh->next = areas_;
	areas_ = fresh;
	/* The area outlives the file, and maybe the source's registration. */
	of_.get();
	return private_data;
}

void aux_side::free_aux(void *private_data) noexcept
{
	typed_source &of = of_;
	{
		lock_guard held(mutex_);
		area **link = &areas_;

		while ((*link)->private_data != private_data)
			link = &(*link)->next;

		area *gone = *link;

		*link = gone->next;
		if (made_ && declared_->free)
			declared_->free(made_, private_data);
		delete gone;
	}
	/* May be the last, and end us. */
	of.put();
}

void aux_side::withdraw() noexcept
{
	lock_guard held(mutex_);

	for (area *area = areas_; area && declared_->free; area = area->next)
		declared_->free(made_, area->private_data);
	made_ = nullptr;
}

} // namespace perfbuf
