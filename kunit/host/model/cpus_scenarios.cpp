// SPDX-License-Identifier: GPL-2.0
/*
 * Two CPUs (cpus_machine.hpp). Rings and areas of 128 bytes, in pages of 64: a record that ends
 * behind the first page takes the slow path, which opens the limit anew, and the next one trusts
 * it.
 */
#include "scenario.hpp"

namespace perfbuf::model
{

namespace
{

constexpr op waking(u32 bytes)
{
	return {.bytes = bytes, .wakes = true};
}

constexpr op leaving(u32 bytes)
{
	return {.bytes = bytes, .reads = true};
}

/* Each once forward and once backward. */
std::vector<cpus_scenario> of_the_ring()
{
	using enum cpus_op;

	return {
		{.name = "two CPUs: a pause while the limit is opened (M)",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{40}, {40}, {16}},
		 .other = {pause},
		 .at_least = 8853},
		{.name = "two CPUs: statistics are mapped while the limit is opened (M)",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{40}, {40}, {16}},
		 .other = {map_statistics},
		 .switches = 1,
		 .at_least = 130},
		{.name = "two CPUs: a latency is set while the limit is opened (M)",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{40}, {40}, {16}},
		 .other = {set_latency},
		 .switches = 2,
		 .at_least = 2399},
		{.name = "two CPUs: the alarm fires while a record is written (L)",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{16}, {16}},
		 .other = {fire_alarm},
		 .switches = 5,
		 .latency = true,
		 .at_least = 1318},
		{.name = "two CPUs: the alarm fires twice (L)",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{16}, {16}, {16}},
		 .other = {fire_alarm, fire_alarm},
		 .switches = 4,
		 .latency = true,
		 .at_least = 5069},
		{.name = "two CPUs: the alarm fires, and the reader reads (L)",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{16}, {16}, {16}},
		 .other = {fire_alarm, read, fire_alarm},
		 .latency = true,
		 .at_least = 5580},
		{.name = "two CPUs: the alarm fires late, and the reader has read up to it",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{16}, waking(16), leaving(16)},
		 .other = {fire_alarm},
		 .switches = 2,
		 .latency = true,
		 .at_least = 784},
		{.name = "two CPUs: the reader polls while it is woken",
		 .ring = {.nr_pages = 2, .watermark = 64},
		 .writes = {waking(24), waking(16)},
		 .other = {barrier, poll},
		 .switches = 4,
		 .at_least = 1079},
		{.name = "two CPUs: the reader polls while the watermark is passed",
		 .ring = {.nr_pages = 2, .watermark = 24},
		 .writes = {{24}, {16}, {24}},
		 .other = {barrier, poll, poll},
		 .at_least = 4871},
		{.name = "two CPUs: the reader reads and polls",
		 .ring = {.nr_pages = 2, .watermark = 24},
		 .writes = {{24}, {40}, {24}},
		 .other = {read, poll},
		 .at_least = 16391},
		{.name = "two CPUs: the reader reads a ring that fills",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .writes = {{56}, {56}, {56}},
		 .other = {read, poll},
		 .at_least = 9186},
		{.name = "two CPUs: a target is attached while others are woken",
		 .ring = {.nr_pages = 2, .watermark = 64},
		 .writes = {waking(24), waking(24)},
		 .other = {attach},
		 .switches = 5,
		 .at_least = 43},
		{.name = "two CPUs: a ring in overwrite mode is copied while records are written",
		 .ring = {.nr_pages = 2, .watermark = 128, .overwrite = true},
		 .writes = {{56}, {56}, {56}},
		 .other = {copy, copy},
		 .at_least = 5073},
		{.name = "two CPUs: events of an oops are printed while records are written",
		 .ring = {.nr_pages = 2, .watermark = 128, .overwrite = true},
		 .writes = {{56}, {56}, {56}},
		 .other = {print, print},
		 .at_least = 12003},
	};
}

} // namespace

std::vector<cpus_scenario> cpus_scenarios()
{
	using enum cpus_op;

	std::vector<cpus_scenario> all;

	for (const cpus_scenario &scenario : of_the_ring()) {
		for (bool backward : {false, true}) {
			all.push_back(scenario);
			all.back().ring.backward = backward;
		}
	}
	all.push_back({.name = "two CPUs: the reader polls an AUX area",
		       .ring = {.nr_pages = 4, .watermark = 256},
		       .writes = {{24}, {16}},
		       .other = {barrier, poll_aux, poll_aux},
		       .aux = true,
		       .aux_watermark = 16,
		       .at_least = 7864});
	all.push_back({.name = "two CPUs: the reader reads and polls an AUX area",
		       .ring = {.nr_pages = 4, .watermark = 256},
		       .writes = {{24}, {16}},
		       .other = {read_aux_part, poll_aux},
		       .aux = true,
		       .aux_watermark = 16,
		       .at_least = 6633});
	return all;
}

} // namespace perfbuf::model
