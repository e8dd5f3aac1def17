/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two CPUs that run the ring's own code, with arm64's order of memory (weak_cpus.hpp): the first
 * writes records, the second does what other CPUs do. The explorer chooses at which accesses of
 * shared words one stops and the other goes on, and what each of them sees.
 */
#pragma once

#include "ring/aux.hpp"

#include "execution.hpp"
#include "footprint.hpp"
#include "scenario.hpp"
#include "weak_cpus.hpp"

#include "../waiting_call.hpp"

#include <optional>
#include <vector>

namespace perfbuf::model
{

class cpus_machine final : private execution
{
public:
	cpus_machine(const cpus_scenario &what, explorer &choices, footprint &words);
	~cpus_machine();

	void run();

private:
	/* A source's setup that keeps nothing. */
	class filler final : public aux_owner
	{
	public:
		cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &) noexcept override
		{
			return static_cast<void *>(this);
		}
		void free_aux(void *) noexcept override {}
	};
	class target final : public wake_target
	{
	public:
		explicit target(cpus_machine &owner) : owner_(owner) {}
		void wake() noexcept override { owner_.woken(this); }

	private:
		cpus_machine &owner_;
	};

	/* What holds for both CPUs from a time on. */
	struct moment {
		u64 time; /* memory_.now() */
		bool readable;
		bool lags; /* the ring's own copy of the head, behind the tail */
		u64 tail;
	};

	void before(cxxrt::model::access access, const volatile void *where,
		    std::size_t bytes) override;
	void raised(const void *work) override;
	void print() const override;

	std::optional<word_name> name_of(const volatile void *where) const;
	/* The other CPU goes on, if the explorer says so. */
	void maybe_switch();
	void switch_to_other();
	void other_cpu();
	void do_op(cpus_op what);
	void write(const op &one);
	void write_aux(u64 bytes);
	/* No writer is inside: a CPU that waits for that goes on, and irq_works run. */
	void pass_boundary();
	void run_irq_works();

	void woken(const target *which);
	void poll(bool of_aux);
	void read(bool of_aux, u64 left = 0);
	moment look();
	void note_moment();
	void check_end();
	/* Counts upwards in both directions. */
	s64 progress(u64 position) const
	{
		return static_cast<s64>(ring_->backward() ? 0 - position : position);
	}

	const cpus_scenario &what_;
	explorer &choices_;
	footprint &words_;
	cxxrt::ref<perf_buffer> ring_;
	filler filler_;
	cxxrt::ref<aux_area> area_;
	target first_{*this};
	target second_{*this};
	weak_cpus memory_;
	std::optional<host::waiting_call> other_;

	unsigned current_ = 0;
	unsigned switches_left_;
	bool exploring_ = false;
	bool inside_ = true; /* of the model: these accesses are nobody's */
	bool is_second_attached_ = false;
	bool is_raised_ = false;   /* an irq_work is, and has not run */
	u64 alarm_started_at_ = 0; /* memory_.now() */

	std::vector<moment> moments_; /* each holds until the next */

	bool paused_ = false;  /* since before the writer began its next record */
	bool watched_ = false; /* the statistics were mapped */
	bool limited_ = false; /* the latency was set */
	u64 covered_;	       /* the reader that was woken last finds this head */
	u64 must_cover_;       /* for this head a wakeup is owed */
};

} // namespace perfbuf::model
