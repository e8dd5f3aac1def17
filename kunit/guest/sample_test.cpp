// SPDX-License-Identifier: GPL-2.0
/* PERF_RECORD_SAMPLE: each sample_type alone, and all together. */
#include <algorithm>
#include <ctime>
#include <set>

#include <gtest/gtest.h>

#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t period = 1'000'000;
constexpr uint64_t all_plain = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
			       PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_IDENTIFIER;
/* Of PERF_MEM_NA, which a clock's sample has on perf's side, too. */
constexpr uint64_t operation_unknown = PERF_MEM_S(OP, NA);
/* IP and SP. */
constexpr uint64_t two_registers = 1 << 8 | 1 << 7;

struct type_row {
	const char *name;
	uint64_t type;
};

const type_row types[] = {
	{"nothing", 0},
	{"ip", PERF_SAMPLE_IP},
	{"tid", PERF_SAMPLE_TID},
	{"time", PERF_SAMPLE_TIME},
	{"addr", PERF_SAMPLE_ADDR},
	{"id", PERF_SAMPLE_ID},
	{"stream_id", PERF_SAMPLE_STREAM_ID},
	{"cpu", PERF_SAMPLE_CPU},
	{"period", PERF_SAMPLE_PERIOD},
	{"identifier", PERF_SAMPLE_IDENTIFIER},
	{"callchain", PERF_SAMPLE_CALLCHAIN},
	{"raw", PERF_SAMPLE_RAW},
	{"regs_user", PERF_SAMPLE_REGS_USER},
	{"stack_user", PERF_SAMPLE_STACK_USER},
	{"regs_and_stack", PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER},
	{"data_src", PERF_SAMPLE_DATA_SRC},
	{"every_fixed_field", all_plain},
	{"everything", all_plain | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER |
			       PERF_SAMPLE_STACK_USER | PERF_SAMPLE_DATA_SRC},
};

struct typed {
	side s;
	type_row row;
};

std::vector<typed> every_type()
{
	std::vector<typed> all;
	for (side s : sides()) {
		for (const type_row &row : types)
			all.push_back({s, row});
	}
	return all;
}

perf_event_attr with_type(uint64_t type)
{
	perf_event_attr attr = clock_attr(period, type);
	if (type & PERF_SAMPLE_REGS_USER)
		attr.sample_regs_user = two_registers;
	if (type & PERF_SAMPLE_STACK_USER)
		attr.sample_stack_user = 512;
	return attr;
}

class sample_type : public testing::TestWithParam<typed>
{
};

TEST_P(sample_type, a_sample_has_the_fields_of_its_type_and_no_more)
{
	spinner busy(0);
	const perf_event_attr attr = with_type(GetParam().row.type);
	recorder r(GetParam().s, attr, target::thread(busy.tid()));
	const uint64_t id = event_id(r.fd.get());
	/* parse_sample throws unless every byte has its place. */
	const std::vector<sample> samples = r.sample_until(20);
	for (const sample &sample : samples) {
		EXPECT_TRUE(sample.user() || sample.kernel()) << "misc " << sample.misc;
		if (sample.ip)
			EXPECT_EQ(sample.kernel(), in_kernel(*sample.ip)) << std::hex << *sample.ip;
		if (sample.tid) {
			EXPECT_EQ(*sample.tid, busy.tid());
			EXPECT_EQ(*sample.pid, getpid());
		}
		EXPECT_EQ(sample.addr.value_or(0), 0u);
		EXPECT_EQ(sample.id.value_or(id), id);
		EXPECT_EQ(sample.stream_id.value_or(id), id);
		EXPECT_EQ(sample.identifier.value_or(id), id);
		EXPECT_EQ(sample.cpu.value_or(0), 0u);
		EXPECT_EQ(sample.period.value_or(period), period);
		if (sample.raw)
			EXPECT_EQ(*sample.raw, std::vector<uint8_t>(4)) << "an empty raw field";
		if (sample.regs_abi)
			EXPECT_EQ(*sample.regs_abi, uint64_t{PERF_SAMPLE_REGS_ABI_64});
		if (sample.stack)
			EXPECT_EQ(sample.stack->size(), 512u);
		if (sample.data_source)
			EXPECT_EQ(*sample.data_source & operation_unknown, operation_unknown);
	}
	/* And nothing else is in such a stream. */
	for (const auto &[type, n] : count_types(r.records))
		EXPECT_TRUE(type == PERF_RECORD_SAMPLE || type == PERF_RECORD_THROTTLE ||
			    type == PERF_RECORD_UNTHROTTLE || type == PERF_RECORD_LOST)
			<< n << " of type " << type;
}

INSTANTIATE_TEST_SUITE_P(every, sample_type, testing::ValuesIn(every_type()),
			 [](const testing::TestParamInfo<typed> &info) {
				 return std::string(name(info.param.s)) + "_" + info.param.row.name;
			 });

class samples : public testing::TestWithParam<side>
{
};

TEST_P(samples, samples_of_a_busy_thread_are_in_its_loop)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::thread(busy.tid()));
	const std::vector<sample> all = r.sample_until(100);
	const auto hits = std::count_if(all.begin(), all.end(),
					[](const sample &s) { return s.user() && in_leaf(*s.ip); });
	EXPECT_GT(static_cast<size_t>(hits), all.size() / 2);
	for (const sample &s : all) {
		if (s.user())
			EXPECT_TRUE(in_program(*s.ip)) << std::hex << *s.ip;
	}
}

TEST_P(samples, samples_of_a_processor_name_the_running_thread)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::every_process(0));
	std::vector<sample> all = r.sample_until([&](const std::vector<sample> &s) {
		return std::count_if(s.begin(), s.end(), [&](const sample &sample) {
			       return *sample.tid == busy.tid();
		       }) >= 50;
	});
	for (const sample &s : all) {
		EXPECT_EQ(*s.cpu, 0u);
		if (*s.tid == busy.tid()) {
			EXPECT_EQ(*s.pid, getpid());
			if (s.user())
				EXPECT_TRUE(in_program(*s.ip)) << std::hex << *s.ip;
		}
	}
}

TEST_P(samples, samples_of_all_processors_come_from_each_of_them)
{
	std::vector<std::unique_ptr<spinner>> busy;
	for (int cpu : online_cpus())
		busy.push_back(std::make_unique<spinner>(cpu));
	session every(GetParam(), clock_attr(period), -1);
	every.enable();
	for (size_t i = 0; i < every.events.size(); i++) {
		const pid_t tid = busy[i]->tid();
		EXPECT_TRUE(every.until([&](const std::vector<record> &) {
			const auto mine = samples_in(every.events[i].records, every.attr());
			return std::count_if(mine.begin(), mine.end(),
					     [&](const sample &s) { return *s.tid == tid; }) >= 20;
		})) << "processor "
		    << every.events[i].cpu;
	}
	every.disable();
	every.collect();
	for (const session::cpu_event &e : every.events) {
		uint64_t last = 0;
		for (const sample &s : samples_in(e.records, every.attr())) {
			EXPECT_EQ(*s.cpu, static_cast<uint32_t>(e.cpu));
			EXPECT_GE(*s.time, last);
			last = *s.time;
		}
	}
}

TEST_P(samples, samples_follow_a_thread_from_processor_to_processor)
{
	/* One ring for a thread that moves. */
	std::atomic<pid_t> tid = 0;
	std::jthread mover([&](std::stop_token stop) {
		tid = current_tid();
		while (!stop.stop_requested()) {
			for (int cpu : online_cpus()) {
				pin_to(cpu);
				for (int i = 0; i < 2'000'000 && !stop.stop_requested(); i++)
					asm volatile("" ::: "memory");
			}
		}
	});
	while (!tid)
		std::this_thread::yield();
	const size_t cpus = online_cpus().size();
	{
		recorder r(GetParam(), clock_attr(period), target::thread(tid));
		std::set<uint32_t> seen;
		EXPECT_NO_THROW(r.sample_until([&](const std::vector<sample> &all) {
			for (const sample &s : all) {
				EXPECT_EQ(*s.tid, tid);
				seen.insert(*s.cpu);
			}
			return seen.size() == cpus && all.size() > 50;
		}));
		uint64_t last = 0;
		for (const sample &s : samples_in(r.records, r.attr)) {
			EXPECT_GE(*s.time, last) << "later in the ring, earlier in time";
			last = *s.time;
		}
	}
}

TEST_P(samples, samples_of_one_thread_are_not_of_another)
{
	spinner busy(0), other(0);
	recorder r(GetParam(), clock_attr(period), target::thread(busy.tid()));
	for (const sample &s : r.sample_until(50))
		EXPECT_EQ(*s.tid, busy.tid());
}

TEST_P(samples, a_thread_followed_on_one_cpu_gives_no_samples_elsewhere)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(period), target::thread(busy.tid(), 1));
	recorder there(GetParam(), clock_attr(period), target::thread(busy.tid(), 0));
	enable(r.fd.get());
	there.sample_until(50);
	EXPECT_EQ(r.buffer.drain().size(), 0u);
}

TEST_P(samples, exclude_user_leaves_no_samples_of_user_code)
{
	spinner user(0), kernel(0, work::kernel);
	perf_event_attr attr = clock_attr(period);
	attr.exclude_user = 1;
	recorder r(GetParam(), attr, target::every_process(0));
	for (const sample &s : r.sample_until(50)) {
		EXPECT_TRUE(s.kernel()) << "misc " << s.misc;
		EXPECT_TRUE(in_kernel(*s.ip)) << std::hex << *s.ip;
	}
}

TEST_P(samples, exclude_kernel_leaves_no_samples_of_kernel_code)
{
	spinner user(0), kernel(0, work::kernel);
	perf_event_attr attr = clock_attr(period);
	attr.exclude_kernel = 1;
	recorder r(GetParam(), attr, target::every_process(0));
	for (const sample &s : r.sample_until(50)) {
		EXPECT_TRUE(s.user()) << "misc " << s.misc;
		EXPECT_FALSE(in_kernel(*s.ip)) << std::hex << *s.ip;
	}
}

TEST_P(samples, excluding_user_and_kernel_leaves_no_samples)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(period);
	attr.exclude_kernel = attr.exclude_user = 1;
	recorder r(GetParam(), attr, target::every_process(0));
	recorder reference(GetParam(), clock_attr(period), target::every_process(0));
	enable(r.fd.get());
	reference.sample_until(100);
	EXPECT_EQ(r.buffer.drain().size(), 0u);
}

TEST_P(samples, exclude_idle_leaves_no_samples_of_the_idle_task)
{
	/* Nothing to do on processor 1 but what its samples find. */
	perf_event_attr attr = clock_attr(period);
	recorder with(GetParam(), attr, target::every_process(1), 256);
	attr.exclude_idle = 1;
	recorder without(GetParam(), attr, target::every_process(1), 256);
	pin_to(0);
	enable(without.fd.get());
	with.sample_until([](const std::vector<sample> &all) {
		return std::count_if(all.begin(), all.end(),
				     [](const sample &s) { return *s.pid == 0; }) >= 30;
	});
	disable(without.fd.get());
	for (const sample &s : samples_in(without.buffer.drain(), attr))
		EXPECT_NE(*s.tid, 0);
	cpu_set_t every;
	CPU_ZERO(&every);
	for (int cpu : online_cpus())
		CPU_SET(cpu, &every);
	sched_setaffinity(0, sizeof(every), &every);
}

TEST_P(samples, samples_carry_the_time_of_the_chosen_clock)
{
	spinner busy(0);
	for (clockid_t clock :
	     {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI}) {
		auto now = [clock] {
			timespec t;
			clock_gettime(clock, &t);
			return t.tv_sec * 1'000'000'000ULL + t.tv_nsec;
		};
		perf_event_attr attr = clock_attr(period);
		attr.use_clockid = 1;
		attr.clockid = clock;
		recorder r(GetParam(), attr, target::every_process(0));
		/* The fast clocks may be off by the last adjustment. */
		constexpr uint64_t slack = 1'000'000;
		const uint64_t before = now();
		const std::vector<sample> all = r.sample_until(10);
		const uint64_t after = now();
		for (const sample &s : all) {
			EXPECT_GE(*s.time + slack, before) << "clock " << clock;
			EXPECT_LE(*s.time, after + slack) << "clock " << clock;
		}
	}
}

TEST_P(samples, samples_of_two_events_have_two_ids)
{
	spinner busy(0);
	perf_event_attr attr = clock_attr(period, all_plain);
	recorder a(GetParam(), attr, target::every_process(0));
	recorder b(GetParam(), attr, target::every_process(0));
	EXPECT_NE(event_id(a.fd.get()), event_id(b.fd.get()));
	enable(b.fd.get());
	for (const sample &s : a.sample_until(20))
		EXPECT_EQ(*s.id, event_id(a.fd.get()));
	for (const sample &s : b.sample_until(20))
		EXPECT_EQ(*s.id, event_id(b.fd.get()));
}

TEST_P(samples, samples_of_a_short_period_carry_the_requested_period)
{
	/* The timer is held to 10 us, the field is not. */
	spinner busy(0);
	recorder r(GetParam(), clock_attr(1), target::thread(busy.tid()), 256);
	for (const sample &s : r.sample_until(20))
		EXPECT_EQ(*s.period, 1u);
}

INSTANTIATE_TEST_SUITE_P(on, samples, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
