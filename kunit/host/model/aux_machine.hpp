/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An AUX area that the contexts of one CPU fill, and what readers may rely on:
 * what aux_head covers is whole and announced by records without a gap, nothing
 * goes back, a refusal for lack of space is reported, and the watermark wakes.
 */
#pragma once

#include "interrupted_cpu.hpp"
#include "scenario.hpp"
#include "stand_ins.hpp"

#include <optional>
#include <vector>

namespace perfbuf::model
{

/* The reader's program on another CPU, a step at a time: E, F, C and D. */
class far_aux_reader
{
public:
	far_aux_reader(perf_buffer &ring, aux_area &area, weak_memory &memory, reader_fault fault,
		       unsigned rounds);

	bool done() const { return rounds_ == 0; }
	void step(bool exploring);
	/* Everything that is left, when all stores have arrived. */
	void finish();

private:
	u64 word(u64 position, bool exploring);
	void load_aux_head(bool exploring);
	void load_records(bool exploring);
	void load_bytes(bool exploring);
	void store_tails(bool exploring);

	perf_buffer &ring_;
	aux_area &area_;
	weak_memory &memory_;
	const reader_fault fault_;
	unsigned rounds_;
	void (far_aux_reader::*next_)(bool) = &far_aux_reader::load_aux_head;
	std::vector<char *> pages_;
	u64 aux_head_;
	u64 tail_;
	u64 reported_; /* the records read so far end here */
	u64 data_tail_;
};

class aux_machine final : private interrupted_cpu
{
public:
	aux_machine(const aux_scenario &scenario, explorer &choices, reader_fault fault);
	~aux_machine();

	void run();

private:
	void before(cxxrt::model::access access, const volatile void *where,
		    std::size_t bytes) override;
	void raised(const void *work) override;
	void print() const override;

	void run_script(unsigned context);
	void write(const aux_op &op);
	void write_alone(u64 bytes);
	void write_shared(u64 bytes);
	void refused(unsigned raises);
	void intervene(bool shared) override;
	/* Everything that a reader on this CPU can see holds. */
	void look() override;
	void check_records(u64 head);
	void drain();
	u64 readable_to();
	void check_end();

	const aux_scenario &scenario_;
	cxxrt::ref<perf_buffer> ring_;
	aux_filler filler_;
	cxxrt::ref<aux_area> area_;
	std::optional<far_aux_reader> reader_;

	unsigned interrupts_left_[contexts];
	unsigned drains_left_;
	u64 seen_ = 0;		 /* of aux_head */
	u64 reported_ = 0;	 /* the records up to data_seen_ end here */
	u64 data_seen_ = 0;	 /* of data_head */
	u64 begun_ = 0;		 /* bytes that were written whole */
	u64 woken_at_ = 0;	 /* aux_head at the last wakeup */
	u64 readable_to_;	 /* at the last wakeup */
	bool truncated_ = false; /* a record said so */
	unsigned raises_ = 0;
	unsigned raises_at_full_ = ~0u; /* when something was refused for want of space first */
};

/* The bytes at a position of the stream: of the size of a record's page at most. */
u8 aux_byte(u64 position);

} // namespace perfbuf::model
