// SPDX-License-Identifier: GPL-2.0
/*
 * A reader that sleeps in poll() beside the writers (oracle/sleeping_reader.hpp). Rings
 * of 128 bytes, as in scenarios.cpp; each once forward and once backward.
 */
#include "scenario.hpp"

namespace perfbuf::model
{

std::vector<scenario> wakeup_scenarios()
{
	const std::vector<scenario> forward = {
		{.name = "a sleeping reader: the watermark",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{{32}, {24}, {24}, {24}}, {{24}}, {}},
		 .interrupts = {1, 2, 0},
		 .at_least = 82730},
		{.name = "a sleeping reader: the watermark, an irq and an NMI",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{{32}, {24}, {24}}, {{24}}, {{24}}},
		 .at_least = 61279},
		{.name = "a sleeping reader: the watermark, and it reads at any access",
		 .ring = {.nr_pages = 2, .watermark = 40, .start = 96},
		 .script = {{{32}, {24}, {24}}, {{24}}, {}},
		 .drains = 1,
		 .at_least = 22347},
		{.name = "a sleeping reader: the watermark, statistics that are watched",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{{32}, {24}}, {{24}}, {{24}}},
		 .watched = true,
		 .at_least = 37033},
		{.name = "a sleeping reader: the default watermark",
		 .ring = {.nr_pages = 2},
		 .script = {{{40}, {40}, {24}}, {{32}}, {{24}}},
		 .at_least = 43803},
		{.name = "a sleeping reader: large records, then small ones",
		 .ring = {.nr_pages = 2, .watermark = 32},
		 .script = {{{96}, {96}, {16}, {16}, {16}, {16}}, {{24}}, {}},
		 .at_least = 9379},
		{.name = "a sleeping reader: requests and counts of nested writers",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{counted(16), {16}, counted(16)}, {waking(16)}, {counted(16)}},
		 .at_least = 19518},
		{.name = "a sleeping reader: records that are given up",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{given_up(64), {24}, {24}}, {{24}}, {given_up(24)}},
		 .at_least = 43107},
		{.name = "a sleeping reader: records that are given up, and it reads at any access",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{given_up(48), {24}, {24}}, {given_up(24)}, {}},
		 .drains = 1,
		 .at_least = 10589},
		{.name = "a sleeping reader: a full ring",
		 .ring = {.nr_pages = 2, .watermark = 128, .start = 96},
		 .script = {{{64}, {64}, {64}}, {{64}}, {{24}}},
		 .at_least = 56052},
		{.name = "a sleeping reader: a ring that a record fills that is given up",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{given_up(120), {96}, {24}, {24}}, {{24}}, {}},
		 .at_least = 386},
		{.name = "a sleeping reader: losses",
		 .ring = {.nr_pages = 2, .watermark = 48},
		 .script = {{too_big, {24}, {24}}, {{24}}, {too_big}},
		 .at_least = 27989},
		{.name = "a sleeping reader: the latency",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{16}, {16}}, {the_alarm}, {given_up(24)}},
		 .interrupts = {1, 2, 1},
		 .latency = true,
		 .at_least = 291973},
		{.name = "a sleeping reader: the alarm fires on another CPU, over a record that is "
			 "given up",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{16}, given_up(40), {16}}, {}, {}},
		 .latency = true,
		 .far_alarms = 1},
		{.name = "a sleeping reader: overwrite",
		 .ring = {.nr_pages = 2, .watermark = 40, .overwrite = true, .start = 48},
		 .script = {{{32}, {24}, given_up(24)}, {{24}}, {{16}}},
		 .at_least = 14073},
	};
	std::vector<scenario> all;

	for (const scenario &scenario : forward) {
		for (bool backward : {false, true}) {
			all.push_back(scenario);
			all.back().sleeps = true;
			all.back().ring.backward = backward;
		}
	}
	return all;
}

} // namespace perfbuf::model
