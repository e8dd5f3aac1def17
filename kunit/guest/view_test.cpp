// SPDX-License-Identifier: GPL-2.0
/* Tests that /sys/class/perfbuf shows nothing of other users. */
#include <algorithm>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"
#include "support/user.hpp"

using namespace device_test;

namespace
{

constexpr uid_t mallory = 1001;

std::string shown(const std::string &name)
{
	std::string text = read_file(open_node_class + name);
	while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
		text.pop_back();
	return text;
}

size_t lines(const std::string &text)
{
	return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

class sysfs_view : public testing::Test
{
protected:
	sysfs_view()
	{
		enable(roots.get());
		write_one();
	}
	void write_one()
	{
		unique_fd writer = open_message(O_WRONLY | O_CLOEXEC);
		EXPECT_EQ(write(writer.get(), "x", 1), 1);
	}

	node_for_everybody open_to_all;
	unique_fd roots = message_event(target::every_process(0));
	mapping roots_ring{roots.get(), 8};
};

TEST_F(sysfs_view, a_user_sees_its_own_files_alone_in_sysfs)
{
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  if (shown("files") != "0" || shown("rings") != "0" ||
			      shown("records") != "0" || shown("bytes") != "0" ||
			      shown("lost") != "0" || shown("lost_no_ring") != "0")
				  return 1;
			  if (!read_file(std::string(open_node_class) + "readers").empty())
				  return 2;
			  unique_fd mine = message_event();
			  mapping ring(mine.get(), 8);
			  if (shown("files") != "1" || shown("rings") != "1")
				  return 3;
			  const std::string readers =
				  read_file(std::string(open_node_class) + "readers");
			  if (lines(readers) != 1 ||
			      readers.find("id=" + std::to_string(event_id(mine.get())) + " ") != 0)
				  return 4;
			  return 0;
		  }).code,
		  0);
}

TEST_F(sysfs_view, a_line_of_a_reader_names_the_process_that_opened_it)
{
	EXPECT_EQ(run_in_child([] {
			  prctl(PR_SET_NAME, "a reader\n");
			  become_user(mallory);
			  unique_fd mine = message_event();
			  const std::string line =
				  read_file(std::string(open_node_class) + "readers");
			  return line.find(" pid=" + std::to_string(getpid()) +
					   " name=a_reader_ ") != std::string::npos
					 ? 0
					 : 1;
		  }).code,
		  0);
}

/* Runs @body in a new pid namespace, as process 1 of it, without a capability. */
int in_new_namespace(const std::function<int()> &body)
{
	return run_in_child([&] {
		       if (unshare(CLONE_NEWPID))
			       return 100;
		       const outcome done = run_in_child([&] {
			       set_rights(0);
			       return body();
		       });
		       return done.signal ? 101 : done.code;
	       })
		.code;
}

TEST_F(sysfs_view, a_reader_in_another_pid_namespace_sees_neither_pid_nor_name)
{
	EXPECT_EQ(in_new_namespace([] {
			  const std::string line =
				  read_file(std::string(open_node_class) + "readers");
			  if (lines(line) != 1)
				  return 1;
			  return line.find(" pid=") == std::string::npos &&
						 line.find(" name=") == std::string::npos
					 ? 0
					 : 2;
		  }),
		  0);
}

TEST_F(sysfs_view, a_line_of_a_reader_has_the_number_of_the_namespace_that_reads_it)
{
	gate opened, over;
	child inside([&] {
		return in_new_namespace([&] {
			prctl(PR_SET_NAME, "inside");
			unique_fd mine = message_event();
			const std::string readers =
				read_file(std::string(open_node_class) + "readers");
			opened.open();
			over.wait();
			return readers.find(" pid=1 name=inside ") != std::string::npos ? 0 : 1;
		});
	});
	opened.wait();
	const std::string outside = read_file(std::string(open_node_class) + "readers");
	over.open();
	EXPECT_EQ(inside.wait().code, 0);
	EXPECT_NE(outside.find(" name=inside "), std::string::npos);
	EXPECT_EQ(outside.find(" pid=1 "), std::string::npos);
}

/* A server may open files and let others configure them. */
TEST_F(sysfs_view, a_line_of_a_reader_does_not_name_the_process_that_configured_the_file)
{
	EXPECT_EQ(run_in_child([] {
			  prctl(PR_SET_NAME, "opens");
			  unique_fd fd = open_message();
			  const outcome configured = run_in_child([&] {
				  prctl(PR_SET_NAME, "configures");
				  const perf_event_attr attr = message_attr();
				  return configure(fd.get(), &attr, target::every_process(0));
			  });
			  if (!configured.clean())
				  return 1;
			  const std::string readers =
				  read_file(std::string(open_node_class) + "readers");
			  if (readers.find("configures") != std::string::npos)
				  return 2;
			  return readers.find(" pid=" + std::to_string(getpid()) +
					      " name=opens ") != std::string::npos
					 ? 0
					 : 3;
		  }).code,
		  0);
}

TEST_F(sysfs_view, the_count_of_records_stays_when_their_reader_leaves)
{
	const auto records = [] { return std::stoul(shown("records")); };
	const unsigned long before = records();
	unsigned long with_reader;
	{
		unique_fd mine = message_event(target{});
		mapping ring(mine.get(), 8);
		enable(mine.get());
		write_one();
		with_reader = records();
		EXPECT_GT(with_reader, before);
	}
	EXPECT_EQ(records(), with_reader);
	EXPECT_EQ(lines(read_file(std::string(open_node_class) + "readers")), 1u)
		<< "the fixture's own";
}

TEST_F(sysfs_view, a_user_sees_nothing_of_another_user_in_sysfs)
{
	gate opened, over;
	child other([&] {
		become_user(mallory + 1);
		unique_fd fd = message_event();
		opened.open();
		over.wait();
		return 0;
	});
	opened.wait();
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  return read_file(std::string(open_node_class) + "readers").empty() ? 0
											     : 1;
		  }).code,
		  0);
	EXPECT_EQ(lines(read_file(std::string(open_node_class) + "readers")), 2u)
		<< "root sees all";
	over.open();
	EXPECT_TRUE(other.wait().clean());
}

TEST_F(sysfs_view, a_process_with_cap_perfmon_sees_the_files_of_all_users_in_sysfs)
{
	EXPECT_EQ(run_in_child([] {
			  if (prctl(PR_SET_KEEPCAPS, 1))
				  return 1;
			  become_user(mallory);
			  set_rights(1ULL << CAP_PERFMON);
			  if (lines(read_file(std::string(open_node_class) + "readers")) != 1)
				  return 2;
			  return shown("files") == "1" && !shown("rates").empty() ? 0 : 3;
		  }).code,
		  0);
}

/* The lines depend on the process that opened the file, not on the reader. */
TEST_F(sysfs_view, the_readers_file_shows_the_view_of_its_opener)
{
	const std::string path = std::string(open_node_class) + "readers";
	unique_fd opened(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(run_in_child([&] {
			  become_user(mallory);
			  char text[1024];
			  return read(opened.get(), text, sizeof(text)) > 0 ? 0 : 1;
		  }).code,
		  0);
}

TEST_F(sysfs_view, reading_rates_without_cap_perfmon_is_eperm_and_moves_no_marks)
{
	shown("rates");
	pause_for(std::chrono::milliseconds(1100));
	shown("rates");
	/* From here on a look of root's says more than a second. */
	pause_for(std::chrono::milliseconds(1100));
	EXPECT_EQ(run_in_child([] {
			  become_user(mallory);
			  unique_fd fd(open((std::string(open_node_class) + "rates").c_str(),
					    O_RDONLY | O_CLOEXEC));
			  char text[256];
			  for (int i = 0; i < 3; i++) {
				  if (pread(fd.get(), text, sizeof(text), 0) != -1 ||
				      errno != EPERM)
					  return 1;
				  pause_for(std::chrono::milliseconds(1100));
			  }
			  return 0;
		  }).code,
		  0);
	unsigned long records, bytes, lost, ms;
	ASSERT_EQ(sscanf(shown("rates").c_str(), "records=%lu bytes=%lu lost=%lu ms=%lu", &records,
			 &bytes, &lost, &ms),
		  4);
	EXPECT_GE(ms, 4000u) << "since root's own last look but one";
}

} /* namespace */
