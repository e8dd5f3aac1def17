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

/* If a limit has disabled the event, the tracer is still in the list. */
void tracer::start(u64) noexcept
{
	if (!ran_.runs())
		ran_.start();
	if (list_)
		return;
	if (writer_ && !std::exchange(start_written_, true))
		perfbuf_aux_itrace_start(as_stream(owner_));
	list_ = shared_.set.load_acquire()->on_cpu(cpu_);
	static_cast<tracers *>(list_)->list.push(*this);
}

u64 tracer::stop() noexcept
{
	if (!list_)
		return 0;
	ran_.stop();
	static_cast<tracers *>(std::exchange(list_, nullptr))->list.remove(*this);
	write_end();
	end_aux();
	return 0;
}

void tracer::change_list() noexcept
{
	if (!list_)
		return;
	static_cast<tracers *>(list_)->list.remove(*this);
	list_ = shared_.set.load_acquire()->on_cpu(cpu_);
	static_cast<tracers *>(list_)->list.push(*this);
}

void tracer::write_end() noexcept
{
	u8 last[encoder::report_bytes_max + encoder::end_bytes_max];

	if (!open_.read())
		return;
	write_missed();

	u32 bytes = encoder_.report(
		last, pb_clock_ns(owner_.attr().use_clockid ? owner_.attr().clockid : -1));

	bytes += encoder_.end(last + bytes);
	if (!store(last, bytes))
		encoder_.not_reported();
}

} // namespace perfbuf
