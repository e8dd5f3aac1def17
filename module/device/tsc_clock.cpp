// SPDX-License-Identifier: GPL-2.0
/* Checks the time stamp counter against local_clock(), and turns the clock of records on and off.
 */
#include "device/tsc_clock.hpp"

#include "device/task.h"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

using cxxrt::lock_guard;

namespace
{

constinit cxxrt::lock_class check_lock_class{"perfbuf clock check", {}};
constinit cxxrt::lock_class published_lock_class{"perfbuf clock", {}};

/* For pb_tsc_*: the CPU that runs this. */
constexpr int here = -1;

__extension__ using u128 = unsigned __int128;

bool equal(const pb_tsc_parameters &a, const pb_tsc_parameters &b) noexcept
{
	return a.zero == b.zero && a.mult == b.mult && a.shift == b.shift && a.cycles == b.cycles &&
	       a.mask == b.mask;
}

/* The time of @ticks, of which a counter that wraps has the bits in mask. */
u64 time_of(u64 ticks, const pb_tsc_parameters &with) noexcept
{
	const u64 all = with.mask ? with.cycles + ((ticks - with.cycles) & with.mask) : ticks;

	return static_cast<u64>(u128{all} * with.mult >> with.shift) + with.zero;
}

} // namespace

tsc_clock::tsc_clock() noexcept : check_mutex_(check_lock_class), published_(published_lock_class)
{
}

bool tsc_clock::published(pb_tsc_parameters &out) noexcept
{
	auto now = published_.lock();

	out = now->parameters;
	return now->is_on;
}

/* The static key first: a reader that finds published parameters may rely on the records. */
void tsc_clock::turn_on(const pb_tsc_parameters &with) noexcept
{
	/* Times that are only near local_clock() are for readers, not for records, and writers know
	 * no counter that wraps. */
	if (!pb_tsc_counter_error_ns() && !with.mask)
		pb_tsc_clock_on(&with);
	*published_.lock() = {with, true};
}

void tsc_clock::turn_off() noexcept
{
	*published_.lock() = {};
	pb_tsc_clock_off();
}

/*
 * Whether @parameters give the time of local_clock() on @cpu: for each of many readings it lies
 * between the local_clock() before and the one after, as exactly as the counter can. An offline CPU
 * does not agree. Under check_mutex_.
 */
bool tsc_clock::agrees(int cpu, const pb_tsc_parameters &parameters) noexcept
{
	const u64 error_ns = pb_tsc_counter_error_ns();

	if (pb_tsc_read_counter(cpu, readings_, readings_per_check))
		return false;
	for (const pb_tsc_reading &reading : readings_) {
		const u64 time = time_of(reading.ticks, parameters);

		if (time + error_ns < reading.before || time > reading.after + error_ns)
			return false;
	}
	return true;
}

/* Reads the parameters on this CPU, or on all online CPUs, which must agree. */
tsc_clock::reading tsc_clock::read(bool all_cpus, pb_tsc_parameters &out) noexcept
{
	if (!pb_tsc_read_parameters(here, &out))
		return reading::none;
	/* shift is at most 31 as perf has it; more than 32 would not fit local_clock.h. */
	if (!out.mult || out.shift > 32)
		return reading::none;

	const int cpus = all_cpus ? static_cast<int>(pb_nr_cpu_ids()) : 0;
	bool all_agree = agrees(here, out);

	for (int cpu = 0; cpu < cpus; cpu++) {
		pb_tsc_parameters its;

		if (!pb_cpu_is_online(cpu))
			continue;
		if (!pb_tsc_read_parameters(cpu, &its)) {
			if (!pb_cpu_is_online(cpu))
				continue;
			return reading::none;
		}
		if (!equal(its, out))
			return reading::none;
		all_agree &= agrees(cpu, out) || !pb_cpu_is_online(cpu);
	}

	pb_tsc_parameters again;

	/* A calibration in between explains a disagreement. */
	if (!pb_tsc_read_parameters(here, &again) || !equal(again, out))
		return reading::none;
	return all_agree ? reading::good : reading::bad;
}

bool tsc_clock::is_settled(const pb_tsc_parameters &found) noexcept
{
	const u64 now = pb_tsc_uptime_ns();

	if (!has_candidate_ || !equal(candidate_, found)) {
		has_candidate_ = true;
		candidate_ = found;
		candidate_since_ = now;
	}
	return pb_tsc_frequency_is_known() || now >= settled_uptime_ns ||
	       now - candidate_since_ >= settled_after_ns;
}

/* Under check_mutex_. */
bool tsc_clock::decide(bool all_cpus) noexcept
{
	const state before = published_.unshared();
	pb_tsc_parameters found;
	reading got = reading::none;

	if (!broken_ && !suspended_ && pb_param_tsc_clock())
		got = read(all_cpus || !before.is_on, found);
	broken_ |= got == reading::bad;

	const bool wanted = got == reading::good && is_settled(found);

	cxxrt::write_once(awaits_settling_, got == reading::good && !wanted);

	if (wanted && before.is_on && equal(before.parameters, found))
		return false;
	if (before.is_on)
		turn_off();
	if (wanted)
		turn_on(found);
	return wanted || before.is_on;
}

bool tsc_clock::check(bool all_cpus) noexcept
{
	lock_guard held(check_mutex_);

	return decide(all_cpus);
}

bool tsc_clock::suspend(bool suspends) noexcept
{
	lock_guard held(check_mutex_);

	suspended_ = suspends;
	return decide(true);
}

} // namespace perfbuf
