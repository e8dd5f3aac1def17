// SPDX-License-Identifier: GPL-2.0
/* Tests of a producer as user space sees it: its node, its directory, its events. */
#include <algorithm>
#include <glob.h>
#include <linux/netlink.h>
#include <poll.h>
#include <set>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>

#include "producer/source.hpp"
#include "support/rights.hpp"

using namespace device_test;

namespace
{

class producer_layout : public source_test
{
};

TEST_F(producer_layout, sysfs_shows_the_description_of_the_source)
{
	EXPECT_EQ(attribute("description"), "what the tests want");
	EXPECT_EQ(attribute("files"), "0");
	EXPECT_EQ(attribute("records"), "0");
	EXPECT_EQ(attribute("readers"), "");
}

TEST_F(producer_layout, the_node_has_the_mode_of_the_source)
{
	struct stat about;
	ASSERT_EQ(stat(testdev_path, &about), 0);
	EXPECT_TRUE(S_ISCHR(about.st_mode));
	EXPECT_EQ(about.st_mode & 0777, 0640u);
	EXPECT_EQ(about.st_uid, 0u);
}

TEST_F(producer_layout, the_format_file_reads_as_that_of_tracefs)
{
	const std::string id = attribute("events/counted/id");
	EXPECT_EQ(read_file(std::string(testdev_class) + "/events/counted/format"),
		  "name: counted\n"
		  "ID: " + id +
			  "\n"
			  "format:\n"
			  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
			  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
			  "\tfield:unsigned char "
			  "common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
			  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
			  "\n"
			  "\tfield:u32 context;\toffset:8;\tsize:4;\tsigned:0;\n"
			  "\tfield:u64 number;\toffset:12;\tsize:8;\tsigned:0;\n"
			  "\tfield:__data_loc u8[] filling;\toffset:20;\tsize:4;\tsigned:0;\n"
			  "\n"
			  "print fmt: \"context=%s number=%llu filling=%s\", "
			  "__print_symbolic(REC->context, { 0, \"task\" }, { 1, \"softirq\" }, "
			  "{ 2, \"irq\" }, { 3, \"nmi\" }), REC->number, "
			  "__print_hex(__get_dynamic_array(filling), "
			  "__get_dynamic_array_len(filling))\n");
}

/* The fields that all events have are in the kernel's own formats, too. */
TEST_F(producer_layout, common_fields_are_those_of_the_kernel)
{
	const std::string kernels =
		read_file("/sys/kernel/tracing/events/sched/sched_switch/format");
	const std::string ours = attribute("events/all/format");
	const auto common = [](const std::string &text) {
		const size_t from = text.find("format:\n");
		return text.substr(from, text.find("\n\n") - from);
	};
	EXPECT_EQ(common(ours), common(kernels));
}

TEST_F(producer_layout, the_id_of_an_event_is_no_tracepoints_id)
{
	std::set<uint64_t> taken;
	glob_t found;
	ASSERT_EQ(glob("/sys/kernel/tracing/events/*/*/id", 0, nullptr, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		taken.insert(std::stoull(read_file(found.gl_pathv[i])));
	globfree(&found);
	EXPECT_GT(taken.size(), 10u);
	for (const char *event : {"all", "counted", "dump"}) {
		EXPECT_TRUE(taken.insert(event_id_of(event)).second) << event;
		EXPECT_LE(event_id_of(event), 0xffffu);
	}
}

TEST_F(producer_layout, other_types_and_ids_are_enoent)
{
	perf_event_attr attr = typed_attr("all");
	const target cpu = target::every_process(0);
	EXPECT_EQ(configure_error(attr, cpu), 0);
	attr.config = 1;
	EXPECT_EQ(configure_error(attr, cpu), ENOENT);
	attr = typed_attr("all");
	attr.type = PERF_TYPE_SOFTWARE;
	EXPECT_EQ(configure_error(attr, cpu), ENOENT);
	attr = typed_attr("all");
	attr.freq = 1;
	EXPECT_EQ(configure_error(attr, cpu), EOPNOTSUPP);
	attr = typed_attr("all");
	attr.exclude_kernel = 1;
	EXPECT_EQ(configure_error(attr, cpu), EOPNOTSUPP);
}

TEST_F(producer_layout, config1_and_config2_of_a_typed_event_are_not_supported)
{
	const target cpu = target::every_process(0);
	perf_event_attr attr = typed_attr("all");
	attr.config1 = 1;
	EXPECT_EQ(configure_error(attr, cpu), EOPNOTSUPP);
	attr = typed_attr("all");
	attr.config2 = 1ull << 63;
	EXPECT_EQ(configure_error(attr, cpu), EOPNOTSUPP);

	/* Of 6.3 and later; before, the structure is not so large. */
	struct {
		perf_event_attr attr;
		uint64_t config3;
	} larger = {typed_attr("all"), 1};
	if (sizeof(larger.attr) == PERF_ATTR_SIZE_VER7) {
		larger.attr.size = sizeof(larger);
		unique_fd fd = open_source();
		const int error = configure(fd.get(), &larger, cpu);
		EXPECT_EQ(error, larger.attr.size < sizeof(larger) ? E2BIG : EOPNOTSUPP);
	}
}

TEST_F(producer_layout, sysfs_shows_a_line_for_each_reader)
{
	const perf_event_attr attr = typed_attr("counted");
	event_reader reader(attr);
	ASSERT_EQ(command("counted 3"), 0);
	const std::string line = attribute("readers");
	EXPECT_EQ(line, "id=" + std::to_string(event_id(reader.fd.get())) +
				" config=" + std::to_string(attr.config) +
				" cpu=0 of=all records=3 lost=0 lost_full=0 lost_paused=0 "
				"lost_too_big=0 lost_recursion=0 lost_no_ring=0 "
				"lost_context=0 pid=" +
				std::to_string(getpid()) +
				" name=" + read_file("/proc/self/comm").substr(0, 15));
	EXPECT_EQ(attribute("files"), "1");
	EXPECT_EQ(attribute("rings"), "1");
	EXPECT_EQ(attribute("records"), "3");
}

/* More lines than fit into a page, read by several calls while their counts change. */
TEST_F(producer_layout, sysfs_shows_many_readers_beyond_a_page)
{
	constexpr size_t many = 100;
	const perf_event_attr attr = typed_attr("counted");
	std::set<std::string> wanted;
	std::vector<unique_fd> files;
	for (size_t i = 0; i < many; i++) {
		files.push_back(open_source());
		ASSERT_EQ(configure(files.back().get(), &attr, target::every_process(0)), 0);
		enable(files.back().get());
		wanted.insert("id=" + std::to_string(event_id(files.back().get())) + " ");
	}
	ASSERT_EQ(command("stream 1"), 0);
	for (size_t piece : {size_t{4096}, size_t{500}, size_t{65536}, size_t{100}}) {
		/* Less than a line: its parts are of several moments. */
		if (piece == 100)
			EXPECT_EQ(command("stream 0"), 0);
		unique_fd fd(open((std::string(testdev_class) + "/readers").c_str(), O_RDONLY));
		std::string all(piece, 0);
		size_t done = 0;
		ssize_t n;
		while ((n = read(fd.get(), &all[done], piece)) > 0)
			all.resize((done += static_cast<size_t>(n)) + piece);
		all.resize(done);
		std::set<std::string> seen;
		std::istringstream lines(all);
		for (std::string line; std::getline(lines, line);) {
			EXPECT_TRUE(seen.insert(line.substr(0, line.find(' ') + 1)).second) << line;
			EXPECT_NE(line.find(" lost_context="), line.npos) << line;
		}
		EXPECT_EQ(seen, wanted);
	}
}

/* A line that is read in two parts would be of two moments: words would shift where a number grew.
 */
TEST_F(producer_layout, a_read_of_the_readers_ends_with_a_line)
{
	const perf_event_attr attr = typed_attr("counted");
	std::vector<unique_fd> files;
	for (size_t i = 0; i < 20; i++) {
		files.push_back(open_source());
		ASSERT_EQ(configure(files.back().get(), &attr, target::every_process(0)), 0);
	}
	for (size_t piece : {size_t{500}, size_t{1000}, size_t{4096}}) {
		unique_fd fd(open((std::string(testdev_class) + "/readers").c_str(), O_RDONLY));
		std::string text(piece, 0);
		ssize_t n, lines = 0;
		while ((n = read(fd.get(), text.data(), piece)) > 0) {
			EXPECT_EQ(text[static_cast<size_t>(n) - 1], '\n') << piece;
			lines += std::count(text.begin(), text.begin() + n, '\n');
		}
		EXPECT_EQ(n, 0);
		EXPECT_GE(lines, 20) << "one for each file";
	}
}

/* Rates are of the time between two reads; a reader that reads more than once a second does not
 * shorten it. */
TEST_F(producer_layout, rates_are_those_of_the_last_seconds)
{
	struct rate {
		unsigned long records, bytes, lost, ms;
	};
	const auto rates = [] {
		rate now = {};
		EXPECT_EQ(sscanf(attribute("rates").c_str(),
				 "records=%lu bytes=%lu lost=%lu ms=%lu", &now.records, &now.bytes,
				 &now.lost, &now.ms),
			  4);
		return now;
	};
	/* One to read, and one that is full at once. */
	event_reader fast(typed_attr("counted"), target::every_process(0), 256),
		slow(typed_attr("counted"), target::every_process(0), 1);
	pause_for(std::chrono::milliseconds(1100));
	rates();
	ASSERT_EQ(command("counted 5000"), 0);
	rate now = rates();
	const unsigned long lost = std::stoul(attribute("lost"));
	/* The division cuts off. */
	const auto is_about = [](unsigned long each_second, unsigned long ms, unsigned long all) {
		EXPECT_LE(each_second * ms / 1000, all);
		EXPECT_GE((each_second + 1) * ms / 1000 + 1, all);
	};
	EXPECT_GT(lost, 4000u);
	is_about(now.lost, now.ms, lost);
	is_about(now.records, now.ms, 10000 - lost);
	is_about(now.bytes, now.ms, std::stoul(attribute("bytes")));
	EXPECT_EQ(std::stoul(attribute("bytes")), fast.buffer.head() + slow.buffer.head());

	/* Two looks that are a second apart, and nothing in between. */
	for (int i = 0; i < 2; i++) {
		pause_for(std::chrono::milliseconds(1100));
		now = rates();
		EXPECT_GE(now.ms, 1000u);
	}
	EXPECT_EQ(now.records, 0u);
	EXPECT_EQ(now.lost, 0u);
	EXPECT_EQ(rates().records, 0u);
	/* The records that a ring has held are not lost with it. */
	const std::string bytes = attribute("bytes");
	fast.buffer.unmap();
	slow.fd.reset();
	EXPECT_EQ(attribute("bytes"), bytes);
}

/* The uevents that udev gets: the node with its mode, and the files in sysfs at that moment. */
TEST_F(producer_layout, a_uevent_announces_a_source_that_is_registered_and_one_that_is_gone)
{
	unique_fd uevents(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
	sockaddr_nl all = {};
	all.nl_family = AF_NETLINK;
	all.nl_groups = 1;
	ASSERT_EQ(bind(uevents.get(), reinterpret_cast<sockaddr *>(&all), sizeof(all)), 0);
	const auto next_of_ours = [&] {
		for (;;) {
			char text[4096];
			pollfd polled = {.fd = uevents.get(), .events = POLLIN};
			if (poll(&polled, 1, 60000) <= 0)
				return std::string("nothing came");
			const ssize_t n = recv(uevents.get(), text, sizeof(text), 0);
			std::string all(text, n > 0 ? n : 0);
			for (char &c : all)
				c = c ? c : ' ';
			if (all.find("SUBSYSTEM=perfbuf") != all.npos)
				return all;
		}
	};
	ASSERT_EQ(command("unregister"), 0);
	EXPECT_EQ(next_of_ours().substr(0, 40), "remove@/devices/virtual/perfbuf/testdev ");
	ASSERT_EQ(command("register"), 0);
	const std::string added = next_of_ours();
	EXPECT_EQ(added.substr(0, 37), "add@/devices/virtual/perfbuf/testdev ");
	EXPECT_NE(added.find("DEVNAME=perfbuf/testdev"), added.npos) << added;
	EXPECT_NE(added.find("DEVMODE=0640"), added.npos) << added;
}

/* A user who may open the node gets the fields of the source, and nothing of the kernel's. */
TEST_F(producer_layout, a_reader_without_capabilities_gets_no_kernel_addresses)
{
	ASSERT_EQ(chmod(testdev_path, 0666), 0);
	const perf_event_attr plain = typed_attr("all");
	perf_event_attr ip = plain, chain = plain, comm = plain;
	ip.sample_type |= PERF_SAMPLE_IP;
	chain.sample_type |= PERF_SAMPLE_CALLCHAIN;
	comm.comm = 1;
	perf_event_attr user_chain = chain, regs = plain, stack = plain, maps = plain;
	user_chain.exclude_callchain_kernel = 1;
	regs.sample_type |= PERF_SAMPLE_REGS_USER;
	regs.sample_regs_user = 1;
	stack.sample_type |= PERF_SAMPLE_STACK_USER;
	stack.sample_stack_user = 64;
	maps.mmap = 1;
	const outcome done = run_in_child([&] {
		become_nobody();
		const target all = target::every_process(0);
		if (configure_error(plain, all))
			return 1;
		if (configure_error(ip, all) != EACCES)
			return 2;
		if (configure_error(chain, all) != EACCES)
			return 3;
		if (configure_error(comm, all) != EACCES)
			return 4;
		if (configure_error(plain, target::thread(1)) != EACCES)
			return 5;
		/* An exec may make it a process of another user. */
		for (const perf_event_attr &own : {user_chain, regs, stack, maps})
			if (configure_error(own, target::thread(0)) != EACCES)
				return 6;
		return configure_error(comm, target::thread(0));
	});
	EXPECT_EQ(done.code, 0);
	EXPECT_EQ(done.signal, 0);
}

} /* namespace */
