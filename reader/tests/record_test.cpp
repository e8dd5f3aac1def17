// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// perfbuf record and stat from end to end: what is recorded, and what ends a recording.
#include "record_fixture.hpp"

using namespace perfbuf::tests;

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
		// The command sends the signal, because it runs once the recording has begun.
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
