// SPDX-License-Identifier: GPL-2.0
/* An NMI that comes before any access to a shared word: readers that come and go, emissions, AUX.
 */
#include "aux_harness.hpp"

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_step : public producer_emission
{
protected:
	template <typename Emit>
	static void in_nmi(Emit &&emit)
	{
		const nesting before = std::exchange(now.level, nesting::nmi);

		emit();
		now.level = before;
	}
};

TEST_F(producer_step, a_reader_that_comes_or_goes_leaves_each_emission_whole)
{
	testdev source;

	for (u64 first : {u64{0}, u64{PERF_SAMPLE_RAW}, time_tid_cpu, every_field})
		for (u64 second : field_sets)
			for (u64 third : {u64{0}, time_tid_cpu}) {
				/* Before and behind it in the list. */
				std::unique_ptr<reader> before, behind;

				if (first)
					behind = std::make_unique<reader>(
						source, attr_of(fixed::object, first));
				reader moving(source, attr_of(fixed::object, second));

				if (third)
					before = std::make_unique<reader>(
						source, attr_of(fixed::object, third));
				u64 number = 0;

				for (bool goes : {true, false}) {
					std::vector<raw_record> wanted;
					const auto nmi = [&] {
						in_nmi([&] {
							const u64 time = now.clock;

							/* Stale values of others are seen. */
							emit_fixed(++number);
							wanted.clear();
							for (reader *each :
							     {before.get(), &moving, behind.get()})
								if (each)
									wanted.push_back(expected(
										each->owner(),
										number, time));
						});
					};
					const auto steps = at_each_access(
						[&] {
							if (goes)
								moving.owner().disable();
							else
								ASSERT_TRUE(
									moving.owner().enable());
						},
						nmi,
						[&](bool came) {
							size_t at = 0;

							for (reader *each : {before.get(), &moving,
									     behind.get()}) {
								if (!each)
									continue;
								const auto got = each->records();

								if (came && each != &moving) {
									ASSERT_EQ(got.size(), 1u);
								}
								ASSERT_LE(got.size(), came);
								if (!got.empty()) {
									ASSERT_EQ(got[0],
										  wanted[at]);
								}
								at++;
							}
							if (goes)
								ASSERT_TRUE(
									moving.owner().enable());
							else
								moving.owner().disable();
						});
					EXPECT_GT(steps, 10u);
					if (goes)
						moving.owner().disable();
					else
						ASSERT_TRUE(moving.owner().enable());
					EXPECT_EQ(moving.owner().losses().total(), 0u);
				}
			}
}

TEST_F(producer_step, an_emission_within_another_is_counted_exactly)
{
	testdev source;

	for (u64 fields :
	     {u64{PERF_SAMPLE_RAW}, every_field, u64{PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC}})
		for (u32 period : {1, 3})
			for (int others : {0, 1})
				for (u32 records : {0, 5}) {
					perf_event_attr attr = attr_of(fixed::object, fields);

					attr.sample_period = period;
					reader attached(source, attr, 0, {.nr_pages = 1});
					std::unique_ptr<reader> other;
					u64 emitted = 0, number = 0, got = 0, last = 0;

					if (others)
						other = std::make_unique<reader>(
							source, attr_of(fixed::object), 0,
							perf_buffer::options{.nr_pages = 16});
					const u32 steps = at_each_access(
						[&] {
							emitted += records ? records : 1;
							if (!records)
								return emit_fixed(++number);
							fixed::emit_burst(
								records, [&](pb::u32 i, auto put) {
									EXPECT_LT(i, records);
									return put(0, i, 0);
								});
						},
						[&] {
							in_nmi([&] { emit_fixed(++number); });
							emitted++;
						},
						[&](bool) {
							const auto here = attached.records();

							got += here.size();
							ASSERT_EQ(
								attached.owner().producer().count(),
								emitted);
							ASSERT_EQ(got, emitted / period)
								<< "of " << emitted;
							ASSERT_EQ(attached.owner().losses().total(),
								  0u);
							if (other)
								last += other->records().size();
						});
					EXPECT_GT(steps, 10u);
					if (other) {
						EXPECT_EQ(last, emitted);
					}
				}
}

/* Whatever is asked for within, start() and stop() alternate and what is wanted last stands. */
TEST_F(producer_step, an_area_is_started_and_stopped_in_turn)
{
	aux_device device;

	ASSERT_EQ(device.add(), 0);
	aux_file file(device, false);
	stream &side = file.producer();
	u64 head = 0;
	u32 accesses = 0;

	ASSERT_TRUE(file.owner().enable());
	file.producer().stop();
	for (int outer = 0; outer < 4; outer++)
		for (int inner = 0; inner < 4; inner++) {
			bool runs = false;
			const auto act = [&](int action) {
				switch (action) {
				case 0:
					return side.start();
				case 1:
					return side.stop();
				case 2:
					return side.stop_aux();
				}
				if (side.hold_aux(head))
					side.release_aux();
			};

			device.said.clear();
			accesses += at_each_access(
				[&] {
					/* Stopped for the start, otherwise running. */
					auto *hook =
						std::exchange(cxxrt::model::on_access, nullptr);

					act(outer == 0 ? 1 : 0);
					cxxrt::model::on_access = hook;
					device.said.clear();
					runs = outer != 0;
					act(outer);
				},
				[&] { in_nmi([&] { act(inner); }); },
				[&](bool) {
					for (char call : device.said) {
						if (call != 's' && call != 't')
							continue;
						ASSERT_EQ(call, runs ? 't' : 's') << device.said;
						runs = call == 's';
					}
					/* Then everything is as asked for. */
					side.stop();
					side.release_aux();
					device.said.clear();
					side.start();
					ASSERT_EQ(device.said, "s") << outer << inner;
					side.stop();
					ASSERT_EQ(device.said, "st") << outer << inner;
				});
		}
	EXPECT_GT(accesses, 32u) << "of each pair, more than one";
}

} // namespace
