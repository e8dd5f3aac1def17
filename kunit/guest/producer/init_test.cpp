// SPDX-License-Identifier: GPL-2.0
/*
 * A source whose module fails in its init. The kernel frees such a module whatever
 * its references are, and a source that could not be registered is freed: an open file must be of
 * neither. perfbuf_test_init.ko waits for the file.
 */
#include <atomic>
#include <thread>

#include <poll.h>

#include "producer/source.hpp"
#include "support/module.hpp"
#include "support/process.hpp"

using namespace device_test;

namespace
{

constexpr const char *node = "/dev/perfbuf/initdev";

/* Loads the module in a thread; a file of it, opened meanwhile. */
class module_in_its_init
{
public:
	explicit module_in_its_init(const std::string &how, int cpu = -1)
		: loader_([this, how, cpu] {
			  if (cpu >= 0)
				  pin_to(cpu);
			  error_ = load_module("/root/perfbuf_test_init.ko", "fail=" + how);
			  over_ = true;
		  })
	{
		/* Unlike eventually(): the module may wait on the CPU. */
		while (!over_ && !file.valid())
			file.reset(open(node, O_RDWR | O_CLOEXEC));
	}
	~module_in_its_init()
	{
		if (loader_.joinable())
			loader_.join();
	}
	int error()
	{
		loader_.join();
		return error_;
	}

	unique_fd file;

private:
	std::atomic<bool> over_ = false;
	int error_ = 0;
	std::thread loader_;
};

short polled(int fd)
{
	pollfd entry = {.fd = fd, .events = POLLIN};
	return poll(&entry, 1, 0) > 0 ? entry.revents : 0;
}

/* The kernel uses the freed memory again. */
void use_memory_again()
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(load_source(), 0);
		ASSERT_EQ(unload_source(), 0);
	}
}

TEST(producer_init, a_failed_module_init_leaves_a_file_that_was_only_opened_in_error)
{
	for (int turn = 0; turn < 3; turn++) {
		module_in_its_init module("unregister");
		ASSERT_TRUE(module.file.valid());
		EXPECT_EQ(module.error(), EIO);
		use_memory_again();
		const perf_event_attr attr = clock_attr();
		EXPECT_EQ(configure(module.file.get(), &attr, target::every_process(0)), ENOENT);
		EXPECT_EQ(polled(module.file.get()), POLLERR);
		module.file.reset();
		use_memory_again();
	}
}

TEST(producer_init, a_failed_module_init_leaves_a_file_that_was_mapped_in_error)
{
	for (int turn = 0; turn < 3; turn++) {
		module_in_its_init module("unregister");
		ASSERT_TRUE(module.file.valid());
		/* The node is there before the events are. */
		const std::string id = "/sys/class/perfbuf/initdev/events/happened/id";
		ASSERT_TRUE(eventually([&] { return access(id.c_str(), R_OK) == 0; }));
		perf_event_attr attr = {};
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.size = sizeof(attr);
		attr.config = std::stoull(read_file(id));
		attr.sample_period = 1;
		attr.sample_type = PERF_SAMPLE_RAW;
		ASSERT_EQ(configure(module.file.get(), &attr, target::every_process(0)), 0);
		ring buffer(module.file.get(), 2);
		EXPECT_EQ(module.error(), EIO);
		use_memory_again();
		EXPECT_EQ(polled(module.file.get()) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
		EXPECT_EQ(ioctl_error(module.file.get(), PERF_EVENT_IOC_ENABLE), ENODEV);
		EXPECT_NO_THROW(buffer.drain());
		module.file.reset();
		buffer.unmap();
		use_memory_again();
	}
}

TEST(producer_init, a_failed_last_step_of_registering_leaves_an_opened_file_in_error)
{
	int turns = 0;
	/* A turn in which the node appears too late says nothing: the module waits with preemption
	 * off, perhaps on the CPU that makes it. So on one CPU after the other. */
	const std::vector<int> cpus = online_cpus();
	for (size_t tries = 0; tries < 40 && turns < 2; tries++) {
		module_in_its_init module("node patience=1000", cpus[tries % cpus.size()]);
		const int error = module.error();
		if (!module.file.valid() || error == ETIME)
			continue;
		EXPECT_EQ(error, ENOMEM);
		turns++;
		use_memory_again();
		const perf_event_attr attr = clock_attr();
		EXPECT_EQ(configure(module.file.get(), &attr, target::every_process(0)), ENOENT);
		EXPECT_EQ(polled(module.file.get()), POLLERR);
		module.file.reset();
		EXPECT_NE(access(node, F_OK), 0);
		use_memory_again();
	}
	EXPECT_GT(turns, 0) << "the node never appeared while registering";
}

} /* namespace */
