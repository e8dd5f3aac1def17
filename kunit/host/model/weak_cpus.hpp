/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words that two CPUs share, as arm64 lets each CPU see them. The code of the ring runs on the
 * host's memory; before each load this class puts there what the CPU may see.
 *
 *   - A store goes into its CPU's buffer and arrives later, in any order that smp_wmb(), smp_mb(),
 *     a release and the address allow. Its own CPU sees it at once.
 *   - A load may be satisfied early: it sees any value that the word has had since the last barrier
 *     of its CPU (smp_rmb(), smp_mb(), an acquire, a fully ordered read-modify-write), but never
 * one older than what the CPU has seen of that word.
 *   - What has arrived is there for both CPUs (other-multi-copy atomicity).
 *   - A read-modify-write of a shared<> is fully ordered; one of a local<> orders nothing.
 *   - A store does not arrive before the loads that stand before it in the program. arm64 allows
 * that where no dependency forbids it; docs/proof.md says where the ring rests on the dependency.
 *
 * A choice is made late: a store arrives when another CPU looks and the explorer says so, or with a
 * later one that a barrier orders behind it.
 */
#pragma once

#include "explorer.hpp"
#include "record.hpp"

#include "cxxrt_model.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace perfbuf::model
{

class weak_cpus
{
public:
	static constexpr unsigned cpus = 2;

	/* @arrived is called when a word has another value for both CPUs. */
	weak_cpus(explorer &choices, std::function<void()> arrived)
		: choices_(choices), arrived_(std::move(arrived))
	{
	}

	/* @cpu is about to make this access of a shared word, or executes this barrier. */
	void before(unsigned cpu, cxxrt::model::access kind, const volatile void *where,
		    std::size_t bytes);
	/* The last access was made. */
	void finish();
	/* smp_mb(), as locks and interrupts to other CPUs imply it. */
	void fence(unsigned cpu);
	/* @cpu takes a lock that was released at @time. */
	void see(unsigned cpu, u64 time);
	/* From now on every store has arrived, and is seen. */
	void settle();

	/* Counts what arrives. */
	u64 now() const { return now_; }
	/* No load of @cpu is satisfied before this. */
	u64 window(unsigned cpu) const { return of_[cpu].window; }
	/* Puts into the host's memory what has arrived. */
	void show_arrived();
	/* The bytes of a word of 8 that have arrived. */
	u64 arrived(const void *where);

private:
	struct entry {
		u64 value;
		u64 time;
	};
	struct word {
		void *where;
		std::size_t bytes;
		std::vector<entry> history;
		std::size_t seen[cpus] = {}; /* index of the newest entry that the CPU has seen */
	};
	struct store {
		word *at;
		u64 value;
		u32 epoch; /* stores of an earlier one arrive before it */
		bool releases;
		bool arrived;
	};
	struct cpu_state {
		std::vector<store> stores;
		u32 epoch = 0;
		u64 window = 0;
		u64 loaded = 0; /* when the latest of its loads was satisfied, at least */
	};

	word &find(const volatile void *where, std::size_t bytes);
	static u64 get(const word &at);
	static void put(const word &at, u64 value);
	/* The newest store of @cpu to @at that has not arrived; nullptr: none. */
	const store *pending(unsigned cpu, const word &at) const;
	void arrive(unsigned cpu, std::size_t index);
	void append(unsigned cpu, word &at, u64 value);
	/* Of the other CPU's stores to @at, as many as the explorer says arrive. */
	void let_arrive(unsigned cpu, const word &at);
	u64 load_word(unsigned cpu, word &at, bool acquires);

	explorer &choices_;
	std::function<void()> arrived_;
	std::vector<std::unique_ptr<word>> words_;
	cpu_state of_[cpus];
	u64 now_ = 0;
	bool settled_ = false;

	/* The access that is being made. */
	struct {
		unsigned cpu = 0;
		word *at = nullptr; /* nullptr: none that stores */
		cxxrt::model::access kind;
		u64 before;
	} making_;
};

} // namespace perfbuf::model
