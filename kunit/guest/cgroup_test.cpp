// SPDX-License-Identifier: GPL-2.0
/* Events of a cgroup: whose records they have, and what they count. */
#include <array>
#include <atomic>
#include <thread>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "support/absence.hpp"
#include "support/cgroup.hpp"
#include "support/session.hpp"
#include "support/user.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

[[noreturn]] void work_for_ever()
{
	const std::atomic<bool> never = false;
	spin(never);
	_exit(0);
}

/* A busy process, in a cgroup or in none of ours, which is there when the object is made. */
class busy_process
{
public:
	busy_process(const cgroup *in, int cpu)
		: child_([&] {
			  pin_to(cpu);
			  if (in && in->take())
				  return 200;
			  there_.open();
			  work_for_ever();
		  })
	{
		there_.wait();
	}
	~busy_process()
	{
		child_.kill(SIGKILL);
		child_.wait();
	}
	pid_t pid() const { return child_.pid(); }

private:
	gate there_;
	child child_;
};

/* Writes @n messages to the source inject, from this CPU. */
void emit(int n)
{
	static const unique_fd node = open_message();
	for (int i = 0; i < n; i++)
		if (write(node.get(), "message", 7) != 7)
			fail_errno("writing a message", errno);
}

class cgroup_hierarchy
{
protected:
	cgroup_root root;
	cgroup outer{root.path() + "/perfbuf-outer"};
	cgroup inner{outer.path() + "/perfbuf-inner"};
	cgroup beside{root.path() + "/perfbuf-beside"};
	unique_fd outer_fd = outer.open(), inner_fd = inner.open(), beside_fd = beside.open();
};

class cgroup_event : public testing::TestWithParam<side>, protected cgroup_hierarchy
{
protected:
	recorder record_on(int cpu, const unique_fd &of, perf_event_attr attr = clock_attr())
	{
		return recorder(GetParam(), attr, tasks_of(of.get(), cpu));
	}
};

/* How many of @all are of @pid. */
size_t samples_of(const std::vector<sample> &all, pid_t pid)
{
	return static_cast<size_t>(std::count_if(all.begin(), all.end(),
						 [=](auto &record) { return record.pid == pid; }));
}

TEST_P(cgroup_event, tasks_of_the_cgroup_alone_are_sampled)
{
	const busy_process inside(&outer, 0), outside(nullptr, 0), in_another(&beside, 0);
	recorder r = record_on(0, outer_fd);
	const auto all = r.sample_until(40);
	EXPECT_EQ(samples_of(all, inside.pid()), all.size());
}

TEST_P(cgroup_event, tasks_of_a_cgroup_below_are_sampled_and_those_above_are_not)
{
	const busy_process above(&outer, 0), below(&inner, 0);
	recorder of_outer = record_on(0, outer_fd), of_inner = record_on(0, inner_fd);
	enable(of_inner.fd.get());
	of_outer.sample_until([&](const auto &all) {
		return samples_of(all, above.pid()) > 10 && samples_of(all, below.pid()) > 10;
	});
	const auto all = of_inner.sample_until(10);
	EXPECT_EQ(samples_of(all, below.pid()), all.size());
}

TEST_P(cgroup_event, the_first_cgroup_has_all_tasks_and_the_idle_cpu)
{
	const unique_fd first(open(root.path().c_str(), O_RDONLY | O_CLOEXEC));
	recorder r = record_on(1, first);
	const busy_process inside(&outer, 1);
	r.sample_until([&](const auto &all) { return samples_of(all, inside.pid()) > 10; });
}

TEST_P(cgroup_event, events_of_the_cpu_and_of_two_cgroups_have_their_own_samples_each)
{
	const busy_process inside(&outer, 0), other(&beside, 0);
	recorder of_outer = record_on(0, outer_fd), of_beside = record_on(0, beside_fd);
	recorder of_all(GetParam(), clock_attr(), target::every_process(0));
	enable(of_outer.fd.get());
	enable(of_beside.fd.get());
	of_all.sample_until([&](const auto &all) {
		return samples_of(all, inside.pid()) > 10 && samples_of(all, other.pid()) > 10;
	});
	const auto first = of_outer.sample_until(10), second = of_beside.sample_until(10);
	EXPECT_EQ(samples_of(first, inside.pid()), first.size());
	EXPECT_EQ(samples_of(second, other.pid()), second.size());
}

TEST_P(cgroup_event, two_readers_of_one_cgroup_have_all_its_samples_each)
{
	const busy_process inside(&outer, 0), outside(nullptr, 0);
	recorder first = record_on(0, outer_fd), second = record_on(0, outer_fd);
	enable(second.fd.get());
	const auto of_first = first.sample_until(20);
	first.fd.reset();
	const auto of_second = second.sample_until(20);
	EXPECT_EQ(samples_of(of_first, inside.pid()), of_first.size());
	EXPECT_EQ(samples_of(of_second, inside.pid()), of_second.size());
}

/* The task has its CPU for itself, so it goes on without a switch. */
TEST_P(cgroup_event, a_task_that_runs_is_counted_from_its_move_in_until_its_move_out)
{
	const busy_process moved(nullptr, 1);
	perf_event_attr attr = clock_attr();
	attr.disabled = 0;
	unique_fd fd = must_open(GetParam(), attr, tasks_of(outer_fd.get(), 1));
	for (int turn = 0; turn < 3; turn++) {
		const uint64_t before = read_value(fd.get());
		pause_for(std::chrono::milliseconds(20));
		EXPECT_EQ(read_value(fd.get()), before) << "it is outside";
		ASSERT_EQ(outer.take(moved.pid()), 0);
		EXPECT_TRUE(eventually([&] { return read_value(fd.get()) > before; }));
		ASSERT_EQ(beside.take(moved.pid()), 0);
		/* An interrupt of that CPU may still be on its way. */
		EXPECT_TRUE(eventually([&] {
			const uint64_t now = read_value(fd.get());
			pause_for(std::chrono::milliseconds(20));
			return read_value(fd.get()) == now;
		}));
	}
}

long switches_of(pid_t task)
{
	const std::string text = read_file("/proc/" + std::to_string(task) + "/status");
	const std::string key = "nonvoluntary_ctxt_switches:";
	return std::stol(text.substr(text.find(key) + key.size()));
}

/* Other tasks come to the CPU now and then, so it may take some moves. */
TEST_P(cgroup_event, a_move_is_noticed_without_a_switch_of_the_task)
{
	const busy_process moved(nullptr, 1);
	perf_event_attr attr = clock_attr();
	attr.disabled = 0;
	unique_fd fd = must_open(GetParam(), attr, tasks_of(outer_fd.get(), 1));
	EXPECT_TRUE(eventually([&] {
		uint64_t before = 0;
		EXPECT_TRUE(eventually([&] {
			before = read_value(fd.get());
			pause_for(std::chrono::milliseconds(20));
			return read_value(fd.get()) == before;
		})) << "it is outside";
		const long switches = switches_of(moved.pid());
		EXPECT_EQ(outer.take(moved.pid()), 0);
		EXPECT_TRUE(eventually([&] { return read_value(fd.get()) > before; }));
		const bool unswitched = switches_of(moved.pid()) == switches;
		EXPECT_EQ(beside.take(moved.pid()), 0);
		return unswitched;
	}));
}

TEST_P(cgroup_event, count_and_times_are_those_of_the_cgroup)
{
	const busy_process inside(&outer, 0), in_another(&beside, 0);
	perf_event_attr attr = clock_attr();
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	const auto open_on = [&](const target &observed) {
		return must_open(GetParam(), attr, observed);
	};
	unique_fd all = open_on(target::every_process(0));
	unique_fd first = open_on(tasks_of(outer_fd.get(), 0));
	unique_fd second = open_on(tasks_of(beside_fd.get(), 0));
	enable(all.get());
	enable(first.get());
	enable(second.get());
	EXPECT_TRUE(eventually([&] {
		return read_value(first.get()) > 20'000'000 &&
		       read_value(second.get()) > 20'000'000;
	}));
	disable(first.get());
	disable(second.get());
	disable(all.get());
	for (const unique_fd *fd : {&first, &second}) {
		/* perf of 6.12 and later may give the time since the boot once it is disabled. */
		if (GetParam() == side::perf)
			break;
		EXPECT_GT(read_value(fd->get(), 2), 0u);
		EXPECT_EQ(read_value(fd->get(), 1), read_value(fd->get(), 2));
		EXPECT_LT(read_value(fd->get(), 1), read_value(all.get(), 1));
	}
	EXPECT_LE(read_value(first.get()) + read_value(second.get()), read_value(all.get()));
}

TEST_P(cgroup_event, a_process_that_is_forked_in_the_cgroup_is_sampled)
{
	recorder r = record_on(0, outer_fd);
	gate forked;
	std::array<int, 2> ends;
	ASSERT_EQ(pipe(ends.data()), 0);
	child parent = child_in(outer, 0, [&] {
		const pid_t made = fork();
		if (!made)
			work_for_ever();
		if (write(ends[1], &made, sizeof(made)) != sizeof(made))
			return 1;
		pause();
		return 0;
	});
	pid_t made = 0;
	ASSERT_EQ(read(ends[0], &made, sizeof(made)), static_cast<ssize_t>(sizeof(made)));
	close(ends[0]);
	close(ends[1]);
	r.sample_until([&](const auto &all) { return samples_of(all, made) > 10; });
	::kill(made, SIGKILL);
}

TEST_P(cgroup_event, a_cgroup_can_be_removed_while_its_event_is_open)
{
	recorder r = record_on(0, inner_fd);
	{
		const busy_process inside(&inner, 0);
		r.sample_until(5);
	}
	enable(r.fd.get());
	ASSERT_EQ(inner.remove(), 0);
	pollfd state{r.fd.get(), 0, 0};
	poll(&state, 1, 0);
	EXPECT_EQ(state.revents & (POLLHUP | POLLERR), 0);
	const uint64_t before = read_value(r.fd.get());

	/* Another cgroup of the same name is another cgroup. */
	cgroup again(inner.path());
	const busy_process inside(&again, 0);
	recorder of_again(GetParam(), clock_attr(), tasks_of(again.open().get(), 0));
	of_again.sample_until(5);
	EXPECT_EQ(read_value(r.fd.get()), before);
}

TEST_P(cgroup_event, the_descriptor_of_the_directory_can_be_closed_after_the_open)
{
	recorder r = record_on(0, outer_fd);
	outer_fd.reset();
	const busy_process inside(&outer, 0);
	const auto all = r.sample_until(5);
	EXPECT_EQ(samples_of(all, inside.pid()), all.size());
}

TEST_P(cgroup_event, side_band_records_are_those_of_tasks_in_the_cgroup)
{
	perf_event_attr attr = clock_attr(1'000'000'000'000, PERF_SAMPLE_TID);
	attr.comm = attr.task = attr.mmap = attr.sample_id_all = 1;
	recorder r = record_on(0, outer_fd, attr);
	enable(r.fd.get());
	const auto rename_and_fork = [](const char *name) {
		prctl(PR_SET_NAME, name);
		return run_in_child([] { return 0; }).code;
	};
	const auto run = [&](const cgroup &in, const char *name) {
		child child = child_in(in, 0, [&] { return rename_and_fork(name); });
		const pid_t pid = child.pid();
		EXPECT_TRUE(child.wait().clean());
		return pid;
	};
	run(beside, "beside");
	const pid_t in_outer = run(outer, "outer"), in_inner = run(inner, "inner");
	run(beside, "beside");
	r.buffer.drain(r.records);
	std::vector<std::string> names;
	size_t forks = 0, exits = 0;
	for (const record &record : r.records) {
		if (record.header.type == PERF_RECORD_COMM)
			names.push_back(parse_comm(record, attr).comm);
		if (record.header.type != PERF_RECORD_FORK &&
		    record.header.type != PERF_RECORD_EXIT)
			continue;
		const task_record task = parse_task(record);
		const pid_t of = static_cast<pid_t>(
			record.header.type == PERF_RECORD_FORK ? task.ppid : task.pid);
		const bool is_fork = record.header.type == PERF_RECORD_FORK;
		EXPECT_TRUE(!is_fork || of == in_outer || of == in_inner);
		(is_fork ? forks : exits)++;
	}
	EXPECT_EQ(names, (std::vector<std::string>{"outer", "inner"}));
	EXPECT_EQ(forks, 2u);
	EXPECT_EQ(exits, 4u) << "two children and their children";
}

TEST_P(cgroup_event, switch_records_are_those_of_tasks_in_the_cgroup)
{
	perf_event_attr attr = clock_attr(1'000'000'000'000, PERF_SAMPLE_TID);
	attr.context_switch = attr.sample_id_all = 1;
	recorder r = record_on(0, outer_fd, attr);
	enable(r.fd.get());
	const busy_process outside(nullptr, 0);
	child inside = child_in(outer, 0, [] {
		for (int i = 0; i < 10; i++)
			pause_for(std::chrono::milliseconds(5));
		return 0;
	});
	const pid_t pid = inside.pid();
	ASSERT_TRUE(inside.wait().clean());
	r.buffer.drain(r.records);
	ASSERT_GE(r.records.size(), 3u);
	const auto is_out = [](const record &record) {
		return (record.header.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
	};
	/* It runs as it moves in, or comes back from a switch within the move. */
	bool runs = is_out(r.records.front());
	for (const record &record : r.records) {
		ASSERT_EQ(record.header.type, static_cast<uint32_t>(PERF_RECORD_SWITCH_CPU_WIDE));
		EXPECT_EQ(parse_trailer(record, attr).tid, pid);
		EXPECT_EQ(is_out(record), runs) << "out and in by turns";
		runs = !runs;
	}
}

TEST_P(cgroup_event, a_group_of_a_cgroup_counts_its_tasks_alone)
{
	const busy_process inside(&outer, 0), outside(nullptr, 0);
	perf_event_attr attr = clock_attr();
	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED;
	unique_fd leader = must_open(GetParam(), attr, tasks_of(outer_fd.get(), 0));
	attr.disabled = 0;
	target of_sibling = tasks_of(outer_fd.get(), 0);
	of_sibling.group = leader.get();
	unique_fd sibling = must_open(GetParam(), attr, of_sibling);
	unique_fd all = must_open(GetParam(), attr, target::every_process(0));
	enable(leader.get());
	const auto counts = [&](const unique_fd &of) {
		std::array<uint64_t, 4> words = {}; /* number, time, value, value */
		EXPECT_GT(read(of.get(), words.data(), sizeof(words)), 0);
		return words;
	};
	EXPECT_TRUE(eventually([&] { return counts(leader)[2] > 20'000'000; }));
	disable(leader.get());
	disable(all.get());
	const auto of_cgroup = counts(leader), of_all = counts(all);
	EXPECT_EQ(of_cgroup[0], 2u);
	EXPECT_GT(of_cgroup[3], 0u);
	EXPECT_LT(of_cgroup[2], of_all[2]);
	EXPECT_LT(of_cgroup[3], of_all[2]);
}

/* Cgroups come and go, tasks move between them, and events on them are opened and closed, all at
 * once. */
TEST_P(cgroup_event, events_can_be_opened_while_tasks_move_and_cgroups_go)
{
	std::atomic<bool> stop = false;
	const busy_process moved(nullptr, 1), other(nullptr, 0);
	std::thread mover([&] {
		for (bool in = true; !stop; in = !in) {
			(in ? outer : beside).take(moved.pid());
			(in ? inner : beside).take(other.pid());
		}
	});
	std::thread maker([&] {
		while (!stop) {
			cgroup made(beside.path() + "/perfbuf-short");
			unique_fd directory = made.open();
			const perf_event_attr attr = clock_attr();
			const int fd = open_event(GetParam(), &attr, tasks_of(directory.get(), 0));
			EXPECT_GE(fd, 0) << errno_name(-fd);
			made.remove();
			close(fd);
		}
	});
	for (int i = 0; i < 60; i++) {
		recorder recorder = record_on(i % 2, i % 3 ? outer_fd : inner_fd, [] {
			perf_event_attr attr = clock_attr(100'000);
			attr.comm = attr.task = attr.context_switch = attr.sample_id_all = 1;
			attr.disabled = 0;
			return attr;
		}());
		pause_for(std::chrono::milliseconds(2));
		recorder.buffer.drain(recorder.records);
		if (i % 2)
			recorder.buffer.unmap();
		recorder.fd.reset();
	}
	stop = true;
	mover.join();
	maker.join();
}

/* The messages of a task between two moves are counted exactly. */
class own_cgroup_event : public testing::TestWithParam<side>, protected cgroup_hierarchy
{
protected:
	perf_event_attr attr = message_attr();
	unique_fd message_on(int cpu, const unique_fd &of)
	{
		attr.disabled = 0;
		unique_fd fd = open_message();
		if (const int error = configure(fd.get(), &attr, tasks_of(of.get(), cpu)))
			fail_errno("an event of a cgroup", error);
		return fd;
	}
};

TEST_P(own_cgroup_event, a_task_that_moves_itself_is_counted_exactly_from_in_to_out)
{
	unique_fd fd = message_on(0, outer_fd);
	ring buffer(fd.get(), 16);
	EXPECT_TRUE(run_in_child([&] {
			    pin_to(0);
			    emit(3);
			    if (outer.take())
				    return 1;
			    emit(5);
			    if (inner.take())
				    return 2;
			    emit(7);
			    if (beside.take())
				    return 3;
			    emit(11);
			    return 0;
		    }).clean());
	EXPECT_EQ(read_value(fd.get()), 12u);
	EXPECT_EQ(samples_in(buffer.drain(), attr).size(), 12u);
}

TEST_P(own_cgroup_event, an_event_opened_by_a_task_of_the_cgroup_has_it_from_the_first_record)
{
	EXPECT_TRUE(run_in_child([&] {
			    pin_to(0);
			    if (outer.take())
				    return 1;
			    unique_fd fd = message_on(0, outer_fd);
			    emit(3);
			    return read_value(fd.get()) == 3 ? 0 : 2;
		    }).clean());
}

TEST_P(own_cgroup_event, a_task_of_the_cgroup_on_another_cpu_is_not_counted)
{
	unique_fd fd = message_on(0, outer_fd);
	EXPECT_TRUE(child_in(outer, 1,
			     [] {
				     emit(3);
				     return 0;
			     })
			    .wait()
			    .clean());
	EXPECT_EQ(read_value(fd.get()), 0u);
}

/* Tasks that each run for less than a period are sampled all the same. */
TEST_P(own_cgroup_event, the_rest_of_the_period_is_kept_while_other_tasks_run)
{
	attr.sample_period = 4;
	unique_fd fd = message_on(0, outer_fd);
	ring buffer(fd.get(), 16);
	for (int i = 0; i < 8; i++) {
		EXPECT_TRUE(child_in(outer, 0,
				     [] {
					     emit(3);
					     return 0;
				     })
				    .wait()
				    .clean());
		EXPECT_TRUE(child_in(beside, 0,
				     [] {
					     emit(2);
					     return 0;
				     })
				    .wait()
				    .clean());
	}
	EXPECT_EQ(read_value(fd.get()), 24u);
	EXPECT_EQ(samples_in(buffer.drain(), attr).size(), 6u);
}

TEST_P(own_cgroup_event, a_disabled_event_of_a_cgroup_counts_nothing)
{
	unique_fd fd = message_on(0, outer_fd);
	const auto emit_inside = [&](int n) {
		EXPECT_TRUE(child_in(outer, 0,
				     [=] {
					     emit(n);
					     return 0;
				     })
				    .wait()
				    .clean());
	};
	emit_inside(1);
	disable(fd.get());
	emit_inside(2);
	enable(fd.get());
	emit_inside(4);
	EXPECT_EQ(read_value(fd.get()), 5u);
}

/* perf's events of a CPU end with it. */
TEST_P(own_cgroup_event, an_event_of_a_cgroup_counts_on_when_its_cpu_returns)
{
	unique_fd fd = message_on(absence::cpu, outer_fd);
	for (uint64_t turn = 1; turn <= 2; turn++) {
		absence away;
		EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_DISABLE), 0);
		EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_ENABLE), 0);
		away.end();
		for (const cgroup *in : {&outer, &beside}) {
			EXPECT_TRUE(child_in(*in, absence::cpu,
					     [] {
						     emit(3);
						     return 0;
					     })
					    .wait()
					    .clean());
		}
		EXPECT_EQ(read_value(fd.get()), 3 * turn);
	}
}

TEST_P(own_cgroup_event, the_line_of_a_reader_names_the_kind_of_its_tasks)
{
	unique_fd fd = message_on(0, outer_fd);
	const std::string lines = read_file(std::string(open_node_class) + "readers");
	const std::string own = "id=" + std::to_string(event_id(fd.get())) + " ";
	const size_t at = lines.find(own);
	ASSERT_NE(at, std::string::npos) << lines;
	EXPECT_NE(lines.substr(at, lines.find('\n', at) - at).find(" of=cgroup "),
		  std::string::npos)
		<< lines;
}

INSTANTIATE_TEST_SUITE_P(on, cgroup_event, testing::ValuesIn(sides_with_cgroups()),
			 side_name<testing::TestParamInfo<side>>);
INSTANTIATE_TEST_SUITE_P(on, own_cgroup_event,
			 testing::ValuesIn(has_cgroups() ? own_side() : std::vector<side>()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(cgroup_event);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_cgroup_event);

} /* namespace */
