// SPDX-License-Identifier: GPL-2.0
/* When module/device/tsc_clock.cpp uses the counter: its decisions, for a kernel that is made up.
 */
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "device/task.h"
#include "device/tsc_clock.hpp"

using namespace perfbuf;
using cxxrt::s64;

namespace
{

constexpr u64 second = 1'000'000'000;

bool operator==(const pb_tsc_parameters &a, const pb_tsc_parameters &other)
{
	return a.zero == other.zero && a.mult == other.mult && a.shift == other.shift;
}

struct cpu {
	std::optional<pb_tsc_parameters> parameters;
	bool is_online = true;
	/* ns by which the counter is ahead of the kernel's clock, in the last reading of a check.
	 */
	s64 ahead = 0;
};

/* The kernel's clock at @ticks of the whole counter. */
u64 clock_at(u64 ticks, const pb_tsc_parameters &with)
{
	return static_cast<u64>(static_cast<unsigned __int128>(ticks) * with.mult >> with.shift) +
	       with.zero;
}

/* The kernel: what the functions of glue/tsc.h find and do. */
struct kernel {
	std::vector<cpu> cpus;
	int here = 0;
	bool parameter = true;
	bool frequency_is_known = false;
	u64 uptime = 3 * second;
	unsigned readings = 0;
	u64 ticks = 7'000'000'000;
	/* A reading of the counter is in the middle between those of the clock. */
	u64 reading_ns = 20;
	unsigned counter_error_ns = 0;
	/* As another CPU is read, the kernel calibrates the counter. */
	std::optional<pb_tsc_parameters> calibrates_to;
	/* The clock that the writers of records use. */
	std::optional<pb_tsc_parameters> used;
	unsigned switched = 0;
} now;

constexpr pb_tsc_parameters early = {1000, 3'000'000'000u, 31};
constexpr pb_tsc_parameters refined = {1001, 3'000'000'100u, 31};

class tsc_clock_decision : public testing::Test
{
protected:
	tsc_clock_decision()
	{
		now = {};
		now.cpus.assign(4, {early, true});
	}

	/* The module's later checks, one each second. */
	void checks(unsigned seconds)
	{
		while (seconds--) {
			now.uptime += second;
			changed |= clock.check(false);
		}
	}
	void settle() { checks(3); }
	std::optional<pb_tsc_parameters> shown()
	{
		pb_tsc_parameters found;
		if (!clock.published(found))
			return std::nullopt;
		return found;
	}
	/* Readers are shown what writers use. */
	bool is_on(const pb_tsc_parameters &with)
	{
		return now.used && *now.used == with && shown() && *shown() == with;
	}
	bool is_off() { return !now.used && !shown(); }
	/* A clock that has made one check of a counter whose frequency is known is on. */
	static bool one_check_turns_it_on()
	{
		tsc_clock fresh;
		pb_tsc_parameters found;
		now.frequency_is_known = true;
		return fresh.check(true) && fresh.published(found);
	}

	tsc_clock clock;
	bool changed = false;
};

TEST_F(tsc_clock_decision, young_kernel_is_waited_for_until_it_has_calibrated)
{
	EXPECT_FALSE(clock.check(true));
	EXPECT_TRUE(is_off());
	EXPECT_TRUE(clock.awaits_settling());
	checks(1);
	EXPECT_TRUE(is_off());
	for (cpu &each : now.cpus)
		each.parameters = refined;
	checks(2);
	EXPECT_TRUE(is_off()) << "refined two checks ago, seen one second ago";
	checks(1);
	EXPECT_TRUE(is_on(refined));
	EXPECT_TRUE(changed);
	EXPECT_FALSE(clock.awaits_settling());
}

TEST_F(tsc_clock_decision, known_frequency_and_an_old_kernel_are_not_waited_for)
{
	now.frequency_is_known = true;
	EXPECT_TRUE(clock.check(false));
	EXPECT_TRUE(is_on(early));

	now.parameter = false;
	EXPECT_TRUE(clock.check(false));
	now.parameter = true;
	now.frequency_is_known = false;
	now.uptime = tsc_clock::settled_uptime_ns;
	for (cpu &each : now.cpus)
		each.parameters = refined;
	EXPECT_TRUE(clock.check(false));
	EXPECT_TRUE(is_on(refined));
}

TEST_F(tsc_clock_decision, clock_that_is_on_and_right_is_left_alone_and_read_on_one_processor)
{
	settle();
	const unsigned switched = now.switched;
	now.readings = 0;
	EXPECT_FALSE(clock.check(false));
	EXPECT_TRUE(is_on(early));
	EXPECT_EQ(now.switched, switched);
	EXPECT_EQ(now.readings, 2u);
}

TEST_F(tsc_clock_decision, counter_that_is_not_the_clock_turns_it_off)
{
	settle();
	for (cpu &each : now.cpus)
		each.parameters.reset();
	EXPECT_TRUE(clock.check(false));
	EXPECT_TRUE(is_off());
	EXPECT_FALSE(clock.awaits_settling());
	EXPECT_FALSE(clock.check(false));
}

TEST_F(tsc_clock_decision, late_calibration_is_followed_after_it_has_settled)
{
	settle();
	for (cpu &each : now.cpus)
		each.parameters = refined;
	EXPECT_TRUE(clock.check(false));
	EXPECT_TRUE(is_off());
	checks(2);
	EXPECT_TRUE(is_on(refined));
}

TEST_F(tsc_clock_decision, processors_that_differ_have_no_common_clock)
{
	now.cpus[3].parameters->zero++;
	settle();
	EXPECT_TRUE(is_off());
	now.cpus[3].parameters->zero--;
	now.cpus[2].parameters.reset();
	settle();
	EXPECT_TRUE(is_off());
	now.cpus[2].is_online = false;
	settle();
	EXPECT_TRUE(is_on(early)) << "the processor that has none is not online";
}

TEST_F(tsc_clock_decision, processor_that_comes_is_looked_at)
{
	now.cpus[3].is_online = false;
	settle();
	ASSERT_TRUE(is_on(early));
	now.cpus[3] = {refined, true};
	EXPECT_FALSE(clock.check(false)) << "on this processor all is well";
	EXPECT_TRUE(clock.check(true));
	EXPECT_TRUE(is_off());
}

TEST_F(tsc_clock_decision, reading_outside_of_the_bounds_turns_it_off_for_good)
{
	settle();
	now.cpus[0].ahead = 1000;
	EXPECT_TRUE(clock.check(false));
	EXPECT_TRUE(is_off());
	now.cpus[0].ahead = 0;
	settle();
	EXPECT_TRUE(is_off());
}

TEST_F(tsc_clock_decision, reading_outside_of_the_bounds_on_any_processor_counts)
{
	now.cpus[2].ahead = 1000;
	settle();
	EXPECT_TRUE(is_off());
}

TEST_F(tsc_clock_decision, calibration_during_a_check_is_no_disagreement)
{
	now.cpus[2].ahead = 1000;
	now.calibrates_to = refined;
	EXPECT_FALSE(clock.check(true));
	now.cpus[2].ahead = 0;
	settle();
	EXPECT_TRUE(is_on(refined));
}

TEST_F(tsc_clock_decision, reading_at_its_bound_agrees_and_beyond_it_does_not)
{
	for (unsigned error : {0u, 1u}) {
		now.counter_error_ns = error;
		for (s64 direction : {1, -1}) {
			const s64 bound = static_cast<s64>(now.reading_ns / 2 + error);
			now.cpus[0].ahead = direction * bound;
			EXPECT_TRUE(one_check_turns_it_on()) << direction << " error " << error;
			now.cpus[0].ahead = direction * (bound + 1);
			EXPECT_FALSE(one_check_turns_it_on()) << direction << " error " << error;
		}
	}
}

TEST_F(tsc_clock_decision, counter_that_wraps_is_counted_on_from_the_cycles_of_its_page)
{
	pb_tsc_parameters wraps = early;
	wraps.mask = 0xffff'ffff;
	wraps.cycles = now.ticks - 1000;
	for (cpu &each : now.cpus)
		each.parameters = wraps;
	EXPECT_TRUE(one_check_turns_it_on());
	EXPECT_FALSE(now.used) << "writers know no counter that wraps";
	for (cpu &each : now.cpus)
		each.parameters->cycles += 0x1'0000'0000;
	EXPECT_FALSE(one_check_turns_it_on()) << "the page is of a later round of the counter";
}

TEST_F(tsc_clock_decision, counter_that_is_only_near_the_clock_is_shown_and_stamps_no_record)
{
	now.counter_error_ns = 1;
	settle();
	EXPECT_TRUE(shown());
	EXPECT_FALSE(now.used);
}

TEST_F(tsc_clock_decision, suspended_system_has_no_clock_until_it_resumes)
{
	settle();
	EXPECT_TRUE(clock.suspend(true));
	EXPECT_TRUE(is_off());
	EXPECT_FALSE(clock.check(true));
	EXPECT_TRUE(is_off());
	/* The kernel's clock goes on where it stood. */
	for (cpu &each : now.cpus)
		each.parameters = refined;
	now.uptime += 100 * second;
	EXPECT_TRUE(clock.suspend(false));
	EXPECT_TRUE(is_on(refined));
}

TEST_F(tsc_clock_decision, parameter_turns_it_off_and_on)
{
	settle();
	now.parameter = false;
	EXPECT_TRUE(clock.check(false));
	EXPECT_TRUE(is_off());
	now.parameter = true;
	checks(1);
	EXPECT_TRUE(is_on(early)) << "its parameters have stood for long";
}

TEST_F(tsc_clock_decision, shift_that_the_writers_cannot_do_is_refused)
{
	for (const pb_tsc_parameters &odd :
	     {pb_tsc_parameters{0, 1, 33}, pb_tsc_parameters{0, 0, 31}}) {
		for (cpu &each : now.cpus)
			each.parameters = odd;
		settle();
		EXPECT_TRUE(is_off());
	}
	for (cpu &each : now.cpus)
		each.parameters = pb_tsc_parameters{1000, 1, 32};
	settle();
	EXPECT_TRUE(is_on({1000, 1, 32}));
}

cpu &at(int number)
{
	return now.cpus.at(number < 0 ? now.here : number);
}

} // namespace

int pb_tsc_read_parameters(int number, pb_tsc_parameters *out) noexcept
{
	now.readings++;
	if (!at(number).is_online || !at(number).parameters)
		return 0;
	*out = *at(number).parameters;
	return 1;
}

int pb_tsc_read_counter(int number, pb_tsc_reading *out, unsigned int count) noexcept
{
	const cpu &of = at(number);
	const pb_tsc_parameters with = of.parameters.value_or(early);

	if (!of.is_online)
		return -ENXIO;
	for (unsigned i = 0; i < count; i++) {
		const bool is_last = i + 1 == count;
		const u64 before = clock_at(now.ticks, with) -
				   static_cast<u64>(is_last ? of.ahead : 0) - now.reading_ns / 2;

		out[i] = {before, with.mask ? now.ticks & with.mask : now.ticks,
			  before + now.reading_ns};
	}
	if (number >= 0 && now.calibrates_to) {
		for (cpu &each : now.cpus)
			each.parameters = now.calibrates_to;
		now.calibrates_to.reset();
	}
	return 0;
}

unsigned int pb_tsc_counter_error_ns(void) noexcept
{
	return now.counter_error_ns;
}

void pb_tsc_clock_on(const pb_tsc_parameters *parameters) noexcept
{
	EXPECT_FALSE(now.used) << "its writers use other parameters";
	now.used = *parameters;
	now.switched++;
}

void pb_tsc_clock_off(void) noexcept
{
	now.used.reset();
	now.switched++;
}

int pb_tsc_frequency_is_known(void) noexcept
{
	return now.frequency_is_known;
}

__u64 pb_tsc_uptime_ns(void) noexcept
{
	return now.uptime;
}

int pb_param_tsc_clock(void) noexcept
{
	return now.parameter;
}

__u32 pb_nr_cpu_ids(void) noexcept
{
	return static_cast<__u32>(now.cpus.size());
}

int pb_cpu_is_online(int number) noexcept
{
	return at(number).is_online;
}
