/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A source that exists to fill AUX areas: kunit/kernel/aux/pattern.h says with what. It
 * writes through the C ABI of perfbuf/aux.h, as another module would.
 *
 * The timer runs in hard irq on the event's CPU. Whatever else touches the
 * stream's state does so there with interrupts off, so no lock is needed.
 */
#pragma once

#include "device/aux.hpp"
#include "device/event.hpp"
#include "pattern.h"

namespace perfbuf
{

class pattern_stream final : public stream
{
public:
	explicit pattern_stream(event &owner) noexcept;
	~pattern_stream() override;
	/* ENOMEM. Process context. */
	cxxrt::result<void> open() noexcept;

	void start() noexcept override;
	void stop() noexcept override;
	void close() noexcept override {}
	u64 count() noexcept override { return ticks_.read(); }
	u64 running_ns() noexcept override { return ticks_.read() * owner_.period(); }
	bool has_missed() const noexcept override { return false; }
	void count_missed() noexcept override {}
	cxxrt::result<void> period_changed() noexcept override { return {}; }
	void run_as_writer(void (*fn)(void *arg), void *arg) noexcept override;
	void stop_aux() noexcept override;
	void pause_aux(bool on) noexcept override;
	bool hold_aux(u64 &head) noexcept override;

private:
	bool is(u64 bit) const noexcept { return owner_.attr().config & bit; }
	static void start_here(void *self) noexcept;
	static void stop_here(void *self) noexcept;
	static void end_here(void *self) noexcept;
	static void tick(void *self) noexcept;
	static void write_from_thread(void *self) noexcept;
	void fill() noexcept;
	void end(u64 flags) noexcept;
	void write_packet(pattern_producer producer) noexcept;

	event &owner_;
	void *timer_ = nullptr;
	void *thread_ = nullptr;
	bool runs_ = false;
	cxxrt::local<u64> ticks_;
	perfbuf_aux_handle handle_ = {};
	u64 written_ = 0; /* in the open transaction */
	u32 held_ = 0;	  /* ticks that it has been open */
	cxxrt::local<u64> numbers_[PATTERN_PRODUCERS];
};

class pattern_source final : public source, private aux_source
{
public:
	const char *name() const noexcept override { return "pattern"; }
	const char *description() const noexcept override { return "AUX areas, for tests"; }
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;
	aux_source *aux() noexcept override { return this; }

private:
	const aux_abilities *abilities(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &memory) noexcept override;
	void free_aux(void *kept) noexcept override;
};

extern pattern_source the_pattern;

} // namespace perfbuf
