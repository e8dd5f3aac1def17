// SPDX-License-Identifier: GPL-2.0
/* A tracer starts, stops and follows its file to another set of functions. */
#include "device/aux.hpp"
#include "device/event.hpp"
#include "glue/functrace.h"
#include "sources/functrace/tracer.hpp"

namespace perfbuf
{

using functrace::encoder;

tracer::tracer(event &owner, const sample_writer *writer, u32 cpu, tracer_shared &shared) noexcept
	: encoder_(cpu, static_cast<u32>(owner.attr().config1)), owner_(owner), writer_(writer),
	  shared_(shared), cpu_(cpu),
	  translates_(!pb_pid_namespace_is_first(owner.pid_namespace())),
	  may_be_fast_(!translates_ && !owner.attr().use_clockid)
{
}

/* The tracer may be in the list still, if a limit turned the event off. */
void tracer::start(u64) noexcept
{
	if (!ran_.runs())
		ran_.start();
	if (home_)
		return;
	if (writer_ && !std::exchange(told_start_, true))
		perfbuf_aux_itrace_start(as_stream(owner_));
	home_ = shared_.set.load_acquire()->on_cpu(cpu_);
	static_cast<tracers *>(home_)->list.push(*this);
}

u64 tracer::stop() noexcept
{
	if (!home_)
		return 0;
	ran_.stop();
	static_cast<tracers *>(std::exchange(home_, nullptr))->list.remove(*this);
	say_end();
	end_aux();
	return 0;
}

void tracer::move() noexcept
{
	if (!home_)
		return;
	static_cast<tracers *>(home_)->list.remove(*this);
	home_ = shared_.set.load_acquire()->on_cpu(cpu_);
	static_cast<tracers *>(home_)->list.push(*this);
}

void tracer::say_end() noexcept
{
	u8 last[encoder::tell_bytes_max + encoder::end_bytes_max];

	if (!open_.read())
		return;
	take_missed();

	u32 bytes = encoder_.tell(
		last, pb_clock_ns(owner_.attr().use_clockid ? owner_.attr().clockid : -1));

	bytes += encoder_.end(last + bytes);
	if (!store(last, bytes))
		encoder_.not_told();
}

} // namespace perfbuf
