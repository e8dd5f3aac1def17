// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The output of perfbuf record: files, pipes, full disks, closed streams.
#include <unistd.h>

#include "record_fixture.hpp"

using namespace perfbuf::tests;

TEST_F(Record, PerfScriptReadsTheRecordingFromAPipe)
{
	const auto said =
		scratch.run("cat > work <<'end'\necho said\n" + busy + "\nend\n" + perfbuf_program +
			    " record -g -o - -- sh work | perf script -i -");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_GT(count_lines(said.out, "clock:"), 0u);
	EXPECT_EQ(count_lines(said.out, "said"), 0u)
		<< "the command's output does not mix with the data";
	EXPECT_EQ(count_lines(said.err, "said"), 1u) << said.err;
}

TEST_F(Record, ARecordingStopsWhenTheReaderOfItsPipeGoes)
{
	const auto said = scratch.run(perfbuf_program +
				      " record -a -o - --duration 5 | head -c 100 >/dev/null");
	EXPECT_EQ(count_lines(said.err, "recording stopped"), 1u) << said.err;
}

TEST_F(Record, AnEarlierRecordingIsKeptUnderAnotherName)
{
	ASSERT_EQ(run("record -- " + busy).status, 0);
	const size_t first = samples();
	ASSERT_EQ(run("record -- true").status, 0);
	EXPECT_EQ(samples("perf.data.old"), first);
}

TEST_F(Record, AFailureLeavesTheEarlierRecordingInItsPlace)
{
	ASSERT_EQ(run("record -- " + busy).status, 0);
	const size_t first = samples();
	ASSERT_NE(run("record -e nothing -- true").status, 0);
	EXPECT_EQ(samples(), first);
}

TEST_F(Record, FullDiskLeavesAFileThatCanBeRead)
{
	if (::geteuid() != 0)
		GTEST_SKIP() << "mounting a small tmpfs needs root";
	const auto said = scratch.run(
		"mkdir small && unshare -m sh -c 'mount -t tmpfs -o size=256k none small && " +
		perfbuf_program +
		" record -a -g -F 5000 --duration 60 -o small/perf.data; echo status $?; "
		"cp small/perf.data .'");
	EXPECT_EQ(count_lines(said.out, "status 1"), 1u) << said.err;
	EXPECT_EQ(count_lines(said.err, "No space left on device"), 1u) << said.err;
	EXPECT_GT(samples(), 0u);
	const auto header = scratch.run("perf report --header-only -i perf.data");
	EXPECT_EQ(header.err, "");
	EXPECT_EQ(count_lines(header.out, "hostname : "), 1u) << "the features are there too";
}

TEST_F(Record, StandardErrorThatTakesNothingCostsNothing)
{
	for (const std::string where : {">/dev/full", ">&-"}) {
		const auto said = run("record -- " + busy + " 2" + where);
		EXPECT_EQ(said.status, 0) << where;
		EXPECT_GT(samples(), 0u) << where;
	}
	EXPECT_EQ(run("2>&-").status, 2);
	EXPECT_EQ(run("record -- not-a-command-at-all 2>/dev/full").status, 127);
	EXPECT_EQ(run("stat -- true 2>/dev/full").status, 0);
}

TEST_F(Record, ClosedStreamsAreNotWrittenInto)
{
	EXPECT_EQ(run("record -- " + busy + " <&- >&- 2>&-").status, 0);
	EXPECT_GT(samples(), 0u);
	const auto header = scratch.run("perf report --header-only -i perf.data");
	EXPECT_EQ(header.err, "");
	const auto said = run("record -- sh -c 'test -e /proc/self/fd/1' >&-");
	EXPECT_EQ(said.status, 1) << "the command finds closed what was closed";
}

TEST_F(Record, AFileThatCannotBeWrittenIsReported)
{
	struct {
		const char *file;
		const char *sentence;
	} const wrong[]{{"/", "/ is a directory: give a FILE in it"},
			{"not/there", "there is no directory for not/there: "},
			{"/proc/version/x", "there is no directory for /proc/version/x: "},
			{"/dev/full", "/dev/full took no more (No space left on device) and "},
			{"pipe", "no process reads pipe: "}};
	scratch.run("mkfifo pipe");
	for (const auto &each : wrong) {
		const auto said = run("record -o " + std::string(each.file) + " -- true");
		EXPECT_EQ(said.status, 1) << each.file;
		EXPECT_EQ(count_lines(said.err, "perfbuf: " + std::string(each.sentence)), 1u)
			<< said.err;
		EXPECT_EQ(count_lines(said.err, ""), 1u) << said.err;
	}
}

TEST_F(Record, ARecordingStopsWhenTheReaderOfItsNamedPipeGoes)
{
	// The command goes on until the reader has gone, so something is left to be written.
	const auto said = scratch.run("mkfifo pipe; touch reading\n"
				      "(head -c 100 pipe >/dev/null; rm reading) &\n"
				      "echo 'while [ -e reading ]; do :; done' > work\n"
				      "until " +
				      perfbuf_program +
				      " record -o pipe -- sh work 2>said; "
				      "! grep -q 'no process reads' said; do :; done; cat said");
	EXPECT_EQ(count_lines(said.out, "recording stopped because pipe took no more"), 1u)
		<< said.out;
}

TEST_F(Record, EarlierRecordingThatCannotBeKeptStays)
{
	ASSERT_EQ(run("record -- " + busy).status, 0);
	const size_t first = samples();
	scratch.run("mkdir perf.data.old");
	const auto said = run("record -- true");
	EXPECT_EQ(said.status, 1);
	EXPECT_EQ(count_lines(said.err, "perf.data cannot be kept as perf.data.old"), 1u)
		<< said.err;
	EXPECT_EQ(samples(), first);
}
