// SPDX-License-Identifier: GPL-2.0
/* Tests of the right to open, and of the rights that a file carries to other processes. */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "support/expect.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr uint64_t bit(int capability)
{
	return 1ULL << capability;
}

/* Exit codes of a child are errnos; a thing that went wrong is 200 and more. */
int code_of(const std::function<int()> &body)
{
	const outcome done = run_in_child(body);
	return done.signal ? 200 + done.signal : done.code;
}

int open_only()
{
	unique_fd fd(open(device_path, O_RDWR | O_CLOEXEC));
	return fd.valid() ? 0 : errno;
}

/* The device alone: perf asks at perf_event_open, we ask at open(2). */
class own_rights : public testing::TestWithParam<side>
{
};

TEST_P(own_rights, node_is_for_root_alone)
{
	struct stat about;
	ASSERT_EQ(stat(device_path, &about), 0);
	EXPECT_TRUE(S_ISCHR(about.st_mode));
	EXPECT_EQ(about.st_mode & 0777, 0600u);
	EXPECT_EQ(about.st_uid, 0u);
}

TEST_P(own_rights, an_open_without_any_capability_is_eacces)
{
	EXPECT_EQ(code_of([] {
			  drop_all_rights();
			  return open_only();
		  }),
		  EACCES);
}

TEST_P(own_rights, an_open_with_all_capabilities_but_the_two_is_eacces)
{
	EXPECT_EQ(code_of([] {
			  set_rights(rights() & ~bit(CAP_PERFMON) & ~bit(CAP_SYS_ADMIN));
			  return open_only();
		  }),
		  EACCES);
}

TEST_P(own_rights, an_open_with_either_capability_is_allowed)
{
	for (int capability : {CAP_PERFMON, CAP_SYS_ADMIN})
		EXPECT_EQ(code_of([&] {
				  set_rights(bit(capability));
				  return open_only();
			  }),
			  0)
			<< "capability " << capability;
}

TEST_P(own_rights, an_open_by_the_user_nobody_is_eacces)
{
	EXPECT_EQ(code_of([] {
			  become_nobody();
			  return open_only();
		  }),
		  EACCES);
}

TEST_P(own_rights, file_that_was_opened_with_them_is_configured_without)
{
	EXPECT_EQ(code_of([] {
			  unique_fd fd = open_device();
			  become_nobody();
			  const perf_event_attr attr = clock_attr();
			  return configure(fd.get(), &attr, target::every_process(0));
		  }),
		  0);
}

/* As perf_event_open(2), whose files can always be read: a node that a user may only write to
 * (mode 0222) gives away no records. */
TEST_P(own_rights, file_that_is_only_for_writing_is_refused_every_request_of_a_reader)
{
	const perf_event_attr attr = clock_attr();
	unique_fd writer = open_device(O_WRONLY | O_CLOEXEC);
	EXPECT_EQ(configure(writer.get(), &attr, target::every_process(0)), EBADF);
	perfbuf_open_linked linked = {};
	EXPECT_EQ(ioctl_error(writer.get(), PERFBUF_IOC_OPEN_LINKED, &linked), EBADF);
	unique_fd reader = must_open(GetParam(), attr);
	for (unsigned long request :
	     std::initializer_list<unsigned long>{PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_RESET,
						  PERF_EVENT_IOC_ID, PERFBUF_IOC_RING})
		EXPECT_EQ(ioctl_error(writer.get(), request), EBADF);
	EXPECT_EQ(ioctl_error(writer.get(), PERF_EVENT_IOC_SET_OUTPUT,
			      static_cast<unsigned long>(reader.get())),
		  EBADF)
		<< "as the file that is sent elsewhere";
	EXPECT_EQ(ioctl_error(reader.get(), PERF_EVENT_IOC_SET_OUTPUT,
			      static_cast<unsigned long>(writer.get())),
		  EBADF)
		<< "as the target";
}

TEST_P(own_rights, file_that_is_only_for_reading_is_configured)
{
	const perf_event_attr attr = clock_attr();
	unique_fd reader = open_device(O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(configure(reader.get(), &attr), 0);
	EXPECT_EQ(map_error(reader.get(), 3 * page_size(), PROT_READ), 0);
	EXPECT_EQ(map_error(reader.get(), 3 * page_size()), EACCES);
}

INSTANTIATE_TEST_SUITE_P(on, own_rights, testing::ValuesIn(own_side()),
			 side_name<testing::TestParamInfo<side>>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(own_rights);

/* As perf: what was opened with rights goes on without them. */
class rights_of : public testing::TestWithParam<side>
{
protected:
	/* Everything that a reader does; 0 when all of it works. */
	static int use(int fd)
	{
		uint64_t id = 0, period = 2'000'000;
		for (unsigned long request : std::initializer_list<unsigned long>{
			     PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE, PERF_EVENT_IOC_RESET})
			if (int error = ioctl_error(fd, request))
				return error;
		if (int error = ioctl_error(fd, PERF_EVENT_IOC_ID, &id))
			return error;
		if (int error = ioctl_error(fd, PERF_EVENT_IOC_PERIOD, &period))
			return error;
		ring buffer(fd, 8);
		enable(fd);
		std::vector<record> records;
		const bool came = eventually([&] {
			buffer.drain(records);
			return count(records, PERF_RECORD_SAMPLE) >= 5;
		});
		disable(fd);
		read_value(fd);
		return came ? 0 : 250;
	}
};

TEST_P(rights_of, the_rights_of_a_file_stay_when_the_process_drops_its_own)
{
	spinner busy(0);
	EXPECT_EQ(code_of([this] {
			  unique_fd fd =
				  must_open(GetParam(), clock_attr(), target::every_process(0));
			  become_nobody();
			  return use(fd.get());
		  }),
		  0);
}

TEST_P(rights_of, the_rights_of_a_file_pass_through_a_socket)
{
	spinner busy(0);
	int pair[2];
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	unique_fd here(pair[0]), there(pair[1]);
	child receiver([&] {
		become_nobody();
		int fd;
		if (try_receive_file(there.get(), fd, 0) || fd < 0)
			return 251;
		return use(fd);
	});
	{
		unique_fd fd = must_open(GetParam(), clock_attr(), target::every_process(0));
		send_file(here.get(), fd.get());
	}
	EXPECT_EQ(receiver.wait().code, 0);
}

INSTANTIATE_TEST_SUITE_P(on, rights_of, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
