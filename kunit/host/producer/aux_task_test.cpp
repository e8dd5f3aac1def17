// SPDX-License-Identifier: GPL-2.0
/* AUX areas of readers that follow a task, and how areas pause and files end. */
#include "aux_harness.hpp"

#include <cerrno>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

class producer_aux_task : public producer_emission
{
protected:
	aux_device device;

	static perf_event_attr inherited()
	{
		perf_event_attr attr = attr_of(fixed::object);

		attr.inherit = 1;
		return attr;
	}
};

TEST_F(producer_aux_task, an_area_of_a_task_needs_a_source_that_declares_tasks)
{
	ASSERT_EQ(device.add(), 0);
	EXPECT_EQ(aux_file(device, true, -1, task_of(0)).error, EOPNOTSUPP);
	EXPECT_EQ(aux_file(device, true, 0, task_of(0)).error, EOPNOTSUPP);
	EXPECT_EQ(device.said, "");
	perfbuf_producer_unregister(&device.of);

	for (u32 flag = 0; flag < 6; flag++) {
		device.aux.flags = 1u << flag;
		ASSERT_EQ(device.add(), 0);
		EXPECT_EQ(aux_file(device, true, -1, task_of(0)).error,
			  1u << flag == PERFBUF_AUX_TASKS ? 0 : EOPNOTSUPP);
		perfbuf_producer_unregister(&device.of);
	}
}

/* A sample that pauses the AUX of a linked event, and resumes it when it is written, lost or given
 * up. */
TEST_F(producer_aux_task, an_area_is_resumed_when_the_sample_that_paused_it_ends)
{
	device.aux.flags = PERFBUF_AUX_PAUSES;
	ASSERT_EQ(device.add(), 0);

	aux_file filled(device);
	perf_event_attr attr = attr_of(varying::object);
	const auto emit = [] { varying::emit(1, "n", "m", perfbuf_part{"b", 1}); };
	perfbuf_emission e;

	for (u32 action : {u32{PERFBUF_AUX_RESUME}, u32{PERFBUF_AUX_PAUSE | PERFBUF_AUX_RESUME}}) {
		set_action(attr, action);
		reader reader(device.source(), attr, 0, {.nr_pages = 4},
			      {.target = nullptr, .linked = &filled.owner(), .user = nullptr});
		set_action(attr, PERFBUF_AUX_PAUSE);
		event pausing(attr, 0, nullptr, reader);
		const auto pause = [&] {
			(void)pausing.count_overflow();
			EXPECT_TRUE(filled.owner().aux_paused());
		};

		pausing.link_aux(&filled.owner());
		for (bool has_ring : {true, false}) {
			reader.owner().set_ring(has_ring ? &reader.ring() : nullptr);
			pause();
			emit();
			EXPECT_FALSE(filled.owner().aux_paused());
			for (bool gives_up : {true, false}) {
				pause();
				EXPECT_EQ(perfbuf_begin(&e, &varying::object, 8), has_ring);
				EXPECT_EQ(filled.owner().aux_paused(), has_ring)
					<< "until it is over";
				if (!has_ring)
					continue;
				if (gives_up)
					perfbuf_discard(&e);
				EXPECT_FALSE(perfbuf_next(&e));
				EXPECT_FALSE(filled.owner().aux_paused());
			}
		}
		reader.owner().set_ring(&reader.ring());
	}
}

TEST_F(producer_aux_task, a_stream_whose_file_cannot_be_opened_is_closed_in_its_source)
{
	u32 failed = 0;

	now.event_readers_max = 1;
	device.aux.flags = PERFBUF_AUX_TASKS;
	device.aux.setup = nullptr, device.aux.free = nullptr;
	ASSERT_EQ(device.add(), 0);
	for (pb_task *target : {static_cast<pb_task *>(nullptr), task_of(0)})
		for (u32 nth = 1;; nth++) {
			ASSERT_LT(nth, 32u);
			device.said.clear();
			pb_test_fail_allocation(nth);
			{
				aux_file file(device, false, 0, target,
					      attr_of(fixed::object, PERF_SAMPLE_CALLCHAIN));

				pb_test_fail_allocation(0);
				if (!file.error)
					break;
				EXPECT_EQ(file.error, ENOMEM);
			}
			EXPECT_TRUE(device.said == "" || device.said == "oc") << device.said;
			failed += device.said == "oc";
		}
	EXPECT_GT(failed, 0u);
}

TEST_F(producer_aux_task, a_file_that_is_closed_frees_its_place)
{
	now.event_readers_max = 1;
	ASSERT_EQ(device.add(), 0);

	aux_file file(device);

	EXPECT_EQ(aux_file(device).error, ENOSPC);
	file.close();
	EXPECT_EQ(aux_file(device).error, 0) << "before its memory has gone";
}

TEST_F(producer_aux_task, one_cpu_or_none_fills_the_area_of_a_task)
{
	device.aux.flags = PERFBUF_AUX_TASKS;
	ASSERT_EQ(device.add(), 0);

	aux_file file(device, false, -1, task_of(0));
	static s32 in_start, in_stop;
	static event *owner;

	owner = &file.owner();
	device.within = [](aux_device &self) {
		(self.said.back() == 's' ? in_start : in_stop) = owner->aux_cpu();
	};
	EXPECT_EQ(file.owner().aux_cpu(), event::no_cpu);
	for (u32 cpu : {0, 3}) {
		if (now.task != 0) {
			now.cpu = cpu;
			switch_to(0);
		}
		if (!cpu) {
			ASSERT_TRUE(file.owner().enable());
		}
		EXPECT_EQ(in_start, static_cast<s32>(cpu));
		EXPECT_EQ(file.owner().aux_cpu(), static_cast<s32>(cpu));
		in_stop = -7;
		switch_to(1);
		EXPECT_EQ(in_stop, static_cast<s32>(cpu)) << "until it has stopped";
		EXPECT_EQ(file.owner().aux_cpu(), event::no_cpu);
	}
	EXPECT_EQ(device.said, "ostst");
	now.cpu = 0;
}

TEST_F(producer_aux_task, the_area_of_an_inherited_reader_on_any_cpu_is_not_filled)
{
	device.aux.flags = PERFBUF_AUX_TASKS;
	ASSERT_EQ(device.add(), 0);
	{
		aux_file file(device, true, -1, task_of(0), inherited());

		EXPECT_EQ(file.error, 0);
		file.owner().disable();
	}
	EXPECT_EQ(device.said, "oc");
}

} // namespace
