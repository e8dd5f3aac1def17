// SPDX-License-Identifier: GPL-2.0
/* A source that fills AUX areas: what it declares, its areas, and when it starts and stops. */
#include "aux_harness.hpp"

#include "device/attr.hpp"

#include <cerrno>
#include <optional>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_aux : public producer_emission
{
protected:
	aux_device device;
	perfbuf_aux_pages pages = {};

	int add_with(void (*change)(aux_device &))
	{
		aux_device mine;

		change(mine);
		return mine.add();
	}
};

TEST_F(producer_aux, a_declaration_that_is_not_whole_is_refused)
{
	EXPECT_EQ(add_with([](aux_device &) {}), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.event = nullptr; }), EINVAL);
	EXPECT_STREQ(now.refusal, "its AUX area is not allowed");
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.event = &dump::object; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.event = &varying::object; }), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.start = nullptr; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.stop = nullptr; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.open = nullptr; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.close = nullptr; }), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.open = nullptr, d.aux.close = nullptr; }), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.setup = nullptr; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.free = nullptr; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.setup = nullptr, d.aux.free = nullptr; }), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.hold = nullptr; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.release = nullptr; }), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.hold = nullptr, d.aux.release = nullptr; }),
		  0);
	for (u32 flag = 0; flag < 32; flag++) {
		aux_device mine;

		mine.aux.flags = 1u << flag;
		EXPECT_EQ(mine.add(), flag < 6 ? 0 : EINVAL) << flag;
	}
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.max_order = 19; }), 0);
	EXPECT_EQ(add_with([](aux_device &d) { d.aux.max_order = 20; }), EINVAL);
	EXPECT_EQ(add_with([](aux_device &d) { d.of.aux = nullptr; }), 0);
}

TEST_F(producer_aux, an_event_supports_the_aux_options_that_its_source_declares)
{
	for (u32 flags = 0; flags < 64; flags++)
		for (bool holds : {false, true}) {
			aux_device mine;

			mine.aux.flags = flags;
			mine.aux.max_order = 3;
			if (!holds)
				mine.aux.hold = nullptr, mine.aux.release = nullptr;
			ASSERT_EQ(mine.add(), 0);
			ASSERT_NE(mine.source().aux(), nullptr);

			aux_source &side = *mine.source().aux();
			const aux_abilities *can = side.abilities(attr_of(fixed::object));

			EXPECT_EQ(side.abilities(attr_of(varying::object)), nullptr);
			ASSERT_NE(can, nullptr);
			EXPECT_EQ(can->memory.max_order, 3u);
			EXPECT_EQ(can->memory.one_chunk, (flags & PERFBUF_AUX_ONE_CHUNK) != 0);
			EXPECT_EQ(can->memory.virtual_memory, (flags & PERFBUF_AUX_VMALLOC) != 0);
			EXPECT_EQ(can->shared, (flags & PERFBUF_AUX_SHARED) != 0);
			EXPECT_EQ(can->overwrite, !(flags & PERFBUF_AUX_NO_SNAPSHOT));
			EXPECT_EQ(can->can_pause, (flags & PERFBUF_AUX_PAUSES) != 0);
			EXPECT_EQ(can->can_hold, holds || flags & PERFBUF_AUX_SHARED);
		}
}

/* attr.config1 and config2 are the source's, of the event with the area alone. */
TEST_F(producer_aux, only_the_event_with_the_area_takes_words_of_its_source)
{
	ASSERT_EQ(device.add(), 0);
	for (int word : {1, 2}) {
		perf_event_attr attr = attr_of(fixed::object);
		perf_event_attr other = attr_of(varying::object);

		(word == 1 ? attr.config1 : attr.config2) = 1;
		(word == 1 ? other.config1 : other.config2) = 1;
		EXPECT_TRUE(device.source().check(attr)) << word;
		EXPECT_FALSE(device.source().check(other)) << word;
	}

	perf_event_attr attr = attr_of(fixed::object);

	set_config3(attr, 1);
	/* Where the headers have it. */
	EXPECT_EQ(static_cast<bool>(device.source().check(attr)), !config3(attr));
}

TEST_F(producer_aux, each_area_is_set_up_once_and_freed_once)
{
	ASSERT_EQ(device.add(), 0);

	aux_source &side = *device.source().aux();
	void *kept[3];

	for (int i = 0; i < 3; i++) {
		auto made = side.setup_aux(pages);

		ASSERT_TRUE(made);
		kept[i] = made.take();
		EXPECT_EQ(kept[i], &device.kept_here[i]);
	}
	/* In any order. */
	for (int i : {1, 2, 0}) {
		side.free_aux(kept[i]);
		EXPECT_EQ(device.freed, kept[i]);
	}
	EXPECT_EQ(device.said, "SSSFFF");

	device.setup_answer = -EIO;
	EXPECT_EQ(side.setup_aux(pages).error().code(), EIO);
	device.setup_answer = 0;
	device.keeps = false;
	EXPECT_EQ(side.setup_aux(pages).error().code(), EINVAL);
	EXPECT_EQ(device.said, "SSSFFFSS");
	pb_test_fail_allocation(1);
	EXPECT_EQ(side.setup_aux(pages).error().code(), ENOMEM);
	pb_test_fail_allocation(0);
	EXPECT_EQ(device.said, "SSSFFFSS");
}

TEST_F(producer_aux, an_area_without_a_setup_gives_its_pages)
{
	device.aux.setup = nullptr, device.aux.free = nullptr;
	ASSERT_EQ(device.add(), 0);
	pages.nr_pages = 4;

	aux_source &side = *device.source().aux();
	void *first = side.setup_aux(pages).take();
	void *other = side.setup_aux(pages).take();

	EXPECT_NE(first, other);
	EXPECT_EQ(static_cast<perfbuf_aux_pages *>(first)->nr_pages, 4u);
	side.free_aux(first);
	EXPECT_EQ(static_cast<perfbuf_aux_pages *>(other)->nr_pages, 4u);
	side.free_aux(other);
}

TEST_F(producer_aux, areas_that_are_left_are_freed_in_the_module_as_the_source_goes)
{
	for (bool sets_up : {true, false}) {
		std::optional<aux_device> mine(std::in_place);

		if (!sets_up)
			mine->aux.setup = nullptr, mine->aux.free = nullptr;
		ASSERT_EQ(mine->add(), 0);

		typed_source &kept = mine->source();
		aux_source &side = *kept.aux();
		void *first = side.setup_aux(pages).take();
		void *other = side.setup_aux(pages).take();

		perfbuf_producer_unregister(&mine->of);
		EXPECT_EQ(mine->said, sets_up ? "SSFF" : "");
		EXPECT_EQ(side.setup_aux(pages).error().code(), ENODEV);
		EXPECT_EQ(now.trace_ids, 2) << "the areas still know the source";
		side.free_aux(first);
		EXPECT_EQ(now.trace_ids, 2);
		side.free_aux(other);
		EXPECT_EQ(mine->said, sets_up ? "SSFF" : "") << "nothing calls the module any more";
		EXPECT_EQ(now.trace_ids, 0);
	}
}

TEST_F(producer_aux, a_file_is_opened_started_stopped_and_closed_once)
{
	ASSERT_EQ(device.add(), 0);
	{
		aux_file file(device, false);

		EXPECT_EQ(device.said, "o");
		ASSERT_TRUE(file.owner().enable());
		EXPECT_EQ(device.said, "os");
		file.owner().disable();
		EXPECT_EQ(device.said, "ost");
		ASSERT_TRUE(file.owner().enable());
		file.producer().start();
		EXPECT_EQ(device.said, "oststs") << "an event that went off by itself begins anew";
		file.close();
		EXPECT_EQ(device.said, "ostststc") << "the next file may be waiting for it";
	}
	EXPECT_EQ(device.said, "ostststc");

	device.said.clear();
	device.open_answer = -EBUSY;
	aux_file refused(device);
	EXPECT_EQ(refused.error, EBUSY);
	EXPECT_EQ(device.said, "o");
}

TEST_F(producer_aux, a_file_that_its_source_refuses_takes_no_place_and_ends_the_source_again)
{
	static int starts, stops;
	perfbuf_source_ops ops = {.start =
					  [](perfbuf_source *) {
						  starts++;
						  return 0;
					  },
				  .stop = [](perfbuf_source *) { stops++; },
				  .write = nullptr};

	starts = stops = 0;
	now.event_readers_max = 1;
	device.of.ops = &ops;
	ASSERT_EQ(device.add(), 0);
	device.open_answer = -EBUSY;
	for (int i = 1; i <= 2; i++) {
		EXPECT_EQ(aux_file(device).error, EBUSY);
		EXPECT_EQ(starts, i);
		EXPECT_EQ(stops, i);
	}
	device.open_answer = 0;

	aux_file file(device);

	EXPECT_EQ(file.error, 0);
	perfbuf_producer_unregister(&device.of);
	EXPECT_EQ(stops, 3);
}

TEST_F(producer_aux, a_source_that_goes_closes_its_files_once)
{
	ASSERT_EQ(device.add(), 0);
	aux_file file(device);

	perfbuf_producer_unregister(&device.of);
	EXPECT_EQ(device.said, "ostc");
	file.close();
	EXPECT_EQ(device.said, "ostc");
}

TEST_F(producer_aux, a_source_may_declare_no_open_and_no_close)
{
	device.aux.open = nullptr, device.aux.close = nullptr;
	ASSERT_EQ(device.add(), 0);
	aux_file file(device, false);

	EXPECT_EQ(device.said, "");
	file.close();
	EXPECT_EQ(device.said, "");
}

TEST_F(producer_aux, the_last_unmap_ends_what_is_open_and_the_filling_goes_on)
{
	ASSERT_EQ(device.add(), 0);
	aux_file file(device, false);

	file.producer().stop_aux();
	EXPECT_EQ(device.said, "o") << "nothing runs";
	ASSERT_TRUE(file.owner().enable());
	file.producer().stop_aux();
	EXPECT_EQ(device.said, "osts");
}

TEST_F(producer_aux, samples_of_another_event_pause_it)
{
	ASSERT_EQ(device.add(), 0);
	aux_file file(device);
	perf_event_attr attr = attr_of(fixed::object);

	device.said.clear();
	attr.sample_type = PERF_SAMPLE_RAW;
	for (u32 action : {PERFBUF_AUX_PAUSE, PERFBUF_AUX_RESUME}) {
		set_action(attr, action);
		event switching(attr, 0, nullptr, file);

		switching.link_aux(&file.owner());
		(void)switching.count_overflow();
		switching.sample_over();
		EXPECT_EQ(device.said, action == PERFBUF_AUX_PAUSE ? "t" : "ts");
		EXPECT_EQ(file.owner().aux_paused(), action == PERFBUF_AUX_PAUSE);
	}
	/* It is stopped and started while it is paused: nothing runs until it goes on. */
	set_action(attr, PERFBUF_AUX_PAUSE);
	event pausing(attr, 0, nullptr, file);

	pausing.link_aux(&file.owner());
	(void)pausing.count_overflow();
	device.said.clear();
	file.owner().disable();
	ASSERT_TRUE(file.owner().enable());
	file.producer().stop_aux();
	EXPECT_EQ(device.said, "");
	set_action(attr, PERFBUF_AUX_RESUME);
	event resuming(attr, 0, nullptr, file);

	resuming.link_aux(&file.owner());
	resuming.sample_over();
	EXPECT_EQ(device.said, "s");
}

/* An NMI may want the opposite while the source is in start() or stop(). */
TEST_F(producer_aux, a_change_within_start_or_stop_takes_effect_after_it)
{
	ASSERT_EQ(device.add(), 0);
	aux_file file(device, false);
	static stream *inside;

	inside = &file.producer();
	device.said.clear();
	device.within = [](aux_device &self) {
		self.within = nullptr;
		self.said += '(';
		inside->stop();
		self.said += ')';
	};
	ASSERT_TRUE(file.owner().enable());
	EXPECT_EQ(device.said, "s()t");
	device.said.clear();
	file.producer().start();
	device.within = [](aux_device &self) {
		self.within = nullptr;
		self.said += '(';
		inside->start();
		inside->stop();
		inside->start();
		self.said += ')';
	};
	file.producer().stop();
	EXPECT_EQ(device.said, "st()s");
}

TEST_F(producer_aux, a_sample_holds_what_runs_and_lets_it_go)
{
	ASSERT_EQ(device.add(), 0);
	aux_file file(device, false);
	stream &side = file.producer();
	u64 head = 1000;

	/* Nothing runs: nothing to ask. */
	device.said.clear();
	EXPECT_TRUE(side.hold_aux(head));
	EXPECT_EQ(head, 1000u);
	side.release_aux();
	EXPECT_EQ(device.said, "");
	ASSERT_TRUE(file.owner().enable());
	device.said.clear();
	EXPECT_TRUE(side.hold_aux(head));
	EXPECT_EQ(head, 1024u);
	u64 again = 5;
	EXPECT_FALSE(side.hold_aux(again)) << "one at a time";
	EXPECT_EQ(again, 5u);
	side.release_aux();
	side.release_aux();
	EXPECT_EQ(device.said, "hr");
	EXPECT_TRUE(side.hold_aux(head));
	/* A request of meanwhile is met when it is released. */
	side.stop();
	EXPECT_EQ(device.said, "hrh");
	side.release_aux();
	EXPECT_EQ(device.said, "hrhrt");
	device.said.clear();
	static stream *inside;
	static bool held;

	inside = &side;
	device.within = [](aux_device &self) {
		u64 at = 0;

		self.within = nullptr;
		held = inside->hold_aux(at);
	};
	held = true;
	side.start();
	EXPECT_FALSE(held) << "start() may have written what is not published";
	EXPECT_EQ(device.said, "s");
}

TEST_F(producer_aux, an_area_that_holds_itself_asks_nobody)
{
	device.aux.hold = nullptr, device.aux.release = nullptr;
	device.aux.flags = PERFBUF_AUX_SHARED;
	ASSERT_EQ(device.add(), 0);
	aux_file file(device);
	u64 head = 7;

	EXPECT_TRUE(file.producer().hold_aux(head));
	EXPECT_TRUE(file.producer().hold_aux(head));
	file.producer().release_aux();
	EXPECT_EQ(device.said, "os");
	file.owner().disable();
	EXPECT_EQ(device.said, "ost");

	aux_device other;

	perfbuf_producer_unregister(&device.of);
	other.aux.release = nullptr;
	ASSERT_EQ(other.add(), 0);
	aux_file second(other);

	EXPECT_TRUE(second.producer().hold_aux(head));
	second.producer().release_aux();
	EXPECT_TRUE(second.producer().hold_aux(head));
	second.producer().release_aux();
	EXPECT_EQ(other.said, "oshh");
}

} // namespace
