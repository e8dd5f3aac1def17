/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU that writes and what can happen to it: before each access of a writer a
 * context above it may run, a reader may take a step, a file may pause the
 * ring. Which of that happens is the explorer's choice.
 */
#pragma once

#include "far_reader.hpp"
#include "ledger.hpp"
#include "observer.hpp"
#include "store_buffer.hpp"

#include "interrupted_cpu.hpp"

#include "oracle/sleeping_reader.hpp"

#include "../waiting_call.hpp"

#include <optional>

namespace perfbuf::model
{

class machine final : private interrupted_cpu
{
public:
	machine(const scenario &scenario, explorer &choices, reader_fault fault);
	~machine();
	/* One execution: the task's script with everything that intervenes, and the end. */
	void run();

private:
	void before(cxxrt::model::access access, const volatile void *where,
		    std::size_t bytes) override;
	void raised(const void *work) override;
	void print() const override;

	/* A reader that sleeps was woken: it sees what is there now. */
	class sleeper final : public wake_target
	{
	public:
		explicit sleeper(machine &owner) : owner_(owner) {}
		void wake() noexcept override { owner_.woken(); }

	private:
		machine &owner_;
	};

	void woken();
	void run_script(unsigned context);
	void check_poller();
	void check_stats();
	/* The reader takes everything. */
	void read_all();
	void write(unsigned context, const op &op);
	/* count_event(), for record @id. */
	void count(u32 id, u32 every);
	void note_unread();
	void intervene(bool shared) override;
	void look() override { observer_->look(); }
	/* The alarm fires on another CPU, which does not see all of ours, as we do not of its. */
	void fire_elsewhere();
	/* Nothing intervenes any more: pending losses are reported and read. */
	void settle();
	void check_end();
	/* Few bytes wake rarely, whatever has happened. */
	void check_losses_are_reported();
	void check_no_storm();

	const scenario &scenario_;
	cxxrt::ref<perf_buffer> ring_;
	ledger ledger_;
	std::optional<observer> observer_; /* without a far reader */
	std::optional<far_reader> reader_;
	sleeper sleeper_{*this};
	std::optional<oracle::sleeping_reader> poller_;
	std::optional<host::waiting_call> watching_; /* the map of the statistics */
	store_buffer here_;			     /* the writers' */
	store_buffer there_;			     /* and that of the CPU where the alarm fires */

	unsigned interrupts_left_[contexts];
	unsigned drains_left_;
	unsigned pauses_left_;
	bool watches_left_;
	unsigned far_alarms_left_;
	bool elsewhere_ = false; /* on the alarm's CPU */
	u32 counting_ = 0;	 /* calls of count_event() that are under way, */
	u32 counted_ = 0;	 /* those that are through, */
	u32 demanded_ = 0;	 /* and the wakeups that these owe */
	unsigned raises_ = 0;
	u64 most_unread_ = 0; /* when a record was begun */
};

} // namespace perfbuf::model
