// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Command lines of the program: wrong ones, help, and files that cannot be read or written.
#include <fcntl.h>

#include "record_fixture.hpp"
#include "tracefile/writer.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

using Usage = Record;

} // namespace

TEST_F(Usage, AWrongCommandLineGivesOneSentenceAndStatusTwo)
{
	for (const char *arguments :
	     {"", "nonsense", "record --nonsense", "record -m 100 -- true",
	      "record -F 99999999 -- true", "record -F 0 -- true", "record -p 99999999",
	      "record -C 9999 -- true", "record -F 9 -c 9 -- true", "record -a -p 1",
	      "record --call-graph magic -- true", "record --duration never",
	      "record --clockid sundial -- true", "record -o", "list nonsense",
	      // Without the value each would record something else, or the whole machine.
	      "record -p '' --duration 1", "record -C '' -- true", "record --duration '' -- true",
	      "record -F '' -- true", "record -c '' -- true", "record -m '' -- true",
	      "record -e '' -- true", "record -e clock --filter '' -- true", "record -o '' -- true",
	      "record --clockid '' -- true", "record --call-graph '' -- true", "trace -i ''",
	      "trace -o '' -- true", "trace --tick '' -- true", "trace --filter '' -- true",
	      "trace --aux-pages '' -- true", "trace -i x --format ''", "stat -e '' -- true",
	      "stat --interval ''", "record ''", "record -- ''", "trace -- ''", "stat -- ''",
	      "record -a -G ''", "record -a -G ,", "stat -a -G '' -- true",
	      // Options of which one would be ignored.
	      "record -G / -- true", "record -G / -p 1", "stat -G / -- true",
	      "record -a -e clock -G a,b", "stat -e clock", "stat -a -p 1",
	      "stat --interval 3 -- true", "trace -i x -o y", "trace -i x -a",
	      "trace -o x --format json", "trace -o -", "record -o a -o b -- true",
	      "record -o - -- true >&-",
	      // Numbers without end.
	      "record -m -1 -- true", "record -m 18446744073709551617 -- true",
	      "record -C 0-99999999999 -- true", "record -C -1 -- true", "record -p -1",
	      "record -c 9223372036854775808 -- true", "record --duration 1e300 -- true",
	      "record --duration nan -- true", "trace --tick 99999999999999999999",
	      "trace --aux-pages 0", "stat --interval -1"}) {
		const auto said = run(arguments);
		EXPECT_EQ(said.status, 2) << arguments << "\n" << said.err;
		EXPECT_EQ(std::count(said.err.begin(), said.err.end(), '\n'), 1)
			<< arguments << "\n"
			<< said.err;
		EXPECT_EQ(said.out, "") << arguments;
	}
	EXPECT_FALSE(std::filesystem::exists(scratch / "perf.data")) << "none of them recorded";
}

TEST_F(Usage, AskingForHelpIsNoError)
{
	for (const char *command : {"", "record", "trace", "flame", "hist", "top", "script",
				    "export", "list", "stat", "exec", "doctor"}) {
		const auto said = run(std::string(command) + " --help");
		EXPECT_EQ(said.status, 0);
		EXPECT_EQ(count_lines(said.out, "--help"), 1u) << said.out;
	}
}

TEST_F(Usage, AMissingFileToBeShownIsReported)
{
	for (const char *file : {"not-there", "/", "/dev/zero", "/etc/passwd"}) {
		const auto said = run("trace -i " + std::string(file));
		EXPECT_EQ(said.status, 1) << file;
		EXPECT_EQ(count_lines(said.err, file), 1u) << said.err;
		EXPECT_EQ(count_lines(said.err, ": give "),
			  file == std::string("/dev/zero") ? 0u : 1u)
			<< said.err;
		EXPECT_EQ(count_lines(said.err, ""), 1u) << said.err;
	}
}

TEST_F(Usage, AnOutputThatTakesNoBytesIsReported)
{
	tracefile::writer trace(reader::unique_fd(
		::open((scratch / "trace").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	ASSERT_TRUE(trace.begin({}));
	ASSERT_TRUE(trace.finish({}));
	ASSERT_EQ(run("trace -i trace").status, 0);
	for (const std::string arguments :
	     {"--help", "record --help", "--version", "doctor", "trace -i trace"})
		for (const std::string where : {">/dev/full", ">&-"}) {
			const auto said = run(arguments + " " + where);
			EXPECT_EQ(said.status, 1) << arguments << where;
			EXPECT_EQ(count_lines(said.err, "standard output takes no more"), 1u)
				<< arguments << where << said.err;
		}
}
