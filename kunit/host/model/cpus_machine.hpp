/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two CPUs that run the ring's own code, with arm64's order of memory (weak_cpus.hpp): the first
 * writes records, the second does what other CPUs do. The explorer chooses at which accesses of
 * shared words one stops and the other goes on, and what each of them sees.
 */
#pragma once

#include "execution.hpp"
#include "footprint.hpp"
#include "polling_reader.hpp"
#include "scenario.hpp"
#include "stand_ins.hpp"
#include "weak_cpus.hpp"

#include "../waiting_call.hpp"

#include <optional>

namespace perfbuf::model
{

class cpus_machine final : private execution
{
public:
	cpus_machine(const cpus_scenario &scenario, explorer &choices, footprint &words);
	~cpus_machine();

	void run();

private:
	class target final : public wake_target
	{
	public:
		explicit target(cpus_machine &owner) : owner_(owner) {}
		void wake() noexcept override { owner_.woken(this); }

	private:
		cpus_machine &owner_;
	};

	void before(cxxrt::model::access access, const volatile void *where,
		    std::size_t bytes) override;
	void raised(const void *work) override;
	void ordered(int cpu) override;
	void print() const override;

	std::optional<word_name> name_of(const volatile void *where) const;
	/* The other CPU goes on, if the explorer says so. */
	void maybe_switch();
	void switch_to_other();
	void other_cpu();
	void do_op(cpus_op op);
	void write(const op &op);
	void write_aux(u64 bytes);
	void copy();
	void print();
	/* No writer is inside: a CPU that waits for that goes on, and irq_works run. */
	void pass_boundary();
	void run_irq_works();

	void woken(const target *which);
	void check_end();

	const cpus_scenario &scenario_;
	explorer &choices_;
	footprint &words_;
	cxxrt::ref<perf_buffer> ring_;
	aux_filler filler_;
	cxxrt::ref<aux_area> area_;
	target first_{*this};
	target second_{*this};
	weak_cpus memory_;
	polling_reader reader_;
	std::optional<host::waiting_call> other_;

	/* Stands for the data of the ring: the end of the record that was stored last. */
	u64 stored_ = 0;
	unsigned interrupts_ = 0; /* of a writer's CPU, by a reader that copies */

	unsigned current_ = 0;
	unsigned switches_left_;
	bool exploring_ = false;
	bool inside_ = true; /* the model itself runs: its accesses are not a writer's */
	bool is_second_attached_ = false;
	bool is_raised_ = false;   /* an irq_work is, and has not run */
	u64 alarm_started_at_ = 0; /* memory_.now() */

	bool paused_ = false;  /* since before the writer began its next record */
	bool watched_ = false; /* the statistics were mapped */
	bool limited_ = false; /* the latency was set */
};

} // namespace perfbuf::model
