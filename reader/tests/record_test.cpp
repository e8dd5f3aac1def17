// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// perfbuf record from end to end, on the kernel's own perf events; perf reads what it wrote.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "perf_events.hpp"
#include "run_command.hpp"
#include "tracefile/writer.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

// PERFBUF_PROGRAM=perfbuf runs the same tests on the device.
const char *const other_program = std::getenv("PERFBUF_PROGRAM");
const std::string perfbuf_program = other_program ? other_program : PERFBUF_ON_PERF_EVENTS;

// Enough work for samples. It is counted, not timed.
const std::string busy = "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'";

bool have_perf_events()
{
	perf_event_attr attr{};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	return static_cast<bool>(open_perf_event(attr, -1, 0));
}

class Record : public testing::Test
{
protected:
	void SetUp() override
	{
		NEED_PERF();
		if (!other_program && !have_perf_events())
			GTEST_SKIP() << "this machine does not let us use perf_event_open(2) on a "
					"whole CPU";
	}

	outcome run(const std::string &arguments)
	{
		return scratch.run(perfbuf_program + " " + arguments);
	}

	// How many samples perf finds in the file.
	size_t samples(const std::string &file = "perf.data")
	{
		const auto said = scratch.run("perf script -F comm,time,event -i " + file);
		EXPECT_EQ(said.status, 0) << said.err;
		EXPECT_EQ(said.err, "");
		return count_lines(said.out, "clock:");
	}

	// The same of a recording that may have lost some: perf says so on standard error.
	size_t samples_of_lossy(const std::string &file)
	{
		const auto said = scratch.run("perf script -F comm,time,event -i " + file);
		EXPECT_EQ(said.status, 0) << said.err;
		return count_lines(said.out, "clock:");
	}

	std::string script(const std::string &arguments)
	{
		const auto said = scratch.run("perf script -i perf.data " + arguments);
		EXPECT_EQ(said.status, 0) << said.err;
		EXPECT_EQ(said.err, "");
		return said.out;
	}

	scratch_directory scratch;
};

using Usage = Record;

} // namespace

TEST_F(Record, CommandIsSampledFromItsExec)
{
	const auto said = run("record -- " + busy);
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "[ perfbuf: "), 1u) << said.err;
	EXPECT_EQ(count_lines(said.err, "-> perf.data ]"), 1u) << said.err;
	EXPECT_GT(samples(), 0u);
	EXPECT_EQ(count_lines(script("-F comm,event"), "sh "), samples())
		<< "nothing of what was before the exec";
	EXPECT_GT(count_lines(script("--show-mmap-events"), "PERF_RECORD_MMAP2"), 0u);
}

TEST_F(Record, TheExitStatusIsThatOfTheCommand)
{
	EXPECT_EQ(run("record -- sh -c 'exit 7'").status, 7);
	EXPECT_EQ(run("record true").status, 0);
	EXPECT_EQ(run("record -- sh -c 'kill -SEGV $$'").status, 128 + SIGSEGV);
}

TEST_F(Record, ACommandThatCannotBeRunIsReported)
{
	auto said = run("record -- not-a-command-at-all");
	EXPECT_EQ(said.status, 127);
	EXPECT_EQ(count_lines(said.err, "cannot run not-a-command-at-all"), 1u);
	EXPECT_EQ(run("record -- /etc/passwd").status, 126);
}

TEST_F(Record, TheWholeMachineIsRecordedUntilASignal)
{
	for (const std::string signal : {"INT", "TERM", "HUP"}) {
		// The command sends it: nobody has to guess when recording has begun.
		const auto said = scratch.run("cat > work <<'end'\n" + busy + "\nkill -" + signal +
					      " $PPID; exec sleep 1000\nend\n" + perfbuf_program +
					      " record -a -o sig.data -- sh work");
		EXPECT_GT(said.status, 128)
			<< "it ends by the signal, so that a shell's loop ends too";
		EXPECT_EQ(count_lines(said.err, "-> sig.data ]"), 1u) << said.err;
		EXPECT_GT(samples("sig.data"), 0u) << signal;
	}
}

TEST_F(Record, ABackgroundCommandOfAScriptEndsByASignalAndCompletesItsFile)
{
	for (const std::string signal : {"INT", "TERM"}) {
		const std::string file = signal + ".data";
		// The shell of a script has its background commands ignore SIGINT.
		const auto said = scratch.run(perfbuf_program + " record -a -o " + file +
					      " & recorder=$!\nwhile [ ! -s " + file +
					      " ] && kill -0 $recorder; do sleep 0.05; done\n" +
					      busy + "\nkill -" + signal +
					      " $recorder; wait $recorder; echo status $?");
		EXPECT_EQ(count_lines(said.out, "status 1"), 1u)
			<< said.out << "the status of a signal";
		EXPECT_EQ(count_lines(said.err, "-> " + file + " ]"), 1u) << signal << said.err;
		EXPECT_GT(samples_of_lossy(file), 0u) << signal;
	}
}

TEST_F(Record, ARecorderThatIsKilledLeavesAFileThatPerfReads)
{
	const auto said = scratch.run(
		perfbuf_program +
		" record -a -m 1 -F 5000 -o killed.data 2> /dev/null & recorder=$!\n"
		"while [ ! -s killed.data ] && kill -0 $recorder; do sleep 0.05; done\n" +
		busy + "\n" + busy + "\nkill -KILL $recorder; wait $recorder");
	// The features stand there but for the moment of a write: perfdata_test has them.
	EXPECT_GT(samples_of_lossy("killed.data"), 0u) << said.err;
}

TEST_F(Record, AProcessIsRecordedWithAllItsThreads)
{
	const auto said = scratch.run(
		BUSY_THREADS
		" stop & pid=$!\n"
		"while [ $(ls /proc/$pid/task | wc -l) -lt 5 ]; do sleep 0.05; done\n" +
		perfbuf_program +
		" record -p $pid & recorder=$!\n"
		"while [ ! -s perf.data ] && kill -0 $recorder; do sleep 0.05; done; sleep 0.5\n"
		"touch stop; wait $recorder; echo status $?");
	ASSERT_EQ(count_lines(said.out, "status 0"), 1u)
		<< said.err << "it ends when the process does";
	const auto threads = scratch.run("perf script -F tid,event -i perf.data | sort -u | wc -l");
	EXPECT_GE(std::stoi(threads.out), 4) << "a line for each thread";
}

TEST_F(Record, ADurationEndsTheRecording)
{
	const auto said = run("record -a --duration 200ms");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_GT(samples(), 0u);
}

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

TEST_F(Record, CallersAreFoundByFramePointers)
{
	ASSERT_EQ(run("record -g -- " + busy).status, 0);
	EXPECT_GT(count_lines(script("-F ip,sym"), "\t"), samples());
}

TEST_F(Record, CallersAreFoundByDwarfAndTheCopiedStack)
{
	ASSERT_EQ(run("record --exclude-kernel --call-graph dwarf,4096 -m 1M -- " + busy).status,
		  0);
	// Frames stand on lines of their own, samples apart; with the kernel left out, all that
	// follow the first were unwound from the copied stack.
	const auto frames = script("-F ip");
	EXPECT_GT(count_lines(frames, " "), 2 * samples());
}

TEST_F(Record, TheTimesAreOfTheRequestedClock)
{
	ASSERT_EQ(run("record --clockid monotonic -- " + busy).status, 0);
	const auto said = scratch.run("perf report --header-only -i perf.data");
	EXPECT_EQ(count_lines(said.out, "clockid: monotonic"), 1u) << said.out;
	EXPECT_EQ(said.err, "");
}

TEST_F(Record, SamplesOfTheKernelCanBeLeftOut)
{
	ASSERT_EQ(run("record --exclude-kernel -- " + busy).status, 0);
	EXPECT_EQ(count_lines(script("-F ip,dso"), "[kernel"), 0u);
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
			{"pipe", "nobody reads pipe: "}};
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
				      "! grep -q 'nobody reads' said; do :; done; cat said");
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

TEST_F(Record, LostRecordsAreCountedAndReported)
{
	// No sample fits into a ring that is shorter than it.
	const auto said = run("record --call-graph dwarf,32768 -m 8 -- " + busy);
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, " 0 lost "), 0u) << said.err;
}

TEST_F(Record, StatCountsTheRunningTimeOfTheCommand)
{
	const auto said =
		run("stat -- sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; exit 3'");
	EXPECT_EQ(said.status, 3);
	EXPECT_EQ(count_lines(said.err, "ms  clock"), 1u) << said.err;
	EXPECT_EQ(count_lines(said.err, " 0.000 ms"), 0u) << said.err;
}

TEST_F(Record, StatCountsSeveralEventsAndTheWholeMachine)
{
	// The other process is busy as long as the command runs.
	const auto said = scratch.run("sh -c 'while :; do :; done' & other=$!\n" + perfbuf_program +
				      " stat -a -e clock,clock -- sleep 0.3; status=$?\n"
				      "kill $other; exit $status");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "ms  clock"), 1u) << said.err << "each event once";
	EXPECT_EQ(count_lines(said.err, "elapsed"), 1u) << said.err;
	EXPECT_EQ(count_lines(said.err, " 0.000 ms  clock"), 0u) << said.err;
}

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
	      // Options of which one would be ignored.
	      "stat -e clock", "stat -a -p 1", "stat --interval 3 -- true", "trace -i x -o y",
	      "trace -i x -a", "trace -o x --format json", "trace -o -", "record -o a -o b -- true",
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
