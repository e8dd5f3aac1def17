// SPDX-License-Identifier: GPL-2.0
/* COMM, FORK and EXIT records, and the trailer of sample_id_all. */
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "support/exec_image.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

/* Rare samples: these tests are about the other records. */
perf_event_attr side_band(uint64_t type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME)
{
	perf_event_attr attr = clock_attr(1'000'000'000'000, type);
	attr.disabled = 0;
	attr.sample_id_all = 1;
	return attr;
}

class task_records : public testing::TestWithParam<side>
{
protected:
	gate go, done;

	bool has_comm(session &s, pid_t tid, const std::string &comm, bool exec)
	{
		return s.until_record(PERF_RECORD_COMM, [&](const record &r) {
			const comm_record c = parse_comm(r, s.attr());
			return c.tid == static_cast<uint32_t>(tid) && c.comm == comm &&
			       c.exec == exec;
		});
	}
};

TEST_P(task_records, a_comm_record_has_the_new_name)
{
	perf_event_attr attr = side_band();
	attr.comm = 1;
	session s(GetParam(), attr, 0);
	/* Lengths on either side of the padding, and one that the kernel cuts. */
	for (const char *text : {"a", "seven77", "eight888", "nine99999", "fifteen_fifteen",
				 "longer_than_what_fits"}) {
		prctl(PR_SET_NAME, text);
		EXPECT_TRUE(has_comm(s, current_tid(), std::string(text).substr(0, 15), false))
			<< text;
	}
	for (const record &r : s.collect()) {
		if (r.header.type == PERF_RECORD_COMM)
			EXPECT_EQ(parse_comm(r, attr).pid, static_cast<uint32_t>(getpid()));
	}
}

TEST_P(task_records, the_comm_record_of_an_exec_has_the_flag)
{
	const exec_image image = make_exec_image(scratch());
	child process([&] {
		go.wait();
		execl(image.program.c_str(), "program", nullptr);
		return 1;
	});
	perf_event_attr attr = side_band();
	attr.comm = attr.comm_exec = 1;
	session s(GetParam(), attr, process.pid());
	go.open();
	EXPECT_TRUE(has_comm(s, process.pid(), "program", true));
	EXPECT_EQ(count(s.collect(), PERF_RECORD_COMM), 1u);
}

TEST_P(task_records, comm_records_of_a_cpu_are_of_every_process)
{
	perf_event_attr attr = side_band();
	attr.comm = 1;
	session s(GetParam(), attr, -1);
	child process([&] {
		prctl(PR_SET_NAME, "renamed");
		done.wait();
		return 0;
	});
	EXPECT_TRUE(has_comm(s, process.pid(), "renamed", false));
	done.open();
	EXPECT_TRUE(process.wait().clean());
}

TEST_P(task_records, no_comm_record_comes_without_comm)
{
	perf_event_attr attr = side_band();
	attr.task = 1;
	session s(GetParam(), attr, 0);
	prctl(PR_SET_NAME, "unheard");
	run_in_child([] { return 0; });
	EXPECT_TRUE(s.until_record(PERF_RECORD_FORK, [](const record &) { return true; }));
	EXPECT_EQ(count(s.collect(), PERF_RECORD_COMM), 0u);
}

TEST_P(task_records, a_disabled_event_gets_no_comm_record)
{
	perf_event_attr attr = side_band();
	attr.comm = 1;
	attr.disabled = 1;
	session s(GetParam(), attr, 0);
	prctl(PR_SET_NAME, "off");
	s.enable();
	prctl(PR_SET_NAME, "on");
	EXPECT_TRUE(has_comm(s, current_tid(), "on", false));
	EXPECT_EQ(count(s.collect(), PERF_RECORD_COMM), 1u);
}

TEST_P(task_records, a_fork_record_names_child_and_parent)
{
	perf_event_attr attr = side_band();
	attr.task = 1;
	session s(GetParam(), attr, 0);
	child process([&] {
		done.wait();
		return 0;
	});
	EXPECT_TRUE(s.until_record(PERF_RECORD_FORK, [&](const record &r) {
		const task_record t = parse_task(r);
		return t.pid == static_cast<uint32_t>(process.pid()) && t.tid == t.pid &&
		       t.ppid == static_cast<uint32_t>(getpid()) &&
		       t.ptid == static_cast<uint32_t>(current_tid()) && t.time > 0;
	}));
	done.open();
	EXPECT_TRUE(process.wait().clean());
}

TEST_P(task_records, the_fork_record_of_a_thread_has_the_pid_of_its_process)
{
	perf_event_attr attr = side_band();
	attr.task = 1;
	session s(GetParam(), attr, 0);
	pid_t tid = 0;
	std::thread([&] { tid = current_tid(); }).join();
	EXPECT_TRUE(s.until_record(PERF_RECORD_FORK, [&](const record &r) {
		const task_record t = parse_task(r);
		return t.tid == static_cast<uint32_t>(tid) &&
		       t.pid == static_cast<uint32_t>(getpid()) &&
		       t.ppid == static_cast<uint32_t>(getpid()) &&
		       t.ptid == static_cast<uint32_t>(current_tid());
	}));
}

TEST_P(task_records, the_exit_of_an_inherited_child_is_recorded)
{
	child parent([&] {
		go.wait();
		child second([] { return 0; });
		const bool fine = second.wait().clean();
		done.wait();
		return fine ? 0 : 1;
	});
	perf_event_attr attr = side_band();
	attr.task = attr.inherit = 1;
	session s(GetParam(), attr, parent.pid());
	go.open();
	uint32_t second = 0;
	EXPECT_TRUE(s.until_record(PERF_RECORD_FORK, [&](const record &r) {
		second = parse_task(r).pid;
		return parse_task(r).ppid == static_cast<uint32_t>(parent.pid());
	}));
	EXPECT_TRUE(s.until_record(PERF_RECORD_EXIT, [&](const record &r) {
		const task_record t = parse_task(r);
		return t.pid == second && t.tid == second &&
		       t.ppid == static_cast<uint32_t>(parent.pid());
	}));
	done.open();
	EXPECT_TRUE(parent.wait().clean());
}

TEST_P(task_records, the_exit_of_the_target_itself_is_recorded)
{
	child process([&] {
		go.wait();
		return 0;
	});
	perf_event_attr attr = side_band();
	attr.task = 1;
	session s(GetParam(), attr, process.pid());
	const pid_t pid = process.pid();
	go.open();
	process.wait();
	EXPECT_TRUE(s.until_record(PERF_RECORD_EXIT, [&](const record &r) {
		return parse_task(r).pid == static_cast<uint32_t>(pid) &&
		       parse_task(r).ppid == static_cast<uint32_t>(getpid());
	}));
	EXPECT_EQ(count(s.collect(), PERF_RECORD_EXIT), 1u);
}

TEST_P(task_records, comm_asks_for_fork_and_exit_too)
{
	/* perf: attr.comm, attr.mmap and attr.task all turn them on. */
	perf_event_attr attr = side_band();
	attr.comm = 1;
	session s(GetParam(), attr, -1);
	const outcome done_well = run_in_child([] { return 0; });
	EXPECT_TRUE(done_well.clean());
	EXPECT_TRUE(s.until_record(PERF_RECORD_FORK, [](const record &) { return true; }));
	EXPECT_TRUE(s.until_record(PERF_RECORD_EXIT, [](const record &) { return true; }));
}

TEST_P(task_records, no_task_records_come_without_comm_and_task)
{
	perf_event_attr attr = side_band();
	attr.sample_period = 1'000'000;
	session s(GetParam(), attr, -1);
	prctl(PR_SET_NAME, "unheard");
	run_in_child([] { return 0; });
	EXPECT_TRUE(s.until_samples(20));
	for (const auto &[type, n] : count_types(s.collect()))
		EXPECT_NE(type == PERF_RECORD_COMM || type == PERF_RECORD_FORK ||
				  type == PERF_RECORD_EXIT,
			  true)
			<< n << " of type " << type;
}

struct trailer_case {
	side s;
	uint64_t type;
};

class trailer : public testing::TestWithParam<trailer_case>
{
};

TEST_P(trailer, every_record_ends_with_the_fields_of_sample_id_all)
{
	perf_event_attr attr = side_band(GetParam().type);
	attr.comm = 1;
	session s(GetParam().s, attr, 0);
	prctl(PR_SET_NAME, "trailing");
	ASSERT_TRUE(s.until_record(PERF_RECORD_COMM, [](const record &) { return true; }));
	for (const session::cpu_event &e : s.events) {
		const uint64_t id = event_id(e.fd.get());
		for (const record &r : e.records) {
			if (r.header.type != PERF_RECORD_COMM)
				continue;
			EXPECT_EQ(r.body.size(), 8 + 16 + trailer_size(attr));
			const sample_id t = parse_trailer(r, attr);
			EXPECT_EQ(t.tid.value_or(current_tid()), current_tid());
			EXPECT_EQ(t.pid.value_or(getpid()), getpid());
			EXPECT_NE(t.time.value_or(1), 0u);
			EXPECT_EQ(t.id.value_or(id), id);
			EXPECT_EQ(t.stream_id.value_or(id), id);
			EXPECT_EQ(t.identifier.value_or(id), id);
			EXPECT_EQ(t.cpu.value_or(e.cpu), static_cast<uint32_t>(e.cpu));
		}
	}
}

TEST_P(trailer, a_record_has_no_trailer_without_sample_id_all)
{
	perf_event_attr attr = side_band(GetParam().type);
	attr.comm = 1;
	attr.sample_id_all = 0;
	session s(GetParam().s, attr, 0);
	prctl(PR_SET_NAME, "bare");
	EXPECT_TRUE(s.until_record(PERF_RECORD_COMM,
				   [](const record &r) { return r.body.size() == 16; }));
}

std::vector<trailer_case> every_trailer()
{
	std::vector<trailer_case> all;
	for (side s : sides()) {
		for (uint64_t type :
		     {0, +PERF_SAMPLE_TID, +PERF_SAMPLE_TIME, +PERF_SAMPLE_ID,
		      +PERF_SAMPLE_STREAM_ID, +PERF_SAMPLE_CPU, +PERF_SAMPLE_IDENTIFIER,
		      +PERF_SAMPLE_IP,
		      PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
			      PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP})
			all.push_back({s, type});
	}
	return all;
}

INSTANTIATE_TEST_SUITE_P(every, trailer, testing::ValuesIn(every_trailer()),
			 [](const testing::TestParamInfo<trailer_case> &info) {
				 return std::string(name(info.param.s)) + "_type_" +
					std::to_string(info.param.type);
			 });
INSTANTIATE_TEST_SUITE_P(on, task_records, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
