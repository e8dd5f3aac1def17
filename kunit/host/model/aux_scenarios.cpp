// SPDX-License-Identifier: GPL-2.0
/*
 * The scenarios of the model for AUX areas. Each area has 128 bytes: this build has pages of 64
 * bytes. .script: for each context (task, irq, NMI) the sizes of the packets that it writes;
 * .at_least: how many executions the explorer must find, so that a scenario cannot become empty
 * unnoticed.
 */
#include "scenario.hpp"

namespace perfbuf::model
{

std::vector<aux_scenario> aux_scenarios()
{
	constexpr u64 near_2_to_the_64 = 0 - u64{40};

	return {
		{.name = "AUX, shared: every context",
		 .shared = true,
		 .script = {{{20}, {9}}, {{14}}, {{11}}},
		 .at_least = 8217},
		{.name = "AUX, shared: three irqs in one reservation",
		 .shared = true,
		 .script = {{{20}}, {{14}}, {}},
		 .interrupts = {1, 3, 0},
		 .at_least = 41414},
		{.name = "AUX, shared: around 2^64, and a reader",
		 .shared = true,
		 .start = near_2_to_the_64,
		 .script = {{{20}, {30}}, {{14}}, {}},
		 .drains = 1,
		 .at_least = 5585},
		{.name = "AUX, shared: an area that is nearly full, and a reader",
		 .shared = true,
		 .script = {{{40}, {30}}, {{50}}, {}},
		 .drains = 1,
		 .before = 60,
		 .at_least = 9922},
		{.name = "AUX, shared: it moves the tail while an irq moves the head",
		 .shared = true,
		 .script = {{{40}}, {{90}}, {}},
		 .drains = 1,
		 .before = 60,
		 .at_least = 3661},
		{.name = "AUX, shared: wakeups by watermark",
		 .shared = true,
		 .watermark = 32,
		 .script = {{{20}}, {{24}}, {{30}}},
		 .at_least = 3258},
		{.name = "AUX, shared: an irq wakes for a few bytes more",
		 .shared = true,
		 .watermark = 4,
		 .script = {{{20}}, {{4}}, {}},
		 .at_least = 44},
		{.name = "AUX, shared: snapshot mode",
		 .shared = true,
		 .overwrite = true,
		 .script = {{{60}, {50}}, {{40}}, {{30}}},
		 .at_least = 2387},
		{.name = "AUX, exclusive: a nested writer is refused",
		 .script = {{{20}, {9}}, {{14}}, {{11}}},
		 .at_least = 2976},
		{.name = "AUX, exclusive: a full area, and a reader",
		 .watermark = 32,
		 .script = {{{90}, {60}, {10}, {10}}, {{30}}, {}},
		 .drains = 1,
		 .at_least = 10969},
		{.name = "AUX, another CPU reads: shared, with an irq",
		 .shared = true,
		 .script = {{{20}}, {{14}}, {}},
		 .rounds = 1,
		 .at_least = 161581},
		{.name = "AUX, another CPU reads: shared, nearly full",
		 .shared = true,
		 .script = {{{90}, {30}}, {}, {}},
		 .before = 30,
		 .rounds = 1,
		 .at_least = 4441},
		{.name = "AUX, another CPU reads: exclusive, nearly full",
		 .script = {{{40}, {60}}, {}, {}},
		 .before = 60,
		 .rounds = 1,
		 .at_least = 5169},
	};
}

} // namespace perfbuf::model
