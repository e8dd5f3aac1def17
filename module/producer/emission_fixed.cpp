// SPDX-License-Identifier: GPL-2.0
/*
 * The short way of events of a fixed size. What is rare is called last, so that nothing is saved
 * for it.
 */
#include "producer/emission.hpp"

#include "glue/producer.h"

namespace perfbuf
{

namespace
{

/* No position of a record: those are multiples of 8. */
constexpr u64 untaken = 1;

} // namespace

/* False: what was taken is not in one piece, or nothing was; open_in_spare() knows. */
[[gnu::always_inline]] inline bool emission::take_short(perf_buffer &into, u32 bytes,
							char *&record) noexcept
{
	u64 position;

	if (!into.try_take(bytes, position)) [[unlikely]] {
		position_ = untaken;
		return false;
	}
	if (into.is_mirrored()) [[likely]] {
		record = into.in_mirrored(position);
		return true;
	}
	position_ = position;
	return into.in_one_chunk(position, bytes, record);
}

/* The payload. */
[[gnu::always_inline]] inline void *emission::fill_short(const sample_form &form, char *record,
							 u32 bytes, u64 common) noexcept
{
	char *payload = form.fill(record, bytes, caller_, when_);

	__builtin_memcpy(payload, &common, sizeof(common));
	return payload;
}

/* What take_short() has left: the payload goes into the spare. nullptr: it is lost. */
void *emission::open_in_spare(output &to, perf_buffer &into) noexcept
{
	const sample_form &form = to.form();

	if (position_ == untaken) {
		const int why = into.take_at(record_, form.bytes());

		if (why) {
			to.owner().count_refused(into, why);
			return nullptr;
		}
	} else {
		into.resume_at(record_, position_, form.bytes());
	}
	form.put(record(), caller_, when_);
	stage_ = stage::plain;
	in_place_ = false;
	padded_ = false;
	__builtin_memcpy(spare_, &common_, sizeof(common_));
	return spare_;
}

void *emission::open_short(output &to, perf_buffer &into) noexcept
{
	const sample_form &form = to.form();
	const u32 bytes = form.bytes();
	char *record;

	if (!take_short(into, bytes, record)) [[unlikely]]
		return open_in_spare(to, into);
	stage_ = stage::brief;
	into_ = &into;
	return fill_short(form, record, bytes, common_);
}

/* For all but the short way. */
inline void emission::keep_fixed(listeners &here, u64 common) noexcept
{
	at_ = here.list.first();
	common_ = common;
	spare_ = reinterpret_cast<perfbuf_emission *>(this) + 1;
	parts_ = nullptr;
	part_count_ = 0;
	fixed_bytes_ = at_->form().raw_bytes();
	bytes_ = fixed_bytes_;
	is_fixed_ = true;
	only_ = nullptr;
}

[[gnu::cold]] void *emission::not_entered(listeners &here) noexcept
{
	count_not_entered(here);
	return over();
}

void *emission::begin_fixed_closely(listeners &here, u64 common) noexcept
{
	keep_fixed(here, common);
	return walk(at_);
}

[[gnu::cold]] void *emission::begin_fixed_in_spare(listeners &here, u64 common) noexcept
{
	perf_buffer &into = *only_;

	keep_fixed(here, common);

	void *payload = open_in_spare(*at_, into);

	return payload ? payload : walk(rcu_list<output>::next(*at_));
}

[[gnu::always_inline]] inline void *emission::begin_fixed(listeners &here, u64 common,
							  recursion_context &context) noexcept
{
	context_ = &context;
	if (!context.try_enter()) [[unlikely]]
		return not_entered(here);

	output &to = *here.list.first();
	const sample_form &form = to.form();
	const u32 bytes = form.bytes();
	perf_buffer *into = rcu_list<output>::is_last(to) ? to.short_way(bytes) : nullptr;

	if (!into) [[unlikely]]
		return begin_fixed_closely(here, common);
	only_ = into;

	char *record;

	if (!take_short(*into, bytes, record)) [[unlikely]]
		return begin_fixed_in_spare(here, common);
	return fill_short(form, record, bytes, common);
}

[[gnu::cold]] void *emission::finish_last_closely(perf_buffer::leaving how) noexcept
{
	only_->commit_closely(how);
	context_->leave();
	return over();
}

[[gnu::always_inline]] inline void *emission::next_fixed() noexcept
{
	perf_buffer *into = only_;

	if (!into) [[unlikely]]
		return next();

	const perf_buffer::leaving how = into->try_commit();

	if (how != perf_buffer::leaving::done) [[unlikely]]
		return finish_last_closely(how);
	context_->leave();
	return pb_emission_over(reinterpret_cast<perfbuf_emission *>(this));
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::listeners;
using perfbuf::nesting;

/* In a task. */
void *perfbuf_fixed_begin(struct perfbuf_emission *raw, struct pb_listeners *here,
			  __u64 common) noexcept
{
	listeners &all = *reinterpret_cast<listeners *>(here);

	return emission::of(raw).begin_fixed(all, common, all.busy.at(nesting::task));
}

void *perfbuf_fixed_begin_nested(struct perfbuf_emission *raw, struct pb_listeners *here,
				 __u64 common, __u32 level) noexcept
{
	listeners &all = *reinterpret_cast<listeners *>(here);

	return emission::of(raw).begin_fixed(all, common, all.busy.at(static_cast<nesting>(level)));
}

void *perfbuf_fixed_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next_fixed();
}
