/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring of one history, beside it the contents that it must have and its reader, and the random
 * choices. Writers (writers.hpp) and the steps of the history (history.hpp) both use it: here is
 * what can happen between two steps as well as at any access of a writer.
 */
#pragma once

#include "plan.hpp"
#include "random.hpp"
#include "sleeping_reader.hpp"
#include "stream.hpp"

#include "../waiting_call.hpp"

#include <optional>

namespace perfbuf::oracle
{

struct test_ring {
	test_ring(const plan &planned, u64 seed, bool trace);
	~test_ring() { free(); }
	test_ring(const test_ring &) = delete;
	test_ring &operator=(const test_ring &) = delete;

	/* Frees the ring. nullptr, or the promise that was broken. */
	const char *free();

	/* The reader reads what data_head shows, all or a part, and polls. */
	void read(bool may_be_part);
	/* The alarm of the latency fires, if it was started. */
	void expire_alarms();
	void toggle_pause() { ring->pause(!ring->paused()); }
	/* As limited and silent say. */
	void set_wakeups();

	/* The first @promise that was broken stays in broken. */
	void fail(const char *promise);
	/* A line of the trace. */
	[[gnu::format(printf, 2, 3)]] void say(const char *format, ...);

	const plan &planned;
	const long allocations; /* before the ring was made */
	random choices;
	const bool trace;
	const u32 trailer_bytes;
	const bool modulo; /* the reader stores its tail modulo the size */
	const u32 every;   /* wakeups by count */
	cxxrt::ref<perf_buffer> ring;
	const u64 largest; /* the record that still fits */
	stream contents;
	std::optional<sleeping_reader> reader;

	u32 step = 0;
	u32 writers_inside = 0;
	bool elsewhere = true;	/* these accesses are not a writer's */
	u32 alarm_accesses = 0; /* those of an alarm, until the task writes; 0: it does not */
	bool silent = false;	/* the reader wants no wakeups */
	bool limited = false;	/* a latency is set */
	const char *broken = nullptr;

private:
	static perf_buffer::options choose_ring(const plan &planned, random &choices);
	/* The ring has raised an irq_work. */
	void raised(const void *work);
	void read_overwrite();
};

/* For as long as the scope lasts, accesses are the test's own. */
class aside
{
public:
	explicit aside(test_ring &of)
		: elsewhere_(of.elsewhere), was_(std::exchange(of.elsewhere, true))
	{
	}
	~aside() { elsewhere_ = was_; }
	aside(const aside &) = delete;
	aside &operator=(const aside &) = delete;

private:
	bool &elsewhere_;
	const bool was_;
};

/* The origin of a history's records. */
class test_origin final : public record_origin
{
public:
	explicit test_origin(const test_ring &of) : record_origin(1, of.trailer_bytes) {}

	void write_trailer(reservation &into) const noexcept override;
};

} // namespace perfbuf::oracle
