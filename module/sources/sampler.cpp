// SPDX-License-Identifier: GPL-2.0
/* Starts and stops a clock event's timer on one CPU, and writes a sample at each expiry. */
#include "sources/sampler.hpp"

#include "glue/timer.h"

namespace perfbuf
{

namespace
{

/* perf's limit: with a shorter period the CPU would do nothing else. */
constexpr u64 period_min_ns = 10000;

u32 excluded_modes(const perf_event_attr &attr) noexcept
{
	u32 modes = 0;

	if (attr.exclude_user)
		modes |= PB_MODE_USER;
	if (attr.exclude_kernel)
		modes |= PB_MODE_KERNEL;
	if (attr.exclude_idle)
		modes |= PB_MODE_IDLE;
	return modes;
}

} // namespace

sampler::sampler(event &owner, const sample_writer *writer, u32 cpu) noexcept
	: owner_(&owner), writer_(writer), cpu_(cpu), excluded_(excluded_modes(owner.attr()))
{
	pb_timer_init(&timer_);
}

sampler::~sampler()
{
	pb_timer_destroy(&timer_);
}

inline u64 sampler::period() const noexcept
{
	return cxxrt::max(owner_->period(), period_min_ns);
}

void sampler::start(u64 left) noexcept
{
	if (runs())
		return;
	ran_.start();
	if (!writer_ || !owner_->period())
		return;

	/* The period may have been shortened since stop(). @left has no minimum: otherwise a task
	 * that always runs for less than it would never be sampled. */
	if (!left || left > period())
		left = period();
	pb_timer_start(&timer_, left);
}

u64 sampler::stop() noexcept
{
	ran_.stop();
	return pb_timer_stop(&timer_);
}

u64 sampler::expired(const pb_regs *interrupted, u64 ip, u32 mode, u32 cpu) noexcept
{
	/* A limit or an exit has disabled the event; or its CPU has gone offline, and the kernel
	 * has moved the timer to another. */
	if (!owner_->active() || cpu != cpu_) [[unlikely]] {
		ran_.stop();
		return 0;
	}

	const u64 next = period();

	if (!mode || mode & excluded_)
		return next;
	if (!busy_.try_enter(nesting::irq)) [[unlikely]] {
		owner_->count_loss(loss_cause::recursion);
		return next;
	}

	const bool goes_on = owner_->count_overflow();

	/* Every member is initialised: spare a kernel with CONFIG_INIT_STACK_ALL_ZERO the zeroing.
	 */
	__attribute__((uninitialized)) const sample sample = {
		.regs = interrupted,
		.ip = ip,
		.user = static_cast<bool>(mode & PB_MODE_USER),
		.address = 0,
		.period = owner_->period(),
		.raw_bytes = 0,
		.from_here = false,
	};

	writer_->write(sample);
	owner_->sample_over();
	busy_.exit(nesting::irq);
	if (!goes_on) [[unlikely]] {
		ran_.stop();
		return 0;
	}
	return next;
}

} // namespace perfbuf

__u64 perfbuf_timer_expired(void *timer, const pb_regs *interrupted, __u64 ip, __u32 mode,
			    __u32 cpu) noexcept
{
	return perfbuf::sampler::of_timer(timer).expired(interrupted, ip, mode, cpu);
}
