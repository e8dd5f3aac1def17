// SPDX-License-Identifier: GPL-2.0
/* Tests of sources that are refused at their registration, and with which error. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "producer/source.hpp"
#include "support/module.hpp"

using namespace device_test;

namespace
{

class producer_register : public source_test
{
};

TEST_F(producer_register, a_source_that_cannot_be_is_refused_with_its_errno)
{
	struct {
		int error;
		const char *name;
	} const rows[] = {
		{EEXIST, "the name of another source"},
		{EBUSY, "a source that is registered"},
		{EINVAL, "a name with a slash"},
		{EINVAL, "an empty name"},
		{EINVAL, "the name of a directory"},
		{EINVAL, "no name"},
		{ENAMETOOLONG, "a name of 32 characters"},
		{EINVAL, "no description"},
		{EEXIST, "an event twice"},
		{EBUSY, "an event of another source"},
		{EINVAL, "an event that is not there"},
		{EINVAL, "an event with a dash in its name"},
		{EPROTO, "another version of the header"},
		{E2BIG, "a field too long"},
		{EINVAL, "a type that there is not"},
		{EINVAL, "a field that is called as a common one"},
		{EINVAL, "a name with a space"},
		{EINVAL, "a field over the end"},
		{EINVAL, "a field among the common ones"},
		{EINVAL, "an enum without names"},
		{EINVAL, "a kind that there is not"},
		{EINVAL, "a size that is not the type's"},
		{0, "a good field"},
		{0, "the event that was refused before"},
		{0, "a name of 31 characters"},
	};
	for (size_t i = 0; i < std::size(rows); i++)
		EXPECT_EQ(command("bad " + std::to_string(i)), rows[i].error) << rows[i].name;

	/* None of it has harmed the one that was there. */
	event_reader reader(typed_attr("counted"));
	ASSERT_EQ(command("counted 3"), 0);
	EXPECT_EQ(reader.samples().size(), 3u);
}

TEST_F(producer_register, the_log_says_of_a_refused_field_source_event_field_and_reason)
{
	const unique_fd log(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	ASSERT_GE(log.get(), 0);
	ASSERT_EQ(lseek(log.get(), 0, SEEK_END), 0);
	ASSERT_EQ(command("bad 14"), EINVAL);
	std::string said;
	char line[1024];
	for (ssize_t bytes; (bytes = read(log.get(), line, sizeof(line))) > 0;)
		said.append(line, static_cast<size_t>(bytes));
	EXPECT_NE(said.find("perfbuf: source 'wrong' is refused: of its event 'wrong', 'field' has "
			    "a type that is none of u8 u16 u32 u64 s8 s16 s32 s64\n"),
		  std::string::npos)
		<< said;
}

/* Its source would be refused; but it has none. */
TEST(producer_abi, a_module_that_only_emits_by_another_version_does_not_load)
{
	EXPECT_EQ(load_module("/root/perfbuf_test_stale.ko"), ENOENT);
}

/* The cost of an emission with interrupts off is bounded. */
TEST_F(producer_register, a_reader_too_many_on_a_cpu_is_refused_with_ENOSPC)
{
	const std::string parameter = "/sys/module/perfbuf/parameters/event_readers_max";
	const std::string before = read_file(parameter);
	ASSERT_EQ(write_file(parameter, "4"), 0);
	const perf_event_attr attr = typed_attr("counted");
	std::vector<unique_fd> files;
	for (int i = 0; i < 4; i++) {
		files.push_back(open_source());
		ASSERT_EQ(configure(files.back().get(), &attr,
				    i < 2 ? target::every_process(0) : target::thread(0)),
			  0);
	}
	EXPECT_EQ(configure_error(attr, target::every_process(0)), ENOSPC);
	EXPECT_EQ(configure_error(attr, target::thread(0)), ENOSPC);
	EXPECT_EQ(configure_error(attr, target::every_process(1)), 0) << "two follow the thread";
	EXPECT_EQ(configure_error(typed_attr("fixed"), target::every_process(0)), 0);
	files.pop_back();
	EXPECT_EQ(configure_error(attr, target::every_process(0)), 0)
		<< "the place is free when the file is closed";
	ASSERT_EQ(write_file(parameter, before), 0);
}

TEST_F(producer_register, a_source_beyond_the_last_number_is_enfile)
{
	EXPECT_EQ(command("crowd"), ENFILE);
	EXPECT_EQ(command("crowd"), ENFILE) << "all of them were taken back";
	event_reader reader(typed_attr("counted"));
	ASSERT_EQ(command("counted 3"), 0);
	EXPECT_EQ(reader.samples().size(), 3u);
}

TEST_F(producer_register, a_refused_source_leaves_no_node_and_no_id)
{
	ASSERT_EQ(command("bad 8"), EEXIST);
	struct stat about;
	EXPECT_NE(stat("/dev/perfbuf/twice", &about), 0);
	EXPECT_NE(stat("/sys/class/perfbuf/twice", &about), 0);
}

TEST_F(producer_register, a_source_can_register_again_and_again)
{
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(command("unregister"), 0);
		EXPECT_EQ(open(testdev_path, O_RDWR), -1);
		ASSERT_EQ(command("unregister"), 0) << "of what is not registered";
		ASSERT_EQ(command("register"), 0);
		EXPECT_EQ(command("register"), EBUSY);
	}
	event_reader reader(typed_attr("counted"));
	ASSERT_EQ(command("counted 3"), 0);
	EXPECT_EQ(reader.samples().size(), 3u);
}

TEST_F(producer_register, a_source_starts_with_the_first_file_and_stops_with_the_last)
{
	EXPECT_EQ(source_parameter("starts"), 0u);
	{
		event_reader first(typed_attr("counted"));
		EXPECT_EQ(source_parameter("starts"), 1u);
		event_reader second(typed_attr("all"));
		EXPECT_EQ(source_parameter("starts"), 1u);
		EXPECT_EQ(source_parameter("stops"), 0u);
	}
	EXPECT_TRUE(eventually([] { return source_parameter("stops") == 1; }));
	event_reader again(typed_attr("counted"));
	EXPECT_EQ(source_parameter("starts"), 2u);
	ASSERT_EQ(command("unregister"), 0);
	EXPECT_EQ(source_parameter("stops"), 2u);
}

TEST_F(producer_register, a_start_that_fails_refuses_the_file)
{
	ASSERT_EQ(command("start_answer -5"), 0);
	unique_fd fd = open_source();
	const perf_event_attr attr = typed_attr("counted");
	EXPECT_EQ(configure(fd.get(), &attr, target::every_process(0)), EIO);
	EXPECT_EQ(configure(fd.get(), &attr, target::thread(0)), EIO);
	EXPECT_EQ(source_parameter("stops"), 0u);
	ASSERT_EQ(command("start_answer 0"), 0);
	EXPECT_EQ(configure(fd.get(), &attr, target::every_process(0)), 0);
	EXPECT_EQ(source_parameter("starts"), 1u);
}

} /* namespace */
