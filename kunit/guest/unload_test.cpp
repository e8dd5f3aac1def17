// SPDX-License-Identifier: GPL-2.0
/*
 * rmmod in every state that a file can be in: refused while anything of it is left, and possible at
 * once when the last of it has gone. The module comes back after each.
 */
#include <cerrno>
#include <filesystem>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/aux.hpp"
#include "support/hooks.hpp"
#include "support/module.hpp"
#include "support/session.hpp"

using namespace device_test;

namespace
{

constexpr const char *module_file = "/perfbuf/perfbuf.ko";

/* Something of a file that is there for as long as it lives. */
using held = std::shared_ptr<void>;

template <typename T>
held hold(T &&object)
{
	return std::make_shared<std::remove_cvref_t<T>>(std::forward<T>(object));
}

struct use {
	const char *name;
	held (*begin)();
};

std::ostream &operator<<(std::ostream &to, const use &named)
{
	return to << named.name;
}

perf_event_attr running()
{
	perf_event_attr attr = clock_attr(100'000);
	attr.disabled = 0;
	return attr;
}

unique_fd a_file()
{
	return must_open(side::clock, running(), target::every_process(0));
}

held opened_of(const char *path)
{
	unique_fd fd(open(path, O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(path, errno);
	return hold(std::move(fd));
}

struct file_and_mapping {
	unique_fd fd = a_file();
	mapping map{fd.get(), 8};
};

held mapping_alone()
{
	unique_fd fd = a_file();
	return hold(mapping(fd.get(), 8));
}

/* munmap(2) of @bytes at @base at its end. */
held range(void *base, size_t bytes)
{
	return held(base, [bytes](void *at) { unmap_all(at, bytes); });
}

held statistics_alone()
{
	file_and_mapping mapped;
	void *base = mmap(nullptr, page_size(), PROT_READ, MAP_SHARED, mapped.fd.get(),
			  PERFBUF_MMAP_STATS);
	if (base == MAP_FAILED)
		fail_errno("mmap of the statistics", errno);
	return range(base, page_size());
}

held area_alone()
{
	perf_event_attr attr = clock_attr();
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TID;
	unique_fd fd(open("/dev/perfbuf/functrace", O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno("/dev/perfbuf/functrace", errno);
	if (int error = configure(fd.get(), &attr, target::every_process(0)))
		fail_errno("PERFBUF_IOC_OPEN of functrace", error);
	mapping map(fd.get(), 8);
	return std::make_shared<aux_mapping>(fd.get(), map, 16);
}

/* An event that writes to the ring of a file that is closed and unmapped. */
held redirected()
{
	file_and_mapping into;
	unique_fd fd = a_file();
	control(fd.get(), PERF_EVENT_IOC_SET_OUTPUT, static_cast<unsigned long>(into.fd.get()));
	return hold(std::move(fd));
}

held duplicate()
{
	return hold(unique_fd(dup(a_file().get())));
}

int sleep_for_ever()
{
	for (;;)
		pause();
}

/* The child's, from when it was forked. */
held in_a_child()
{
	file_and_mapping mapped;
	return hold(child(sleep_for_ever));
}

held asleep_in_poll()
{
	unique_fd fd = must_open(side::clock, clock_attr(), target::every_process(0));
	mapping map(fd.get(), 8);
	return hold(child([&fd] {
		pollfd wanted = {fd.get(), POLLIN, 0};
		for (;;)
			poll(&wanted, 1, -1);
		return 0;
	}));
}

held of_a_task_that_is_gone()
{
	child task(sleep_for_ever);
	return hold(must_open(side::clock, running(), target::thread(task.pid())));
}

held on_its_way_to_another_process()
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		fail_errno("socketpair", errno);
	auto ends = std::make_shared<std::pair<unique_fd, unique_fd>>(pair[0], pair[1]);
	send_file(pair[0], a_file().get());
	return ends;
}

held watched_by_epoll()
{
	auto both = std::make_shared<std::pair<unique_fd, unique_fd>>(
		unique_fd(epoll_create1(EPOLL_CLOEXEC)), a_file());
	epoll_event wanted = {.events = EPOLLIN, .data = {}};
	if (epoll_ctl(both->first.get(), EPOLL_CTL_ADD, both->second.get(), &wanted))
		fail_errno("epoll_ctl", errno);
	return both;
}

constexpr use uses[] = {
	{"opened", [] { return hold(open_device()); }},
	{"configured", [] { return hold(must_open(side::clock, clock_attr())); }},
	{"running", [] { return hold(a_file()); }},
	{"mapped", [] { return held(std::make_shared<file_and_mapping>()); }},
	{"mapping_alone", mapping_alone},
	{"statistics_alone", statistics_alone},
	{"aux_area_alone", area_alone},
	{"redirected", redirected},
	{"duplicate", duplicate},
	{"in_a_child", in_a_child},
	{"asleep_in_poll", asleep_in_poll},
	{"of_a_task_that_is_gone", of_a_task_that_is_gone},
	{"on_its_way_to_another_process", on_its_way_to_another_process},
	{"watched_by_epoll", watched_by_epoll},
	{"functrace", [] { return opened_of("/dev/perfbuf/functrace"); }},
	{"inject", [] { return opened_of("/dev/perfbuf/inject"); }},
	{"ftrace", [] { return opened_of("/dev/perfbuf/ftrace"); }},
	{"pmu", [] { return opened_of("/dev/perfbuf/pmu"); }},
};

void load_again()
{
	if (int error = load_module(module_file))
		fail_errno("loading perfbuf.ko again", error);
}

/* It is as good as new. */
void expect_samples()
{
	file_and_mapping mapped;
	EXPECT_TRUE(eventually([&] { return mapped.map.page()->data_head > 0; }));
}

/* The files of the device that this process has open or mapped, a line each: of tests before, which
 * should not be. */
std::string left_over()
{
	std::string found;
	for (const auto &fd : std::filesystem::directory_iterator("/proc/self/fd")) {
		std::error_code gone;
		const std::string to = std::filesystem::read_symlink(fd.path(), gone).string();
		if (to.find("/dev/perfbuf") != std::string::npos)
			found += fd.path().string() + " -> " + to + "\n";
	}
	std::istringstream maps(read_file("/proc/self/maps"));
	for (std::string line; std::getline(maps, line);) {
		if (line.find("/dev/perfbuf") != std::string::npos)
			found += line + "\n";
	}
	return found;
}

class own_module : public testing::TestWithParam<use>
{
protected:
	void SetUp() override
	{
		let_hooks_go();
		ASSERT_EQ(left_over(), "");
	}
	void TearDown() override { hold_hooks(); }
};

TEST_P(own_module, the_module_unloads_when_its_last_use_has_gone_and_not_before)
{
	held use = GetParam().begin();
	EXPECT_EQ(unload_module("perfbuf"), EWOULDBLOCK);
	/* Being refused has changed nothing. */
	expect_samples();
	EXPECT_EQ(unload_module("perfbuf"), EWOULDBLOCK);
	use.reset();
	ASSERT_EQ(unload_module("perfbuf"), 0);
	load_again();
	expect_samples();
}

std::vector<use> own_uses()
{
	return own_side().empty() ? std::vector<use>{}
				  : std::vector<use>(std::begin(uses), std::end(uses));
}

INSTANTIATE_TEST_SUITE_P(by, own_module, testing::ValuesIn(own_uses()),
			 [](const auto &info) { return std::string(info.param.name); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_module);

/* An open file in sysfs holds no module: its device is found gone. */
class own_module_sysfs : public testing::Test
{
protected:
	void SetUp() override { let_hooks_go(); }
	void TearDown() override { hold_hooks(); }
};

TEST_F(own_module_sysfs, an_open_sysfs_attribute_does_not_hold_the_module)
{
	if (own_side().empty())
		return;
	unique_fd attribute(open("/sys/class/perfbuf/clock/readers", O_RDONLY | O_CLOEXEC));
	ASSERT_TRUE(attribute.valid());
	ASSERT_EQ(unload_module("perfbuf"), 0);
	char text[64];
	EXPECT_EQ(read(attribute.get(), text, sizeof(text)), -1);
	EXPECT_EQ(errno, ENODEV);
	load_again();
	expect_samples();
}

} /* namespace */
