/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decides whether the time of records comes from the time stamp counter or from local_clock()
 * (glue/local_clock.h), and keeps the parameters that readers find on their user page.
 *
 *   off ── check(): all CPUs have the same parameters, they are settled, and ──> on
 *          they agree with local_clock() on each CPU
 *   on ─── check(): no parameters (TSC unstable), other parameters, suspend, ──> off
 *          tsc_clock=0
 *   on, off ── check(): a reading outside of local_clock()'s bounds ──> broken, for good
 *
 * Parameters are settled once the kernel will not calibrate the counter again. It does so about a
 * second after its device initcalls, unless hardware or a hypervisor reported the frequency.
 *
 * Locks: check_mutex_ is outside of CPU hotplug's, so never under mmap_lock. published_ is
 * innermost.
 */
#pragma once

#include "glue/tsc.h"

#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

using cxxrt::u64;

class tsc_clock
{
public:
	static constexpr u64 settled_after_ns = 2'000'000'000;
	static constexpr u64 settled_uptime_ns = 60'000'000'000;
	static constexpr unsigned int interval_ms = 1000;
	static constexpr unsigned int readings_per_check = 256; /* of the counter, on each CPU */

	tsc_clock() noexcept;
	~tsc_clock() { pb_tsc_clock_off(); }

	/* Checks the counter: on this CPU while the clock is on, otherwise or with @all_cpus on all
	 * CPUs. True: published() has changed. Process context, may sleep; not under mmap_lock. */
	[[nodiscard]] bool check(bool all_cpus) noexcept;
	/* Off until the system has resumed. Likewise. */
	[[nodiscard]] bool suspend(bool suspends) noexcept;

	/* The parameters were not settled at the last check(); a later check() may find them
	 * settled. */
	bool awaits_settling() const noexcept { return cxxrt::read_once(awaits_settling_); }

	/* True: the clock is on, with these parameters. Any context but NMI. */
	bool published(pb_tsc_parameters &out) noexcept;

private:
	enum class reading { none, bad, good };

	bool decide(bool all_cpus) noexcept;
	reading read(bool all_cpus, pb_tsc_parameters &out) noexcept;
	bool agrees(int cpu, const pb_tsc_parameters &parameters) noexcept;
	bool is_settled(const pb_tsc_parameters &found) noexcept;
	void turn_off() noexcept;
	void turn_on(const pb_tsc_parameters &with) noexcept;

	struct state {
		pb_tsc_parameters parameters = {};
		bool is_on = false;
	};

	cxxrt::mutex check_mutex_;
	/* Under check_mutex_. */
	bool suspended_ = false;
	bool broken_ = false;
	bool awaits_settling_ = false; /* read without the mutex, too */
	bool has_candidate_ = false;
	pb_tsc_parameters candidate_ = {}; /* the parameters of the last check() */
	u64 candidate_since_ = 0;	   /* uptime at which it was read first */
	pb_tsc_reading readings_[readings_per_check];
	/* Written under check_mutex_, too. */
	cxxrt::guarded<state, cxxrt::spinlock> published_;
};

/* Checks the clock before a file is opened, so that its first record uses the right clock. Process
 * context. */
void check_tsc_clock() noexcept;
/* published() of the module's clock. */
bool tsc_clock_published(pb_tsc_parameters &out) noexcept;

} // namespace perfbuf
