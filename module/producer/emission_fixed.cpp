// SPDX-License-Identifier: GPL-2.0
/*
 * The short way of events of a fixed size. What is rare is called last, so that nothing is saved
 * for it.
 */
#include "producer/emission.hpp"

#include "glue/producer.h"

namespace perfbuf
{

/*
 * What an emission brings on each of its ways: common() is the payload's first 8 bytes, which
 * put_common() stores; fill() makes all before them in a record; keep() is for who looks closely.
 */
struct emission::of_any {
	u64 common() const noexcept { return common_; }
	void put_common(char *payload) const noexcept
	{
		__builtin_memcpy(payload, &common_, sizeof(common_));
	}
	char *fill(const emission &from, const sample_form &form, char *record,
		   u32 bytes) const noexcept
	{
		return form.fill(record, bytes, from.caller_, from.when_);
	}
	listeners &keep(emission &, listeners &here) const noexcept { return here; }

	u64 common_;
};

struct emission::of_lean : of_any {
	char *fill(const emission &, const sample_form &form, char *record,
		   u32 bytes) const noexcept
	{
		return form.fill_lean(record, bytes);
	}
};

/* TID, TIME and CPU with it, or what else fits a form. */
template <bool usual>
struct emission::of_stamped {
	u64 common() const noexcept { return word_ | u64{tid_} << 32; }
	/* In two stores, for which nothing is to be put together. */
	void put_common(char *payload) const noexcept
	{
		u32 *to = reinterpret_cast<u32 *>(payload);

		cxxrt::write_once(to[0], word_);
		cxxrt::write_once(to[1], tid_);
	}
	char *fill(const emission &from, const sample_form &form, char *record, u32 bytes) noexcept
	{
		const u64 ids = from.when_.ids;
		const sample_form::stamp when = {from.when_.time, swapped(ids)};

		tid_ = static_cast<u32>(ids);
		if constexpr (usual)
			return form.fill_usual(record, bytes, when);
		else
			return form.fill_any(record, bytes, from.caller_, when);
	}
	/* The C entry has kept the listeners, too: a register less. */
	listeners &keep(emission &to, listeners &) noexcept
	{
		tid_ = static_cast<u32>(to.when_.ids);
		to.when_.ids = swapped(to.when_.ids);
		if constexpr (usual)
			to.caller_ = 0;
		return *static_cast<listeners *>(to.here_);
	}

	static u64 swapped(u64 ids) noexcept { return ids << 32 | ids >> 32; }

	u32 word_;
	u32 tid_ = 0;
};

/* The ring was entered, and the record is not within its limit. The payload goes into the spare;
 * nullptr: the record is lost. */
void *emission::open_in_spare(output &to, perf_buffer &into) noexcept
{
	const sample_form &form = to.form();
	event &owner = to.owner();
	const int why = owner.reserve_entered(into, record_, form.bytes());

	if (why) {
		owner.count_refused(into, why);
		return nullptr;
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
	contiguous where;

	if (!into.try_reserve(bytes, where)) [[unlikely]]
		return open_in_spare(to, into);
	stage_ = stage::brief;
	into_ = &into;

	char *payload = form.fill(where.at, bytes, caller_, when_);

	__builtin_memcpy(payload, &common_, sizeof(common_));
	return payload;
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

/* @is_alone: there is no other output. */
template <typename What>
[[gnu::always_inline]] inline void *emission::begin_fixed(listeners &here,
							  recursion_context &context, bool is_alone,
							  What what) noexcept
{
	context_ = &context;
	if (!context.try_enter()) [[unlikely]]
		return not_entered(here);

	output &to = *here.list.first();
	const sample_form &form = to.form();
	const u32 bytes = form.bytes();
	perf_buffer *into = is_alone ? to.short_way() : nullptr;

	if (!into) [[unlikely]] {
		listeners &kept = what.keep(*this, here);

		return begin_fixed_closely(kept, what.common());
	}
	only_ = into;

	contiguous where;

	if (!into->try_reserve(bytes, where)) [[unlikely]] {
		listeners &kept = what.keep(*this, here);

		return begin_fixed_in_spare(kept, what.common());
	}

	char *payload = what.fill(*this, form, where.at, bytes);

	what.put_common(payload);
	return payload;
}

[[gnu::always_inline]] inline void *emission::begin_any(listeners &here, u64 common,
							nesting level) noexcept
{
	return begin_fixed(here, here.busy.at(level), rcu_list<output>::is_last(*here.list.first()),
			   of_any{common});
}

[[gnu::always_inline]] inline void *emission::begin_lean(listeners &here, u64 common) noexcept
{
	return begin_fixed(here, here.busy.at(nesting::task), true, of_lean{{common}});
}

template <bool usual>
[[gnu::always_inline]] inline void *emission::begin_stamped(listeners &here, u32 common) noexcept
{
	return begin_fixed(here, here.busy.at(nesting::task), true, of_stamped<usual>{common});
}

[[gnu::cold]] void *emission::finish_last_closely(perf_buffer::committed how) noexcept
{
	only_->commit_slow(how);
	context_->leave();
	return over();
}

[[gnu::always_inline]] inline void *emission::next_fixed() noexcept
{
	perf_buffer *into = only_;

	if (!into) [[unlikely]]
		return next();

	const perf_buffer::committed how = into->try_commit();

	if (how != perf_buffer::committed::done) [[unlikely]]
		return finish_last_closely(how);
	context_->leave();
	return pb_emission_over(reinterpret_cast<perfbuf_emission *>(this));
}

} // namespace perfbuf

using perfbuf::emission;
using perfbuf::listeners;
using perfbuf::nesting;

void *perfbuf_fixed_begin(struct perfbuf_emission *raw, struct pb_listeners *here, __u64 common,
			  __u32 level) noexcept
{
	return emission::of(raw).begin_any(*reinterpret_cast<listeners *>(here), common,
					   static_cast<nesting>(level));
}

void *perfbuf_fixed_begin_lean(struct perfbuf_emission *raw, struct pb_listeners *here,
			       __u64 common) noexcept
{
	return emission::of(raw).begin_lean(*reinterpret_cast<listeners *>(here), common);
}

void *perfbuf_fixed_begin_usual(struct perfbuf_emission *raw, struct pb_listeners *here,
				__u32 common) noexcept
{
	return emission::of(raw).begin_stamped<true>(*reinterpret_cast<listeners *>(here), common);
}

void *perfbuf_fixed_begin_form(struct perfbuf_emission *raw, struct pb_listeners *here,
			       __u32 common) noexcept
{
	return emission::of(raw).begin_stamped<false>(*reinterpret_cast<listeners *>(here), common);
}

void *perfbuf_fixed_next(struct perfbuf_emission *raw) noexcept
{
	return emission::of(raw).next_fixed();
}
