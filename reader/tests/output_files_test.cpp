// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Files that a command writes or is given beside the recording, and cannot be taken.
#include <fstream>
#include <gtest/gtest.h>

#include "perfdata_file.hpp"
#include "record_fixture.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

class OutputFiles : public testing::Test
{
protected:
	void SetUp() override
	{
		ASSERT_TRUE(write_generated(scratch / "perf.data", perfdata::layout::file, 2000));
	}

	// Status 2 or 1, and one sentence, which is this.
	void expect_failure(const std::string &arguments, int status, const std::string &sentence)
	{
		const auto said = scratch.run(perfbuf_program + " " + arguments);
		EXPECT_EQ(said.status, status) << arguments;
		EXPECT_EQ(said.err, "perfbuf: " + sentence + "\n") << arguments;
	}

	scratch_directory scratch;
};

} // namespace

TEST_F(OutputFiles, an_output_that_is_the_recording_itself_is_refused_and_leaves_it)
{
	scratch.run("cp perf.data copy; ln -s perf.data link; ln perf.data hard");
	for (const char *name : {"perf.data", "link", "hard"}) {
		const std::string sentence =
			std::string(name) + " is the recording itself: give another FILE with -o";
		expect_failure(std::string("export --format json -o ") + name, 2, sentence);
		expect_failure(std::string("flame -i perf.data -o ") + name, 2, sentence);
		expect_failure(std::string("export --format folded -i - -o ") + name +
				       " < perf.data",
			       2, sentence);
		EXPECT_EQ(scratch.run("cmp perf.data copy").status, 0) << name;
	}
	EXPECT_EQ(scratch.run(perfbuf_program + " export --format json -o copy").status, 0);
}

TEST_F(OutputFiles, a_full_disk_is_reported_with_the_name_of_the_file)
{
	const std::string sentence =
		" took no more (No space left on device): give another FILE with -o";
	for (const std::string format : {"json", "perfetto", "folded", "speedscope"})
		expect_failure("export --format " + format + " -o /dev/full", 1,
			       "/dev/full" + sentence);
	expect_failure("flame -i perf.data -o /dev/full", 1, "/dev/full" + sentence);
	expect_failure("export --format json > /dev/full", 1, "standard output" + sentence);
	expect_failure("script > /dev/full", 1,
		       "standard output takes no more (No space left on device): send it into "
		       "another file or pipe");
}

TEST_F(OutputFiles, symbols_that_cannot_be_read_or_have_no_addresses_are_refused)
{
	expect_failure("script --kallsyms nothing", 2,
		       "--kallsyms nothing: it cannot be read (No such file or directory): give a "
		       "copy of /proc/kallsyms");
	std::ofstream(scratch / "zeros") << "0000000000000000 T _text\n0000000000000000 T main\n";
	for (const std::string file : {"zeros", "/dev/zero", "."})
		expect_failure("export --format json --kallsyms " + file, 2,
			       "--kallsyms " + file +
				       ": it has no functions with addresses: copy /proc/kallsyms "
				       "as root");
	std::ofstream(scratch / "symbols") << "0000000000401000 T somewhere\n";
	EXPECT_EQ(scratch.run(perfbuf_program + " script --kallsyms symbols").status, 0);
}
