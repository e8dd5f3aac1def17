// SPDX-License-Identifier: GPL-2.0
/*
 * Nested writers that the test calls one within the other, as interrupts would:
 * begin and commit nest as brackets. The model (kunit/host/model) nests writers
 * at every single access, and kunit/kernel/nmi tests real interrupts.
 */
#include "ring_harness.hpp"

#include "ring/recursion.hpp"

using namespace perfbuf;
using namespace perfbuf::test;

namespace
{

struct plan {
	u32 depth;
	u32 bytes;
	bool nest_before_fill;
};

/* Writes a record, and how.depth - level - 1 more, each nested in the one before. Records get their
 * sequence numbers in the order of begin. */
void write_nested(perf_buffer &ring, const plan &how, u32 level, u64 &sequence) noexcept
{
	result<reservation> begun = ring.begin(how.bytes + 8 * level, origin());

	if (!begun)
		return;

	reservation record = begun.take();
	const u64 mine = sequence++;

	if (how.nest_before_fill && level + 1 < how.depth)
		write_nested(ring, how, level + 1, sequence);
	fill_sample(record, how.bytes + 8 * level, mine);
	if (!how.nest_before_fill && level + 1 < how.depth)
		write_nested(ring, how, level + 1, sequence);
	record.commit();
}

} // namespace

CASE(ring_nesting, only_the_outermost_writer_publishes)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	writer_section section;
	result<reservation> outer = ring->begin(64, origin());

	REQUIRE(outer);

	reservation record = outer.take();

	EXPECT_EQ(write_sample(*ring, 32, 1), 0);
	EXPECT_EQ(reader.head(), 0);
	fill_sample(record, 64, 0);
	EXPECT_EQ(write_sample(*ring, 32, 2), 0);
	EXPECT_EQ(reader.head(), 0);
	record.commit();
	EXPECT_EQ(reader.head(), 128);
	EXPECT_EQ(reader.at(0).sequence, 0);
	EXPECT_EQ(reader.at(64).sequence, 1);
	EXPECT_EQ(reader.at(96).sequence, 2);
	EXPECT(reader.at(0).whole && reader.at(64).whole && reader.at(96).whole);
}

CASE(ring_nesting, four_contexts_deep_every_record_is_whole_and_in_the_order_of_begin)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	u64 sequence = 0;
	u64 expected = 0;

	for (u32 round = 0; round < 300; round++) {
		const plan how = {1 + round % 4, 24 + 8 * (round % 11), (round & 1) != 0};
		seen found;

		{
			writer_section section;

			write_nested(*ring, how, 0, sequence);
		}
		while (reader.next(found)) {
			EXPECT(found.whole);
			EXPECT_EQ(found.sequence, expected++);
		}
		reader.release();
		EXPECT_EQ(sequence, expected);
	}
	EXPECT_EQ(ring->losses().total(), 0);
}

CASE(ring_nesting, a_nested_writer_that_finds_no_space_leaves_the_outer_record_as_it_is)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	seen found;

	{
		writer_section section;
		result<reservation> outer = ring->begin(4000, origin());

		REQUIRE(outer);

		reservation record = outer.take();

		EXPECT_EQ(write_sample(*ring, 256, 1), ENOSPC);
		EXPECT_EQ(reader.head(), 0);
		EXPECT_EQ(write_sample(*ring, 0x10000, 1), E2BIG);
		EXPECT_EQ(reader.head(), 0);
		fill_sample(record, 4000, 0);
		record.commit();
	}
	EXPECT_EQ(reader.head(), 4000);
	REQUIRE(reader.next(found));
	EXPECT(found.whole);
	EXPECT_EQ(ring->losses().total(), 2);
}

CASE(ring_nesting, a_loss_during_the_report_of_another_is_reported_later)
{
	/* Counts another loss while the trailer of the PERF_RECORD_LOST is written. */
	struct losing final : record_origin {
		losing(perf_buffer &ring) noexcept : record_origin(1, 8), ring(ring) {}
		void write_trailer(reservation &into) const noexcept override
		{
			ring.count_loss(loss_cause::recursion);
			into.put(u64{0});
		}
		perf_buffer &ring;
	};

	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	ring_reader reader(*ring);
	u64 reported = 0;
	seen found;

	ring->count_loss(loss_cause::recursion);
	for (u64 i = 0; i < 3; i++)
		EXPECT_EQ(write_sample(*ring, 64, i, losing(*ring)), 0);
	EXPECT_EQ(write_sample(*ring, 64, 3), 0);
	while (reader.next(found))
		reported += found.lost;
	EXPECT_EQ(reported, 4);
	EXPECT_EQ(ring->losses().total(), 4);
}

CASE(ring_nesting, a_pause_between_begin_and_commit_does_not_hold_the_record)
{
	ref<perf_buffer> ring = make_ring();

	REQUIRE(ring);

	writer_section section;
	result<reservation> begun = ring->begin(64, origin());

	REQUIRE(begun);

	reservation record = begun.take();

	ring->pause(true);
	fill_sample(record, 64, 0);
	record.commit();
	EXPECT_EQ(ring_reader(*ring).head(), 64);
}

CASE(recursion, a_source_enters_each_context_once)
{
	recursion_contexts contexts;

	for (nesting level : {nesting::task, nesting::softirq, nesting::irq, nesting::nmi}) {
		EXPECT(contexts.try_enter(level));
		EXPECT(!contexts.try_enter(level));
	}
	for (nesting level : {nesting::nmi, nesting::irq, nesting::softirq, nesting::task}) {
		contexts.exit(level);
		EXPECT(contexts.try_enter(level));
		contexts.exit(level);
	}
}

CASE(recursion, a_refused_entry_changes_nothing)
{
	recursion_contexts contexts;

	EXPECT(contexts.try_enter(nesting::irq));
	for (u32 i = 0; i < 100; i++)
		EXPECT(!contexts.try_enter(nesting::irq));
	EXPECT(contexts.try_enter(nesting::nmi));
	contexts.exit(nesting::nmi);
	contexts.exit(nesting::irq);
	EXPECT(contexts.try_enter(nesting::irq));
	contexts.exit(nesting::irq);
}
