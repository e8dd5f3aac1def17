// SPDX-License-Identifier: GPL-2.0
/*
 * The rings are of 128 bytes (two pages of 64 in this build), so that two or three
 * records go around; one of 200 bytes is too big. at_least is what was explored when
 * the scenario was written: code with fewer accesses lowers it knowingly.
 */
#include "scenario.hpp"

namespace perfbuf::model
{

namespace
{

constexpr u64 near_2_to_the_64 = 0 - u64{64};
constexpr op too_big = {200};
constexpr op told_alone = {.bytes = 0, .flush = true};

constexpr op the_alarm = {.bytes = 0, .alarm = true};

constexpr op waking(u32 bytes)
{
	return {.bytes = bytes, .wakes = true};
}

constexpr op counted(u32 bytes)
{
	return {.bytes = bytes, .every = 2};
}

constexpr op given_up(u32 bytes)
{
	return {.bytes = bytes, .given_up = true};
}

} // namespace

/* Everything on one CPU: interrupts at every access, and a reader that takes all at once. */
std::vector<scenario> nesting_scenarios()
{
	return {
		{.name = "forward: records of every context",
		 .ring = {.nr_pages = 2},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .at_least = 5078},
		{.name = "forward: two irqs and two NMIs in one record",
		 .ring = {.nr_pages = 2, .start = 96},
		 .script = {{{24}}, {{24}}, {{24}}},
		 .interrupts = {1, 2, 2},
		 .at_least = 1838309},
		{.name = "forward: a script in each context, around 2^64",
		 .ring = {.nr_pages = 2, .start = near_2_to_the_64},
		 .script = {{{24}, {32}}, {{16}, {24}}, {{24}}},
		 .interrupts = {1, 1, 1},
		 .drains = 1,
		 .at_least = 267319},
		{.name = "forward: a ring that is nearly full, and a reader",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}, {24}}, {{56}}, {{24}}},
		 .drains = 1,
		 .before = {32, 32},
		 .at_least = 530016},
		{.name = "forward: full rings, and a reader",
		 .ring = {.nr_pages = 2, .watermark = 128, .start = 0xffffffa0},
		 .script = {{{56}, {56}}, {{56}, {24}}, {}},
		 .interrupts = {1, 2, 0},
		 .drains = 1,
		 .before = {40},
		 .at_least = 175419},
		/* The reason for the second loss goes with the irq's report. */
		{.name = "forward: a ring that stays full until a reader and an irq come",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{56}, {56}, {16}}, {{24}}, {}},
		 .drains = 1,
		 .before = {40, 40},
		 .at_least = 8155},
		/* The old tail and the new head are more than a ring apart. */
		{.name = "forward: the reader moves the tail while an irq moves the head",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}}, {{96}}, {}},
		 .drains = 1,
		 .before = {56, 24},
		 .at_least = 1853},
		{.name = "forward: losses while losses are told",
		 .ring = {.nr_pages = 2},
		 .script = {{too_big, {24}, {24}}, {too_big, {16}}, {too_big}},
		 .at_least = 11181},
		{.name = "forward: losses that are told alone",
		 .ring = {.nr_pages = 2},
		 .script = {{too_big, told_alone, {24}}, {too_big}, {told_alone}},
		 .at_least = 7124},
		{.name = "forward: a pause and its end",
		 .ring = {.nr_pages = 2},
		 .script = {{{24}, {24}}, {{24}}, {}},
		 .pauses = true,
		 .at_least = 49191},
		{.name = "forward: wakeups that nested writers ask for",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{24}, {16}}, {waking(24)}, {waking(16)}},
		 .at_least = 1925},
		{.name = "forward: wakeups by watermark",
		 .ring = {.nr_pages = 2, .watermark = 48},
		 .script = {{{32}, {24}}, {{24}}, {{24}}},
		 .drains = 1,
		 .at_least = 481262},
		{.name = "forward: wakeups by count",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{counted(16), counted(16)}, {counted(16)}, {counted(16)}},
		 .drains = 1,
		 .at_least = 193778},
		{.name = "forward: wakeups by latency",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{16}}, {the_alarm}, {{16}}},
		 .interrupts = {1, 2, 1},
		 .drains = 1,
		 .latency = true,
		 .at_least = 514330},
		{.name = "forward: wakeups by latency, whose alarm fires on another CPU",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{16}, {16}}, {}, {}},
		 .drains = 1,
		 .latency = true,
		 .far_alarms = 1,
		 .at_least = 11524},
		{.name = "forward: records that are given up",
		 .ring = {.nr_pages = 2},
		 .script = {{given_up(32), {24}}, {given_up(24)}, {{24}}},
		 .at_least = 2139},
		{.name = "forward: records that are given up, with losses",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{too_big, given_up(32)}, {{16}}, {given_up(24)}},
		 .drains = 1,
		 .at_least = 188050},
		{.name = "forward: statistics that are watched",
		 .ring = {.nr_pages = 2},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .watched = true,
		 .at_least = 11369},
		{.name = "forward: statistics that are watched, and losses",
		 .ring = {.nr_pages = 2, .watermark = 48},
		 .script = {{too_big, {24}}, {{24}}, {given_up(32)}},
		 .drains = 1,
		 .watched = true,
		 .at_least = 587721},
		{.name = "forward: statistics that are mapped at any access",
		 .ring = {.nr_pages = 2},
		 .script = {{{32}, given_up(32), {24}}, {{24}}, {}},
		 .watches = true,
		 .at_least = 5889},
		{.name = "backward: statistics that are mapped at any access",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{{32}, given_up(32), {24}}, {{24}}, {}},
		 .watches = true,
		 .at_least = 11021},
		{.name = "forward, one chunk",
		 .ring = {.nr_pages = 2, .storage = storage_kind::vmalloc, .start = 72},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .drains = 1,
		 .at_least = 403833},
		{.name = "forward, one chunk, whose limit the tail sets",
		 .ring = {.nr_pages = 2, .watermark = 128, .storage = storage_kind::vmalloc},
		 .script = {{{40}, {40}, {40}, {40}}, {}, {}},
		 .drains = 1,
		 .before = {40, 40},
		 .at_least = 73},
		{.name = "forward overwrite",
		 .ring = {.nr_pages = 2, .overwrite = true, .start = 48},
		 .script = {{{40}, {48}, {32}}, {{32}}, {{24}}},
		 .at_least = 13735},
		{.name = "forward overwrite: records that are given up",
		 .ring = {.nr_pages = 2, .overwrite = true, .start = 48},
		 .script = {{{40}, {48}, given_up(32), {32}}, {given_up(32)}, {{24}}},
		 .at_least = 20217},
		{.name = "backward: records of every context",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .at_least = 6814},
		{.name = "backward: a ring that is nearly full, and a reader",
		 .ring = {.nr_pages = 2, .watermark = 128, .backward = true, .start = 64},
		 .script = {{{48}, {24}}, {{56}}, {{24}}},
		 .drains = 1,
		 .before = {32, 32},
		 .at_least = 539853},
		{.name = "backward: wakeups by watermark, losses",
		 .ring = {.nr_pages = 2, .watermark = 48, .backward = true},
		 .script = {{too_big, {24}}, {{24}}, {too_big}},
		 .drains = 1,
		 .at_least = 153210},
		{.name = "backward: statistics that are watched",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .watched = true,
		 .at_least = 11369},
		{.name = "backward: records that are given up",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{given_up(32), {24}}, {given_up(24)}, {{24}}},
		 .at_least = 5167},
		{.name = "backward overwrite",
		 .ring = {.nr_pages = 2, .overwrite = true, .backward = true, .start = 80},
		 .script = {{{40}, {48}, {32}}, {{32}}, {{24}}},
		 .at_least = 15014},
		{.name = "backward overwrite: records that are given up",
		 .ring = {.nr_pages = 2, .overwrite = true, .backward = true, .start = 80},
		 .script = {{{40}, {48}, given_up(32), {32}}, {given_up(32)}, {{24}}},
		 .at_least = 23969},
	};
}

/* A reader on another CPU, whose steps come between any two stores, and see them in any order. */
std::vector<scenario> reader_scenarios()
{
	return {
		{.name = "another CPU reads: a writer that fills the ring",
		 .ring = {.nr_pages = 2, .start = 80},
		 .script = {{{40}, {48}}, {}, {}},
		 .before = {40},
		 .rounds = 2,
		 .at_least = 69260},
		{.name = "another CPU reads: with an irq",
		 .ring = {.nr_pages = 2, .start = 40},
		 .script = {{{40}}, {{40}}, {}},
		 .before = {48},
		 .rounds = 1,
		 .at_least = 25893},
		{.name = "another CPU reads: a full ring, with an irq",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}}, {{56}}, {}},
		 .before = {32, 32},
		 .rounds = 1,
		 .at_least = 36535},
		{.name = "another CPU reads: it moves the tail while an irq moves the head",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}}, {{96}}, {}},
		 .before = {56, 24},
		 .rounds = 1,
		 .at_least = 12827},
		{.name = "another CPU reads: with an irq and an NMI",
		 .ring = {.nr_pages = 2, .start = 96},
		 .script = {{{24}}, {{24}}, {{24}}},
		 .rounds = 1,
		 .at_least = 693761},
		{.name = "another CPU reads: losses and what is given up",
		 .ring = {.nr_pages = 2, .start = 64},
		 .script = {{too_big, given_up(32), {24}}, {{24}}, {}},
		 .before = {24},
		 .rounds = 1,
		 .at_least = 1164154},
		{.name = "another CPU reads: backward",
		 .ring = {.nr_pages = 2, .backward = true, .start = 40},
		 .script = {{{40}}, {{40}}, {}},
		 .before = {48},
		 .rounds = 1,
		 .at_least = 25893},
	};
}

} // namespace perfbuf::model
