// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of recording under lockdown=confidentiality. Lockdown cannot be undone, so these tests are
 * a program and a boot of their own; an unsigned module must be loaded before.
 */
#include <fstream>

#include <gtest/gtest.h>
#include <linux/perfbuf_recorder.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/record.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr const char *state = "/sys/kernel/security/lockdown";

perf_event_attr user_attr(uint64_t more = 0)
{
	perf_event_attr attr = clock_attr();
	attr.exclude_kernel = 1;
	attr.sample_type |= more;
	return attr;
}

int answer(const perf_event_attr &attr)
{
	return configure(open_device().get(), &attr);
}

int answer_of(const char *node, const perf_event_attr &attr)
{
	unique_fd fd(open(node, O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(node, errno);
	return configure(fd.get(), &attr, target::every_process(0));
}

uint64_t id_of_message()
{
	uint64_t id = 0;
	std::ifstream("/sys/class/perfbuf/inject/events/message/id") >> id;
	return id;
}

perf_event_attr event_attr(uint64_t id)
{
	perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = id};
	attr.sample_type = PERF_SAMPLE_RAW;
	attr.sample_period = 1;
	return attr;
}

/* Of a request to /dev/perfbuf_recorders, which itself can be opened. */
template <typename T>
int answer_of_recorders(unsigned long request, T argument)
{
	unique_fd fd(open("/dev/perfbuf_recorders", O_RDONLY | O_CLOEXEC));
	if (!fd.valid())
		fail_errno("/dev/perfbuf_recorders", errno);
	return ioctl(fd.get(), request, &argument) ? errno : 0;
}

int answer_of_previous_boot()
{
	return answer_of_recorders(PERFBUF_IOC_PREVIOUS_BOOT, perfbuf_previous_boot{});
}

class lockdown : public testing::Test
{
protected:
	static void SetUpTestSuite()
	{
		mount("securityfs", "/sys/kernel/security", "securityfs", 0, nullptr);
		/* Not for the reason that we are after. */
		ASSERT_EQ(answer(clock_attr()), 0);
		ASSERT_EQ(answer_of("/dev/perfbuf/inject", event_attr(id_of_message())), 0);
		/* The memory of perfbuf.persist= is there, and held nothing. */
		ASSERT_EQ(answer_of_previous_boot(), ENODATA);
		ASSERT_EQ(answer_of_recorders(PERFBUF_IOC_SNAPSHOT, perfbuf_snapshot{}), ENOENT);
		std::ofstream(state) << "confidentiality" << std::flush;
		std::string now;
		std::getline(std::ifstream(state), now);
		ASSERT_NE(now.find("[confidentiality]"), std::string::npos) << now;
	}
};

TEST_F(lockdown, lockdown_refuses_samples_of_the_kernel)
{
	EXPECT_EQ(answer(clock_attr()), EPERM);
}

TEST_F(lockdown, lockdown_allows_samples_of_a_process_own_code)
{
	perf_event_attr attr = user_attr();
	attr.sample_period = 100'000;
	recorder own(side::clock, attr);
	const spinner busy;
	for (const sample &sample : own.sample_until(20))
		EXPECT_EQ(sample.cpumode(), static_cast<unsigned>(PERF_RECORD_MISC_USER));
}

TEST_F(lockdown, lockdown_refuses_callchains_of_the_kernel)
{
	perf_event_attr attr = user_attr(PERF_SAMPLE_CALLCHAIN);
	EXPECT_EQ(answer(attr), EPERM);
	attr.exclude_callchain_kernel = 1;
	EXPECT_EQ(answer(attr), 0);
}

TEST_F(lockdown, lockdown_refuses_copies_of_user_stacks)
{
	perf_event_attr attr = user_attr(PERF_SAMPLE_STACK_USER);
	attr.sample_stack_user = 1024;
	EXPECT_EQ(answer(attr), EPERM);
}

TEST_F(lockdown, lockdown_refuses_the_typed_events_of_a_source)
{
	EXPECT_EQ(answer_of("/dev/perfbuf/inject", event_attr(id_of_message())), EPERM);
}

TEST_F(lockdown, lockdown_refuses_snapshots_of_recorders_and_what_the_boot_before_left)
{
	EXPECT_EQ(answer_of_previous_boot(), EPERM);
	EXPECT_EQ(answer_of_recorders(PERFBUF_IOC_SNAPSHOT, perfbuf_snapshot{}), EPERM);
	EXPECT_EQ(answer_of_recorders(PERFBUF_IOC_FREE_RECORDER, uint64_t{1}), EPERM);
}

/* The kernel itself refuses the memory that perfbuf recover would read of the running machine. */
TEST_F(lockdown, lockdown_refuses_the_memory_in_which_recorders_could_be_found)
{
	for (const char *memory : {"/dev/mem", "/proc/kcore"}) {
		const unique_fd fd(open(memory, O_RDONLY | O_CLOEXEC));
		const int error = errno;

		EXPECT_FALSE(fd.valid()) << memory;
		/* A kernel may be built without it. */
		EXPECT_TRUE(error == EPERM || error == ENOENT) << memory << ": " << error;
	}
}

} /* namespace */
