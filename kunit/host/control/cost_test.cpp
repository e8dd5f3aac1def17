// SPDX-License-Identifier: GPL-2.0
/* Tests of the cost of the control plane's hooks for a task, on a machine of 192 CPUs. */
#include "followed_set.hpp"

#include <cstdio>
#include <cxxrt/memory_model.hpp>
#include <functional>
#include <map>
#include <memory>

#include <gtest/gtest.h>

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

using sets = std::vector<std::unique_ptr<followed_set>>;

/* @members of sets on tasks that are not ours, of the kinds that there are. */
void follow(machine &m, sets &all, std::size_t members, std::size_t tasks)
{
	const u32 cpus = static_cast<u32>(m.current.size());

	for (std::size_t i = all.size(); i < members; i++) {
		const s32 cpu = i / tasks % 2 ? static_cast<s32>(i % cpus) : -1;

		all.push_back(std::make_unique<followed_set>(kind_of(m.task(i % tasks), cpu)));
	}
}

/* Shared words that @deed touches, of an average of many tasks: some meet others in a bucket. */
double words_of(const std::function<void(std::size_t)> &deed)
{
	constexpr std::size_t turns = 1000;
	const unsigned long before = cxxrt::model::touched;

	for (std::size_t i = 0; i < turns; i++)
		deed(i);
	return static_cast<double>(cxxrt::model::touched - before) / turns;
}

struct cost {
	double on_switch, on_fork, on_exit, on_exec, open_and_close;
};

TEST(control_plane, a_task_that_no_event_follows_pays_the_same_whatever_others_follow)
{
	constexpr u32 cpus = 192;
	constexpr std::size_t tasks = 2000, strangers = 1001;
	machine m(cpus, tasks + 2 * strangers);
	sets all;
	std::map<std::size_t, cost> costs;

	std::puts(
		"members elsewhere   switch   fork   exit   exec   open and close (words touched)");
	for (std::size_t members : {1ul, 1000ul, 100'000ul, 384'000ul}) {
		follow(m, all, members, tasks);

		const auto stranger = [&](std::size_t i) { return m.task(tasks + i); };
		cost &now = costs[members];

		now.on_switch = words_of([&](std::size_t i) { m.run(stranger(i), 3); });
		now.on_fork = words_of([&](std::size_t i) { m.fork(stranger(strangers + i), 3); });
		now.on_exit = words_of([&](std::size_t) { m.exit(3); });
		now.on_exec = words_of([&](std::size_t) {
			m.exec(3);
			m.exec_secured(3);
		});
		now.open_and_close = words_of([&](std::size_t i) {
			followed_set(kind_of(stranger(i), i % 2 ? -1 : 5)).finish();
		});
		m.idle(3);
		std::printf("%17zu %8.2f %6.2f %6.2f %6.2f %8.2f\n", members, now.on_switch,
			    now.on_fork, now.on_exit, now.on_exec, now.open_and_close);
	}

	const cost &least = costs[1];

	for (const auto &[members, now] : costs) {
		EXPECT_LE(now.on_switch, least.on_switch * 1.1) << members;
		EXPECT_LE(now.on_fork, least.on_fork * 1.1) << members;
		EXPECT_LE(now.on_exit, least.on_exit * 1.1) << members;
		EXPECT_LE(now.on_exec, least.on_exec * 1.1) << members;
		EXPECT_LE(now.open_and_close, least.open_and_close * 1.1) << members;
	}
}

TEST(control_plane, a_switch_of_a_followed_task_looks_at_the_members_of_its_cpu)
{
	constexpr u32 cpus = 192;
	machine m(cpus, 2);
	sets all;

	const double alone = [&] {
		followed_set set(kind_of(m.task(0), 7));

		return words_of([&](std::size_t i) { m.run(m.task(i % 2), 7); });
	}();

	for (u32 cpu = 0; cpu < cpus; cpu++)
		all.push_back(
			std::make_unique<followed_set>(kind_of(m.task(0), static_cast<s32>(cpu))));
	EXPECT_LE(words_of([&](std::size_t i) { m.run(m.task(i % 2), 7); }), alone * 1.1);
}

} // namespace
