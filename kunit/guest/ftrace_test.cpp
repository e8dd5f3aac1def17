// SPDX-License-Identifier: GPL-2.0
/* /dev/perfbuf/ftrace: what is enabled in tracefs, byte for byte as perf's tracepoint has it. */
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/cgroup.hpp"
#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/record.hpp"

using namespace device_test;

namespace
{

constexpr const char *node = "/dev/perfbuf/ftrace";

std::string tracefs(const std::string &path)
{
	static const bool is_mounted = std::ifstream("/sys/kernel/tracing/trace").is_open();
	return (is_mounted ? "/sys/kernel/tracing/" : "/sys/kernel/debug/tracing/") + path;
}

/* An instance of tracefs, with buffers and switches of its own. */
class instance
{
public:
	explicit instance(const std::string &name) : path_("instances/" + name + "/")
	{
		if (mkdir(tracefs(path_).c_str(), 0700) && errno != EEXIST)
			fail_errno(path_, errno);
	}
	~instance() { rmdir(tracefs(path_).c_str()); }
	const std::string &path() const { return path_; }

private:
	std::string path_;
};

/* An event of sched, on while this lives; @of: of an instance, or of tracefs itself. */
class enabled_event
{
public:
	explicit enabled_event(const std::string &name, const std::string &of = "")
		: path_(of + "events/sched/" + name + "/")
	{
		std::ifstream(tracefs(path_ + "id")) >> id;
		set("1");
		if (!read_file(tracefs(path_ + "enable")).starts_with("1"))
			throw std::runtime_error("tracefs has not enabled " + path_);
	}
	~enabled_event() { set("0"); }
	void set(const char *on) const { std::ofstream(tracefs(path_ + "enable")) << on; }
	uint64_t id = 0;

private:
	std::string path_;
};

perf_event_attr attr_of(uint64_t id)
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = id;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_CPU | PERF_SAMPLE_TIME;
	return attr;
}

unique_fd must_open_node(const perf_event_attr &attr, const target &observed = {})
{
	unique_fd fd(open(node, O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(node, errno);
	if (int error = configure(fd.get(), &attr, observed))
		fail_errno("configuring ftrace", error);
	return fd;
}

void fork_once()
{
	const pid_t child = fork();
	if (!child)
		_exit(0);
	waitpid(child, nullptr, 0);
}

std::vector<sample> samples_of(ring &from, const perf_event_attr &attr)
{
	std::vector<record> records = from.drain();
	return samples_in(records, attr);
}

TEST(ftrace, a_record_of_an_event_has_the_bytes_that_perf_records)
{
	enabled_event forks("sched_process_fork");
	const perf_event_attr attr = attr_of(forks.id);
	unique_fd ours = must_open_node(attr);
	unique_fd perfs = must_open(side::perf, attr);
	ring from_ours(ours.get(), 16), from_perf(perfs.get(), 16);

	for (int i = 0; i < 10; i++)
		fork_once();
	disable(ours.get());
	disable(perfs.get());
	const std::vector<sample> got = samples_of(from_ours, attr);
	const std::vector<sample> expected = samples_of(from_perf, attr);
	ASSERT_EQ(got.size(), 10u);
	ASSERT_EQ(expected.size(), 10u);
	for (size_t i = 0; i < got.size(); i++) {
		const std::vector<uint8_t> &mine = got[i].raw.value(),
					   &other = expected[i].raw.value();
		uint16_t type;
		memcpy(&type, mine.data(), sizeof(type));
		EXPECT_EQ(type, forks.id);
		EXPECT_EQ((mine.size() + sizeof(uint32_t)) % 8, 0u);
		/* The common pid and the event's own fields; before them stand flags that each
		 * finds out for itself, behind them padding. */
		ASSERT_GE(mine.size(), 48u);
		ASSERT_GE(other.size(), 48u);
		EXPECT_TRUE(std::equal(mine.begin() + 4, mine.begin() + 48, other.begin() + 4));
		EXPECT_EQ(*got[i].tid, gettid());
	}
	EXPECT_EQ(read_value(ours.get()), 10u);
}

TEST(ftrace, an_event_that_tracefs_has_not_enabled_gives_no_record)
{
	enabled_event forks("sched_process_fork");
	const perf_event_attr attr = attr_of(forks.id);
	unique_fd fd = must_open_node(attr);
	ring buffer(fd.get(), 16);

	forks.set("0");
	fork_once();
	EXPECT_TRUE(samples_of(buffer, attr).empty());
	forks.set("1");
	fork_once();
	EXPECT_EQ(samples_of(buffer, attr).size(), 1u);
}

TEST(ftrace, an_event_that_an_instance_has_enabled_too_comes_once)
{
	instance other("perfbuf_twice");
	enabled_event forks("sched_process_fork"), again("sched_process_fork", other.path());
	const perf_event_attr attr = attr_of(forks.id);
	unique_fd fd = must_open_node(attr);
	ring buffer(fd.get(), 16);

	for (int i = 0; i < 10; i++)
		fork_once();
	EXPECT_EQ(samples_of(buffer, attr).size(), 10u);
}

TEST(ftrace, an_event_that_only_an_instance_has_enabled_does_not_come)
{
	instance other("perfbuf_other");
	enabled_event forks("sched_process_fork", other.path());
	const perf_event_attr attr = attr_of(forks.id);
	unique_fd fd = must_open_node(attr);
	ring buffer(fd.get(), 16);

	fork_once();
	EXPECT_TRUE(samples_of(buffer, attr).empty());
	enabled_event here("sched_process_fork");
	fork_once();
	EXPECT_EQ(samples_of(buffer, attr).size(), 1u);
}

TEST(ftrace, text_written_to_trace_marker_comes_as_ftrace_print)
{
	instance other("perfbuf_marked");
	uint64_t id = 0;
	std::ifstream(tracefs("events/ftrace/print/id")) >> id;
	const perf_event_attr attr = attr_of(id);
	unique_fd fd = must_open_node(attr);
	ring buffer(fd.get(), 16);

	for (const std::string &of : {std::string(), other.path()})
		std::ofstream(tracefs(of + "trace_marker")) << "from " + of << std::flush;
	const std::vector<sample> got = samples_of(buffer, attr);
	ASSERT_EQ(got.size(), 2u);
	/* Behind the common fields, of which kernels with PREEMPT_RT have one more, and the address
	 * of the writer. */
	const std::string format = read_file(tracefs("events/ftrace/print/format"));
	const size_t field = format.find("field:char buf[];\toffset:");
	ASSERT_NE(field, std::string::npos) << format;
	const size_t offset = std::stoul(format.substr(format.find("offset:", field) + 7));
	const auto text_of = [&](const sample &sample) {
		const auto *text = reinterpret_cast<const char *>(sample.raw->data()) + offset;
		return std::string(text, strnlen(text, sample.raw->size() - offset));
	};
	EXPECT_EQ(text_of(got[0]), "from \n");
	EXPECT_EQ(text_of(got[1]), "from " + other.path() + "\n");
}

TEST(ftrace, each_file_has_its_own_event)
{
	enabled_event forks("sched_process_fork"), exits("sched_process_exit");
	const perf_event_attr of_forks = attr_of(forks.id), of_exits = attr_of(exits.id);
	std::vector<unique_fd> files;
	std::vector<ring> rings;
	for (int cpu : online_cpus()) {
		files.push_back(must_open_node(of_exits, target::every_process(cpu)));
		rings.emplace_back(files.back().get(), 16);
	}
	unique_fd mine = must_open_node(of_forks);
	ring my_forks(mine.get(), 16);

	for (int i = 0; i < 5; i++)
		fork_once();
	EXPECT_EQ(samples_of(my_forks, of_forks).size(), 5u);
	size_t seen = 0;
	for (ring &ring : rings) {
		for (const sample &each : samples_of(ring, of_exits)) {
			uint16_t type;
			memcpy(&type, each.raw->data(), sizeof(type));
			EXPECT_EQ(type, exits.id);
			seen++;
		}
	}
	EXPECT_GE(seen, 5u);
}

/* A record of ours asks for wakeups, and those make events: they may not come back without end. */
TEST(ftrace, the_wakeups_that_ftrace_causes_do_not_feed_it_for_ever)
{
	enabled_event wakes("sched_waking"), switches("sched_switch");
	perf_event_attr attr = attr_of(wakes.id);
	attr.wakeup_events = 1;
	std::vector<unique_fd> files;
	std::vector<ring> rings;
	for (uint64_t id : {wakes.id, switches.id}) {
		for (int cpu : online_cpus()) {
			attr.config = id;
			files.push_back(must_open_node(attr, target::every_process(cpu)));
			rings.emplace_back(files.back().get(), 64);
		}
	}
	for (int i = 0; i < 50; i++) {
		fork_once();
		for (ring &ring : rings)
			samples_of(ring, attr);
	}
	uint64_t total = 0;
	for (const unique_fd &file : files)
		total += read_value(file.get());
	EXPECT_GE(total, 100u);
}

TEST(ftrace, a_callchain_begins_in_the_kernel)
{
	enabled_event forks("sched_process_fork");
	perf_event_attr attr = attr_of(forks.id);
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	unique_fd fd = must_open_node(attr);
	ring buffer(fd.get(), 16);

	fork_once();
	const std::vector<sample> samples = samples_of(buffer, attr);
	ASSERT_EQ(samples.size(), 1u);
	ASSERT_GE(samples[0].callchain->size(), 3u);
	EXPECT_EQ(samples[0].callchain->at(0), static_cast<uint64_t>(PERF_CONTEXT_KERNEL));
}

TEST(ftrace, an_attribute_that_ftrace_does_not_support_is_refused)
{
	const auto error_of = [](const perf_event_attr &attr) {
		unique_fd fd(open(node, O_RDWR | O_CLOEXEC));
		return configure(fd.get(), &attr, {});
	};
	perf_event_attr attr = attr_of(0);
	EXPECT_EQ(error_of(attr), ENOENT);
	attr.config = 0x10000;
	EXPECT_EQ(error_of(attr), ENOENT);
	attr = attr_of(1);
	attr.type = PERF_TYPE_SOFTWARE;
	EXPECT_EQ(error_of(attr), ENOENT);
	attr = attr_of(1);
	attr.freq = 1;
	attr.sample_freq = 100;
	EXPECT_EQ(error_of(attr), EOPNOTSUPP);
	attr = attr_of(1);
	attr.sample_type |= PERF_SAMPLE_ADDR;
	EXPECT_EQ(error_of(attr), EOPNOTSUPP);
}

TEST(ftrace, an_event_of_a_cgroup_has_the_records_of_its_tasks_alone)
{
	ASSERT_TRUE(has_cgroups());
	cgroup_root root;
	const cgroup cgroup(root.path() + "/perfbuf-ftrace");
	const unique_fd directory = cgroup.open();
	enabled_event forks("sched_process_fork");
	const perf_event_attr attr = attr_of(forks.id);
	unique_fd fd = must_open_node(attr, tasks_of(directory.get(), 0));
	ring buffer(fd.get(), 16);
	gate go;
	child inside = child_in(cgroup, 0, [&] {
		go.wait();
		for (int i = 0; i < 10; i++)
			fork_once();
		return 0;
	});
	child outside([&] {
		pin_to(0);
		go.wait();
		for (int i = 0; i < 10; i++)
			fork_once();
		return 0;
	});
	go.open();
	go.open();
	EXPECT_TRUE(inside.wait().clean());
	EXPECT_TRUE(outside.wait().clean());
	const std::vector<sample> all = samples_of(buffer, attr);
	EXPECT_EQ(all.size(), 10u);
	for (const sample &each : all)
		EXPECT_EQ(*each.pid, inside.pid());
}

/* First and last users, while events flow. */
TEST(ftrace, files_come_and_go_while_events_flow)
{
	/* The probe of the first user waits for the kernel to forget that of the last. */
	constexpr int rounds = 10;
	enabled_event switches("sched_switch");
	std::jthread noise([](std::stop_token over) {
		while (!over.stop_requested())
			sched_yield();
	});
	std::jthread other([&] {
		for (int i = 0; i < rounds; i++)
			must_open_node(attr_of(switches.id), target::every_process(0));
	});
	for (int i = 0; i < rounds; i++) {
		unique_fd fd = must_open_node(attr_of(switches.id), target::every_process(0));
		ring buffer(fd.get(), 1);
	}
}

} /* namespace */
