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
		 .at_least = 6005},
		{.name = "forward: two irqs and two NMIs in one record",
		 .ring = {.nr_pages = 2, .start = 96},
		 .script = {{{24}}, {{24}}, {{24}}},
		 .interrupts = {1, 2, 2},
		 .at_least = 497823},
		{.name = "forward: a script in each context, around 2^64",
		 .ring = {.nr_pages = 2, .start = near_2_to_the_64},
		 .script = {{{24}, {32}}, {{16}, {24}}, {{24}}},
		 .interrupts = {1, 1, 1},
		 .drains = 1,
		 .at_least = 308797},
		{.name = "forward: a ring that is nearly full, and a reader",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}, {24}}, {{56}}, {{24}}},
		 .drains = 1,
		 .before = {32, 32},
		 .at_least = 613721},
		{.name = "forward: full rings, and a reader",
		 .ring = {.nr_pages = 2, .watermark = 128, .start = 0xffffffa0},
		 .script = {{{56}, {56}}, {{56}, {24}}, {}},
		 .interrupts = {1, 2, 0},
		 .drains = 1,
		 .before = {40},
		 .at_least = 178468},
		/* The reason for the second loss goes with the irq's report. */
		{.name = "forward: a ring that stays full until a reader and an irq come",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{56}, {56}, {16}}, {{24}}, {}},
		 .drains = 1,
		 .before = {40, 40},
		 .at_least = 8791},
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
		 .at_least = 12193},
		{.name = "forward: losses that are told alone",
		 .ring = {.nr_pages = 2},
		 .script = {{too_big, told_alone, {24}}, {too_big}, {told_alone}},
		 .at_least = 8186},
		{.name = "forward: a pause and its end",
		 .ring = {.nr_pages = 2},
		 .script = {{{24}, {24}}, {{24}}, {}},
		 .pauses = true,
		 .at_least = 55107},
		{.name = "forward: wakeups that nested writers ask for",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{24}, {16}}, {waking(24)}, {waking(16)}},
		 .at_least = 1949},
		{.name = "forward: wakeups by watermark",
		 .ring = {.nr_pages = 2, .watermark = 48},
		 .script = {{{32}, {24}}, {{24}}, {{24}}},
		 .drains = 1,
		 .at_least = 627560},
		{.name = "forward: wakeups by count",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{counted(16), counted(16)}, {counted(16)}, {counted(16)}},
		 .drains = 1,
		 .at_least = 196054},
		{.name = "forward: wakeups by latency",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{16}}, {the_alarm}, {{16}}},
		 .interrupts = {1, 2, 1},
		 .drains = 1,
		 .latency = true,
		 .at_least = 619618},
		{.name = "forward: wakeups by latency, whose alarm fires on another CPU",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{16}, {16}}, {}, {}},
		 .drains = 1,
		 .latency = true,
		 .far_alarms = 1,
		 .at_least = 16097},
		{.name = "forward: records that are given up",
		 .ring = {.nr_pages = 2},
		 .script = {{given_up(32), {24}}, {given_up(24)}, {{24}}},
		 .at_least = 2193},
		{.name = "forward: records that are given up, with losses",
		 .ring = {.nr_pages = 2, .watermark = 40},
		 .script = {{too_big, given_up(32)}, {{16}}, {given_up(24)}},
		 .drains = 1,
		 .at_least = 217367},
		{.name = "forward: statistics that are watched",
		 .ring = {.nr_pages = 2},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .watched = true,
		 .at_least = 13414},
		{.name = "forward: statistics that are watched, and losses",
		 .ring = {.nr_pages = 2, .watermark = 48},
		 .script = {{too_big, {24}}, {{24}}, {given_up(32)}},
		 .drains = 1,
		 .watched = true,
		 .at_least = 674333},
		{.name = "forward: statistics that are mapped at any access",
		 .ring = {.nr_pages = 2},
		 .script = {{{32}, given_up(32), {24}}, {{24}}, {}},
		 .watches = true,
		 .at_least = 6312},
		{.name = "backward: statistics that are mapped at any access",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{{32}, given_up(32), {24}}, {{24}}, {}},
		 .watches = true,
		 .at_least = 13289},
		{.name = "forward, one chunk",
		 .ring = {.nr_pages = 2, .storage = storage_kind::vmalloc, .start = 72},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .drains = 1,
		 .at_least = 518229},
		{.name = "forward, one chunk, whose limit the tail sets",
		 .ring = {.nr_pages = 2, .watermark = 128, .storage = storage_kind::vmalloc},
		 .script = {{{40}, {40}, {40}, {40}}, {}, {}},
		 .drains = 1,
		 .before = {40, 40},
		 .at_least = 73},
		{.name = "forward overwrite",
		 .ring = {.nr_pages = 2, .overwrite = true, .start = 48},
		 .script = {{{40}, {48}, {32}}, {{32}}, {{24}}},
		 .at_least = 17106},
		{.name = "forward overwrite: records that are given up",
		 .ring = {.nr_pages = 2, .overwrite = true, .start = 48},
		 .script = {{{40}, {48}, given_up(32), {32}}, {given_up(32)}, {{24}}},
		 .at_least = 24652},
		{.name = "backward: records of every context",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .at_least = 8412},
		{.name = "backward: a ring that is nearly full, and a reader",
		 .ring = {.nr_pages = 2, .watermark = 128, .backward = true, .start = 64},
		 .script = {{{48}, {24}}, {{56}}, {{24}}},
		 .drains = 1,
		 .before = {32, 32},
		 .at_least = 627470},
		{.name = "backward: wakeups by watermark, losses",
		 .ring = {.nr_pages = 2, .watermark = 48, .backward = true},
		 .script = {{too_big, {24}}, {{24}}, {too_big}},
		 .drains = 1,
		 .at_least = 174537},
		{.name = "backward: statistics that are watched",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{{32}, {40}}, {{24}}, {{24}}},
		 .watched = true,
		 .at_least = 13414},
		{.name = "backward: records that are given up",
		 .ring = {.nr_pages = 2, .backward = true},
		 .script = {{given_up(32), {24}}, {given_up(24)}, {{24}}},
		 .at_least = 6196},
		{.name = "backward overwrite",
		 .ring = {.nr_pages = 2, .overwrite = true, .backward = true, .start = 80},
		 .script = {{{40}, {48}, {32}}, {{32}}, {{24}}},
		 .at_least = 18844},
		{.name = "backward overwrite: records that are given up",
		 .ring = {.nr_pages = 2, .overwrite = true, .backward = true, .start = 80},
		 .script = {{{40}, {48}, given_up(32), {32}}, {given_up(32)}, {{24}}},
		 .at_least = 29901},
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
		 .at_least = 29421},
		{.name = "another CPU reads: a full ring, with an irq",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}}, {{56}}, {}},
		 .before = {32, 32},
		 .rounds = 1,
		 .at_least = 39349},
		{.name = "another CPU reads: it moves the tail while an irq moves the head",
		 .ring = {.nr_pages = 2, .watermark = 128},
		 .script = {{{48}}, {{96}}, {}},
		 .before = {56, 24},
		 .rounds = 1,
		 .at_least = 12830},
		{.name = "another CPU reads: with an irq and an NMI",
		 .ring = {.nr_pages = 2, .start = 96},
		 .script = {{{24}}, {{24}}, {{24}}},
		 .rounds = 1,
		 .at_least = 706217},
		{.name = "another CPU reads: losses and what is given up",
		 .ring = {.nr_pages = 2, .start = 64},
		 .script = {{too_big, given_up(32), {24}}, {{24}}, {}},
		 .before = {24},
		 .rounds = 1,
		 .at_least = 1264279},
		{.name = "another CPU reads: backward",
		 .ring = {.nr_pages = 2, .backward = true, .start = 40},
		 .script = {{{40}}, {{40}}, {}},
		 .before = {48},
		 .rounds = 1,
		 .at_least = 29421},
	};
}

} // namespace perfbuf::model
