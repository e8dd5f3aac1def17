// SPDX-License-Identifier: GPL-2.0
/* The list of all recorders: makes, finds, changes, removes and shows them. Process context. */
#include "recorder/registry.hpp"

#include "glue/producer.h"
#include "glue/recorder.h"
#include "recorder/dump.hpp"
#include "recorder/persist.hpp"
#include "recorder/wish.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::ref;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constinit cxxrt::lock_class recorders_lock_class{"perfbuf recorders", {}};
constinit recorders *all_recorders = nullptr;

error refuse(const typed_source &of, const char *refused, const char *why, error code) noexcept
{
	pb_log_refusal(of.name(), refused, why);
	return code;
}

/* Writes the reason why make() fails to the kernel's log. Returns the error. */
error refuse(const typed_source &of, error why) noexcept
{
	switch (why.code()) {
	case E2BIG:
		return refuse(of, "its recorder",
			      "takes more than the parameter recorder_kib_max allows", why);
	case ENOMEM:
		return refuse(of, "its recorder", "gets no memory", why);
	}
	return refuse(of, "its recorder", "is not allowed", why);
}

} // namespace

recorders &the_recorders() noexcept
{
	return *all_recorders;
}

recorders::recorders() noexcept : state_(recorders_lock_class)
{
}

result<ref<recorder>> recorders::make(const typed_source &of, const recorder_wish &wish) noexcept
{
	const u64 bytes = wish.bytes_per_cpu * pb_possible_cpus();
	u64 number;
	{
		auto all = state_.lock();

		if (all->bytes + bytes > u64{pb_param_recorder_kib_max()} << 10)
			return error(E2BIG);
		all->bytes += bytes;
		number = ++all->last_number;
	}

	result<ref<recorder>> made = create(of, number, wish);

	if (!made)
		state_.lock()->bytes -= bytes;
	return made;
}

/* Where it survives a reboot, if there is such a place. */
result<ref<recorder>> recorders::create(const typed_source &of, u64 number,
					const recorder_wish &wish) noexcept
{
	persisted_memory *const memory = the_persisted_memory();

	if (memory) {
		result<ref<recorder>> made = recorder::create(of, number, wish, &memory->pages());

		if (made || made.error().code() != ENOMEM)
			return made;
		pb_log_recorder(of.name(), "its recorder does not fit into the memory of persist=, "
					   "and will not survive a reboot");
	}
	return recorder::create(of, number, wish, nullptr);
}

void recorders::add(ref<recorder> recorder) noexcept
{
	auto all = state_.lock();

	recorder->next.write_once(first_.read_once());
	first_.store_release(recorder.release());
}

recorder *recorders::unlink(state &all, recorder &gone) noexcept
{
	cxxrt::shared<recorder *> *link = &first_;

	while (link->read_once() && link->read_once() != &gone)
		link = &link->read_once()->next;
	if (!link->read_once())
		return nullptr;
	/* gone.next stays: a walk that is at it goes on. */
	link->write_once(gone.next.read_once());
	all.bytes -= gone.bytes();
	return &gone;
}

void recorders::free_unlinked(recorder *gone) noexcept
{
	if (!gone)
		return;
	cxxrt_synchronize_rcu();
	gone->put();
}

void recorders::remove(recorder &gone) noexcept
{
	recorder *unlinked;
	{
		auto all = state_.lock();

		unlinked = unlink(*all, gone);
	}
	free_unlinked(unlinked);
}

/* ---------------------------------------------------------------- sources */

result<void> recorders::begin(typed_source &of, const perfbuf_source &made) noexcept
{
	recorder_wish wish = {made.recorder.bytes_per_cpu, made.recorder.events};
	wish_text text;
	const char *refused;

	if (made.recorder.reserved)
		return refuse(of, "its recorder", "has a reserved field that is not 0",
			      error(EINVAL));
	if (pb_can_coredump()) {
		result<unique_ptr<recorder_dump>> dumps =
			cxxrt::make<recorder_dump>(gfp::kernel, of);

		if (!dumps)
			return refuse(of, dumps.error());
		of.set_dumps(unique_ptr<dump_requests>(dumps.take().release()));
	}
	/* The administrator's word comes before the driver's. */
	if (find_wish(pb_param_recorders(), of.name(), text)) {
		const result<void> parsed = parse_wish(text.bytes, wish);
		const result<void> good =
			parsed && wish.bytes_per_cpu ? check_wish(wish, of, &refused) : parsed;

		if (!good) {
			pb_log_recorder(of.name(), "what the parameter recorders says of it makes "
						   "no sense: the source's own wish holds");
			wish = {made.recorder.bytes_per_cpu, made.recorder.events};
		}
	}
	if (!wish.bytes_per_cpu)
		return {};

	const result<void> good = check_wish(wish, of, &refused);

	if (!good)
		return refuse(of, refused, "is not allowed", good.error());

	result<ref<recorder>> fresh = this->make(of, wish);

	if (!fresh)
		return refuse(of, fresh.error());

	/* Nothing is emitted yet. */
	give(of, fresh.take(), false);
	return {};
}

/* Attached before it is in the list, or it would pass for one that is kept. */
void recorders::give(typed_source &of, ref<recorder> fresh, bool live) noexcept
{
	recorder &attached = *fresh;

	/* The branches first: once it is attached on a CPU, no event is missing there. */
	for (u32 i = 0; i < attached.event_count(); i++) {
		if (attached.event_at(i).is_recorded)
			of.event_at(i).add_file();
	}
	attached.attach(live);
	of.set_recorder(ref<recorder>::share(&attached).release());
	add(std::move(fresh));
}

/* The source disables the static branches, whether a file or a recorder enabled them. */
void recorders::end(typed_source &of) noexcept
{
	const ref<recorder> ended = ref<recorder>::adopt(of.set_recorder(nullptr));

	if (!ended)
		return;
	ended->detach(false);
	if (ended->is_empty())
		remove(*ended);
	else
		enforce_limit();
}

void recorders::show(typed_source &of, text_writer &out) noexcept
{
	const recorder *recorder = of.get_recorder();

	out.string("bytes_per_cpu=");
	out.decimal(recorder ? recorder->bytes_per_cpu() : 0);
	if (recorder) {
		const char *between = "";

		out.string(" number=");
		out.decimal(recorder->number());
		out.string(" records=");
		out.decimal(recorder->records());
		out.string(" events=");
		for (u32 i = 0; i < recorder->event_count(); i++) {
			if (!recorder->event_at(i).is_recorded)
				continue;
			out.string(between);
			out.string(recorder->event_at(i).name);
			between = ",";
		}
	}
	out.string("\n");
}

/* The events recorded before are dropped, because the rings may have another size. */
result<void> recorders::change(typed_source &of, const char *text) noexcept
{
	recorder_wish wish;
	const char *refused;
	wish_text copy;

	TRY(copy.set(text));
	TRY(parse_wish(copy.bytes, wish));

	ref<recorder> fresh;

	if (wish.bytes_per_cpu) {
		TRY(check_wish(wish, of, &refused));
		fresh = TRY(this->make(of, wish));
	}

	const ref<recorder> before = ref<recorder>::adopt(of.set_recorder(nullptr));

	if (before) {
		before->detach(true);
		for (u32 i = 0; i < before->event_count(); i++) {
			if (before->event_at(i).is_recorded)
				of.event_at(i).remove_file();
		}
		remove(*before);
	}
	if (fresh)
		give(of, std::move(fresh), true);
	return {};
}

/* ---------------------------------------------------------------- kept recorders */

/* The oldest ones go. */
void recorders::enforce_limit() noexcept
{
	for (;;) {
		recorder *unlinked = nullptr;
		{
			auto all = state_.lock();
			recorder *oldest = nullptr;
			u32 kept = 0;

			for (recorder *recorder = first(); recorder;
			     recorder = recorder->next.load_acquire()) {
				if (recorder->is_attached())
					continue;
				kept++;
				oldest = recorder;
			}
			if (kept > pb_param_recorders_kept_max())
				unlinked = unlink(*all, *oldest);
		}
		if (!unlinked)
			return;
		free_unlinked(unlinked);
	}
}

ref<recorder> recorders::find(u64 number) noexcept
{
	auto all = state_.lock();

	for (recorder *candidate = first(); candidate; candidate = candidate->next.load_acquire()) {
		if (candidate->number() == number)
			return ref<recorder>::share(candidate);
	}
	return {};
}

/* Its pointer to the recorder is no reference; that of the list is. */
ref<recorder> recorders::find(const typed_source &of) noexcept
{
	auto all = state_.lock();
	const recorder *const wanted = of.get_recorder();

	for (recorder *candidate = first(); candidate; candidate = candidate->next.load_acquire()) {
		if (candidate == wanted)
			return ref<recorder>::share(candidate);
	}
	return {};
}

result<void> recorders::forget(u64 number) noexcept
{
	const ref<recorder> found = find(number);
	recorder *unlinked;

	if (!found)
		return error(ENOENT);
	{
		auto all = state_.lock();

		if (found->is_attached())
			return error(EBUSY);
		unlinked = unlink(*all, *found);
	}
	if (!unlinked)
		return error(ENOENT);
	free_unlinked(unlinked);
	return {};
}

void recorders::forget_all() noexcept
{
	while (recorder *recorder = first())
		remove(*recorder);
}

} // namespace perfbuf

/* ---------------------------------------------------------------- the module */

int perfbuf_recorder_init(void) noexcept
{
	perfbuf::all_recorders = new (perfbuf::gfp::kernel) perfbuf::recorders;
	if (!perfbuf::all_recorders)
		return -ENOMEM;
	perfbuf::recording::set(perfbuf::all_recorders);
	return 0;
}

void perfbuf_recorder_exit(void) noexcept
{
	perfbuf::recording::set(nullptr);
	perfbuf::all_recorders->forget_all();
	delete perfbuf::all_recorders;
	perfbuf::all_recorders = nullptr;
}
