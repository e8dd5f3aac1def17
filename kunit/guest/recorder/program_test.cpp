// SPDX-License-Identifier: GPL-2.0
/* perfbuf dump, of the driver's recorder and of the rings of another process (--pid), which goes on
 * recording the driver's events. Files for the host's perf are left in /out. */
#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <perfbuf/mapping.hpp>
#include <perfbuf/ring_copy.hpp>
#include <sys/stat.h>

#include "recorder/recorders.hpp"
#include "support/rights.hpp"

using namespace recorder_test;
using device_test::child;
using device_test::gate;
namespace reader = perfbuf::reader;

namespace
{

constexpr size_t pages = 16;

perf_event_attr attr_of(const std::string &event, bool backward)
{
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = std::stoull(read_file("/sys/class/perfbuf/recdev/events/" + event + "/id"));
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW |
			   PERF_SAMPLE_IDENTIFIER;
	attr.sample_id_all = 1;
	attr.write_backward = backward;
	attr.watermark = 1;
	attr.wakeup_watermark = pages * reader::page_size() / 16;
	return attr;
}

template <typename T>
T must(reader::result<T> made)
{
	if (!made)
		throw std::runtime_error(made.error().text);
	return std::move(*made);
}

void must(reader::result<void> done)
{
	if (!done)
		throw std::runtime_error(done.error().text);
}

/* On each CPU a ring that both events of the driver write to. */
struct recorded_cpus {
	std::vector<reader::file> files;
	std::vector<reader::mapping> rings;

	explicit recorded_cpus(bool backward, reader::mapping::access how)
	{
		for (const int cpu : device_test::online_cpus()) {
			for (const char *event : {"step", "sized"}) {
				files.push_back(must(reader::file::open("recdev")));
				must(files.back().configure(attr_of(event, backward), -1, cpu));
			}
			const size_t first = files.size() - 2;
			rings.push_back(must(reader::mapping::map(files[first], pages, how)));
			must(files[first + 1].redirect(files[first]));
			must(files[first].enable());
			must(files[first + 1].enable());
		}
	}
};

/* A process that calls @set_up, and then waits until it is killed. */
class process
{
public:
	explicit process(const std::function<void()> &set_up)
		: child_([&] {
			  set_up();
			  ready_.open();
			  for (;;)
				  pause();
			  return 0;
		  })
	{
		ready_.wait();
	}
	pid_t pid() const { return child_.pid(); }

private:
	gate ready_;
	child child_;
};

struct said {
	int status = 0;
	std::string out, err;
};

/* Where users without rights can write, and run the program. */
constexpr const char *scratch = "/tmp/dump";

/* perfbuf dump with @words, by a user with or without rights. */
said dump(const std::string &words, bool as_nobody = false)
{
	const std::string in = scratch;
	const auto run = [](const std::string &text) {
		execl("/bin/sh", "sh", "-c", text.c_str(), nullptr);
		return 127;
	};
	EXPECT_TRUE(child([&] {
			    umask(0);
			    return run("rm -rf " + in + " && mkdir " + in +
				       " && cp $(command -v perfbuf) " + in);
		    })
			    .wait()
			    .clean());
	const device_test::outcome end =
		child([&] {
			if (as_nobody)
				device_test::become_nobody();
			return run("exec " + in + "/perfbuf dump " + words + " > " + in +
				   "/out 2> " + in + "/err");
		}).wait();
	return {end.code, read_file(in + "/out"), read_file(in + "/err")};
}

uint64_t number_after(const std::string &line, const std::string &field)
{
	const size_t at = line.find(" " + field + "=");
	if (at == std::string::npos)
		throw std::runtime_error("no " + field + ": " + line);
	return std::stoull(line.substr(at + field.size() + 2), nullptr, 0);
}

using numbers = std::map<std::pair<unsigned, uint8_t>, uint64_t>;

struct shown_event {
	unsigned cpu;
	double time;
	step fields;
};

/* A line of perfbuf dump, "1.23 cpu 0 tid 4 recdev:step number=...", or, with --pid, of perfbuf
 * script: "comm 4/4 [000] 1.23: recdev:step: number=...". */
shown_event parse(const std::string &line)
{
	static const std::map<std::string, uint8_t> contexts = {
		{"task", 0}, {"irq", 2}, {"nmi", 3}};
	const size_t bracket = line.find('['), named = line.find(" context=");
	if (named == std::string::npos)
		throw std::runtime_error("no event: " + line);
	std::string name = line.substr(named + 9);
	name = name.substr(0, name.find(' '));
	const step fields = {number_after(line, "number"), number_after(line, "check"),
			     contexts.at(name)};
	if (bracket == std::string::npos)
		return {static_cast<unsigned>(std::stoul(line.substr(line.find(" cpu ") + 5))),
			std::stod(line), fields};
	return {static_cast<unsigned>(std::stoul(line.substr(bracket + 1))),
		std::stod(line.substr(line.find(']') + 1)), fields};
}

/* The last numbers of the events in a text, which are whole, without a gap and in the order of
 * time. */
numbers expect_whole_lines(const std::string &text, size_t &count)
{
	numbers last;
	double before = 0;
	std::istringstream lines(text);
	for (std::string line; std::getline(lines, line); count++) {
		const shown_event event = parse(line);
		EXPECT_EQ(uint64_t{event.fields.check}, check_of(event.fields, event.cpu))
			<< "torn: " << line;
		EXPECT_NE(line.find(event.fields.number & 1 ? " recdev:sized" : " recdev:step"),
			  std::string::npos)
			<< line;
		EXPECT_LE(before, event.time) << line;
		before = event.time;
		const auto [at, is_new] =
			last.try_emplace({event.cpu, event.fields.context}, event.fields.number);
		if (!is_new) {
			EXPECT_EQ(uint64_t{event.fields.number}, at->second + 1) << line;
			at->second = event.fields.number;
		}
		if (testing::Test::HasFailure())
			return last;
	}
	return last;
}

/* Of a text, once the writers have stopped: it ends with the numbers that the driver has stored. */
void expect_last_numbers(const numbers &shown)
{
	std::istringstream text(read_file("/sys/module/perfbuf_test_recorder/parameters/numbers"));
	unsigned cpu;
	uint64_t task, irq, nmi;
	while (text >> cpu >> task >> irq >> nmi) {
		EXPECT_EQ(shown.at({cpu, 0}), task);
		EXPECT_EQ(shown.at({cpu, 2}), irq);
		/* On a slow machine the last NMI may be older than the ring. */
		if (shown.contains({cpu, 3}))
			EXPECT_EQ(shown.at({cpu, 3}), nmi);
	}
}

/* The same as text and as a perf.data, for the host to compare. */
void leave_for_perf(const std::string &name, const std::string &text, const std::string &words)
{
	std::filesystem::create_directories("/out");
	ASSERT_TRUE(std::ofstream("/out/" + name + ".text") << text);
	const said made = dump(words + " -o /out/" + name + ".data");
	ASSERT_EQ(made.status, 0) << made.err;
	EXPECT_TRUE(made.out.empty());
}

class process_ring : public flight_recorder, public testing::WithParamInterface<bool>
{
protected:
	void SetUp() override { ASSERT_EQ(load("bytes_per_cpu=0"), 0); }

	static std::string pid_of(const process &of) { return std::to_string(of.pid()); }
};

void expect_refused(const said &answer, const std::string &sentence)
{
	EXPECT_EQ(answer.status, 1);
	EXPECT_TRUE(answer.out.empty()) << answer.out;
	EXPECT_NE(answer.err.find(sentence), std::string::npos) << answer.err;
}

} /* namespace */

TEST_P(process_ring, the_rings_of_another_process_are_shown_whole_while_they_are_overwritten)
{
	std::optional<recorded_cpus> held;
	const process other([&] { held.emplace(GetParam(), reader::mapping::access::overwrite); });
	numbers before;

	for (int i = 0; i < 2 && !HasFailure(); i++) {
		size_t count = 0;
		ASSERT_EQ(command("start"), 0);
		usleep(20000);
		const said now = dump("recdev --pid " + pid_of(other));
		ASSERT_EQ(command("stop"), 0);
		ASSERT_EQ(now.status, 0) << now.err;
		EXPECT_NE(now.err.find("of 2 rings of process"), std::string::npos) << now.err;
		const numbers last = expect_whole_lines(now.out, count);
		EXPECT_GT(count, 200u);
		/* The redirected files write on: the dump has mapped and unmapped nothing. */
		for (const auto &[at, number] : last) {
			EXPECT_GT(number, before[at]);
			before[at] = number;
		}
	}

	size_t count = 0;
	const said last = dump("-p " + pid_of(other));
	ASSERT_EQ(last.status, 0) << last.err;
	expect_last_numbers(expect_whole_lines(last.out, count));
	leave_for_perf(GetParam() ? "backward" : "forward", last.out, "-p " + pid_of(other));
}

INSTANTIATE_TEST_SUITE_P(direction, process_ring, testing::Bool(),
			 [](const auto &of) { return of.param ? "backward" : "forward"; });

TEST_F(flight_recorder, perfbuf_dump_prints_the_driver_s_last_events_in_the_order_of_time)
{
	ASSERT_EQ(load(), 0);
	for (int i = 0; i < 2 && !HasFailure(); i++) {
		size_t count = 0;
		ASSERT_EQ(command("start"), 0);
		usleep(20000);
		const said now = dump("recdev");
		ASSERT_EQ(command("stop"), 0);
		ASSERT_EQ(now.status, 0) << now.err;
		expect_whole_lines(now.out, count);
		EXPECT_GT(count, 200u);
		EXPECT_NE(now.err.find(std::to_string(count) + " events"), std::string::npos)
			<< now.err;
	}
	size_t count = 0;
	const said last = dump("recdev");
	expect_last_numbers(expect_whole_lines(last.out, count));
	leave_for_perf("recorder", last.out, "recdev");
	expect_refused(dump("clock"), "clock has no recorder");
}

TEST_F(flight_recorder, a_ring_of_a_process_that_cannot_be_dumped_is_refused_with_a_sentence)
{
	ASSERT_EQ(load("bytes_per_cpu=0"), 0);
	std::optional<recorded_cpus> held;
	const process in_discard_mode(
		[&] { held.emplace(false, reader::mapping::access::consume); });
	expect_refused(dump("--pid " + std::to_string(in_discard_mode.pid())),
		       "is in overwrite mode");

	std::optional<reader::file> file;
	const process unmapped([&] {
		file.emplace(must(reader::file::open("recdev")));
		must(file->configure(attr_of("step", false), -1, 0));
	});
	const std::string pid = std::to_string(unmapped.pid());
	expect_refused(dump("--pid " + pid), "has mapped no ring");
	expect_refused(dump("inject --pid " + pid), "has no file of inject");
	expect_refused(dump("nosuch --pid " + pid), "there is no source nosuch");
	expect_refused(dump("--pid " + pid, true), "no right to the files of process");
	expect_refused(dump("--pid 4194304"), "there is no process 4194304");
	EXPECT_EQ(dump("--pid " + pid + " --previous-boot").status, 2);
	EXPECT_EQ(dump("--pid 1,2").status, 2);
}

/* The request itself, with what the program never asks for. */
TEST_F(flight_recorder, a_request_to_copy_a_ring_that_makes_no_sense_is_refused_and_copies_nothing)
{
	ASSERT_EQ(load("bytes_per_cpu=0"), 0);
	const recorded_cpus held(false, reader::mapping::access::overwrite);
	perf_event_attr attr = {};
	std::vector<char> data(2 * pages * reader::page_size(), 'x');
	const perfbuf_ring_copy good = {.attr = reinterpret_cast<uintptr_t>(&attr),
					.attr_size = sizeof(attr),
					.flags = 0,
					.buffer = reinterpret_cast<uintptr_t>(data.data()),
					.bytes = data.size(),
					.ring = 0,
					.written = 0,
					.positions = {}};
	perfbuf_ring_copy made;
	const auto request = [&](int fd, auto change) {
		made = good;
		change(made);
		return ioctl(fd, PERFBUF_IOC_COPY_RING, &made) ? errno : 0;
	};
	const int fd = held.files[0].fd();
	EXPECT_EQ(request(fd, [](auto &) {}), 0);
	EXPECT_EQ(made.bytes, pages * reader::page_size());
	EXPECT_EQ(attr.size, made.attr_size);
	EXPECT_EQ(attr.sample_type, attr_of("step", false).sample_type);
	EXPECT_EQ(data[made.bytes], 'x') << "behind the ring";
	const uint64_t ring = made.ring;
	EXPECT_EQ(request(held.files[1].fd(), [](auto &) {}), 0);
	EXPECT_EQ(uint64_t{made.ring}, ring) << "the redirected file writes to the same ring";
	EXPECT_EQ(request(held.files[2].fd(), [](auto &) {}), 0);
	EXPECT_NE(uint64_t{made.ring}, ring) << "of the other CPU";
	EXPECT_EQ(request(fd, [](auto &of) { of.bytes = 8; }), ENOSPC);
	EXPECT_EQ(made.bytes, pages * reader::page_size()) << "how much it takes";
	EXPECT_EQ(request(fd, [](auto &of) { of.flags = 1; }), EINVAL);
	EXPECT_EQ(request(fd, [](auto &of) { of.attr_size = 8; }), EINVAL);
	EXPECT_EQ(request(fd, [](auto &of) { of.attr = 8; }), EFAULT);
	EXPECT_EQ(request(fd, [](auto &of) { of.buffer = 8; }), EFAULT);
	EXPECT_EQ(ioctl(fd, PERFBUF_IOC_COPY_RING, 8), -1);
	EXPECT_EQ(errno, EFAULT);
	const reader::file other = must(reader::file::open("recdev"));
	EXPECT_EQ(request(other.fd(), [](auto &) {}), EBADFD);
}
