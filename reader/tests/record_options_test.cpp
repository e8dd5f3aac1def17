// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Options of perfbuf record: threads, the begin and the end of a recording, and what is said of it.
#include "record_fixture.hpp"

using namespace perfbuf::tests;

namespace
{

using RecordOptions = Record;

} // namespace

TEST_F(RecordOptions, one_thread_of_a_process_is_recorded_alone)
{
	const auto said = scratch.run(
		BUSY_THREADS " stop & pid=$!\n"
			     "while [ $(ls /proc/$pid/task | wc -l) -lt 5 ]; do sleep 0.05; done\n"
			     "tid=$(ls /proc/$pid/task | tail -n 1); echo tid $tid\n" +
		perfbuf_program +
		" record -t $tid --duration 500ms; touch stop; wait $pid\n"
		"perf script -F tid,event -i perf.data | awk '{ print \"tid\", $1 }' | sort -u");
	const size_t line = said.out.find('\n');
	ASSERT_NE(line, std::string::npos) << said.err;
	EXPECT_EQ(said.out.substr(line + 1), said.out.substr(0, line + 1)) << said.err;
	EXPECT_EQ(run("record -t 99999999 -- true").status, 2);
	EXPECT_EQ(run("record -t $$ -p $$").status, 2);
}

TEST_F(RecordOptions, a_recording_with_a_delay_begins_after_it)
{
	ASSERT_EQ(run("record -D 1h -- " + busy).status, 0);
	EXPECT_EQ(samples(), 0u) << "the command has ended before";
	ASSERT_EQ(run("record -D 1ms -- sh -c '" + std::string("sleep 0.1; exec ") +
		      "sh -c \"i=0; while [ \\$i -lt 60000 ]; do i=\\$((i+1)); done\"'")
			  .status,
		  0);
	EXPECT_GT(samples(), 0u);
}

TEST_F(RecordOptions, a_recording_ends_when_its_file_has_the_largest_size)
{
	// The command would run for ever.
	const auto said = run("record -F 2000 -m 1 --max-size 50K -- sh -c 'while :; do :; done'");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "--max-size, which ended the recording"), 1u) << said.err;
	EXPECT_GE(std::filesystem::file_size(scratch / "perf.data"), 50u << 10);
	EXPECT_GT(samples_of_lossy("perf.data"), 0u);
}

TEST_F(RecordOptions, a_quiet_recording_says_nothing_and_a_verbose_one_says_its_files)
{
	auto said = run("record -q -- " + busy);
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(said.err, "");
	EXPECT_GT(samples(), 0u);
	said = run("record -v -C 0 -- true");
	EXPECT_EQ(count_lines(said.err, "perfbuf: clock on CPU 0: id "), 1u) << said.err;
	EXPECT_EQ(count_lines(run("record -C 0 -- true").err, " id "), 0u);
	EXPECT_EQ(run("record -q -v -- true").status, 2);
}

TEST_F(RecordOptions, commands_enable_and_disable_a_recording_and_end_it)
{
	const auto said = scratch.run(
		controlled("-D -1", "send ping\nsend enable\n" + busy + "\nsend disable"));
	EXPECT_EQ(said.out, "ping ack\nenable ack\ndisable ack\nstop ack\nstatus 0\n") << said.err;
	EXPECT_GT(samples(), 0u);
}

TEST_F(RecordOptions, commands_that_are_unknown_or_too_long_are_answered_failed)
{
	// The end of a long line is no command of its own.
	const auto said = scratch.run(controlled(
		"-D -1", "send nonsense\nsend enabled\n"
			 "long() { head -c $1 /dev/zero | tr '\\0' x; }\n"
			 "(long 600; sleep 0.2; echo; long 512; sleep 0.2; echo stop) >&8\n"
			 "for line in 1 2; do read answer <&9; echo long $answer; done\n"
			 "send ping"));
	EXPECT_EQ(said.out, "nonsense failed\nenabled failed\nlong failed\nlong failed\nping ack\n"
			    "stop ack\nstatus 0\n")
		<< said.err;
	EXPECT_EQ(count_lines(said.err, "\"nonsense\" is no command of --control"), 1u) << said.err;
	EXPECT_EQ(count_lines(said.err, "is no command of --control"), 4u) << said.err;
}

// perf takes them, and answers nothing to an empty line.
TEST_F(RecordOptions, commands_that_end_with_a_zero_or_without_a_line_are_carried_out)
{
	const auto said = scratch.run(
		controlled("-D -1", "printf 'ping\\0\\n\\nenable\\0' >&8\n"
				    "for line in 1 2; do read answer <&9; echo $answer; done\n"
				    "printf ping >&8; read answer <&9; echo $answer; echo >&8"));
	EXPECT_EQ(said.out, "ack\nack\nack\nstop ack\nstatus 0\n") << said.err;
	EXPECT_EQ(said.err.find("is no command"), std::string::npos) << said.err;
}

TEST_F(RecordOptions, commands_that_come_while_the_recording_ends_are_answered)
{
	// In one write, and more than are read at once: the last ones are read when it has ended.
	const auto said = scratch.run(controlled(
		"-D -1",
		"(printf 'stop\\nenable\\n'; for line in $(seq 200); do echo ping; done\n"
		"printf 'disable\\nenable\\nnonsense\\nsnapshot\\nstop\\n') > commands.txt\n"
		"cat commands.txt >&8\n"
		"for line in $(seq 207); do read answer <&9; echo $answer; done > answers.txt\n"
		"head -n 2 answers.txt; tail -n 5 answers.txt\n"
		"send() { :; }"));
	EXPECT_EQ(said.out, "ack\nfailed\nack\nfailed\nfailed\nfailed\nack\nstatus 0\n")
		<< said.err;
}

TEST_F(RecordOptions, commands_of_a_recording_that_cannot_go_on_are_answered_failed)
{
	const auto said =
		scratch.run("mkfifo control answers; exec 8<> control 9<> answers\n"
			    "printf 'ping\\nsnapshot\\n' >&8\n" +
			    perfbuf_program +
			    " record --control fifo:control,answers -- /not/there; echo status $?\n"
			    "for line in 1 2; do read answer <&9; echo $answer; done");
	EXPECT_EQ(said.out, "status 127\nfailed\nfailed\n") << said.err;
}

TEST_F(RecordOptions, a_recording_that_no_command_enables_has_no_samples)
{
	const auto said = scratch.run(controlled("-D -1", "send ping\n" + busy));
	EXPECT_EQ(said.out, "ping ack\nstop ack\nstatus 0\n") << said.err;
	EXPECT_EQ(samples(), 0u);
	EXPECT_EQ(run("record -D -1 -- true").status, 2) << "nothing would enable it";
	for (const char *where : {"here", "fifo:", "fd:", "fd:x", "fd:999", "fifo:/not/there"})
		EXPECT_EQ(run("record --control " + std::string(where) + " -- true").status, 2)
			<< where;
}

TEST_F(RecordOptions, a_compressed_recording_says_how_much_and_perf_reads_it)
{
	auto said = run("record -v -z6 -g -- " + busy);
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.err, "(compressed "), 1u) << said.err;
	EXPECT_EQ(count_lines(said.err, "perfbuf: zstd at level 6: "), 1u) << said.err;
	EXPECT_GT(samples(), 0u);
	EXPECT_EQ(count_lines(run("script -i perf.data").out, " clock"), samples());
	const auto report = scratch.run("perf report --stdio -i perf.data");
	EXPECT_EQ(report.status, 0) << report.err;
	EXPECT_EQ(count_lines(report.out, "compressed"), 0u);
	said = scratch.run(perfbuf_program + " record -z -a -o - -- " + busy +
			   " | tee pipe.data | perf script -i -");
	EXPECT_GT(count_lines(said.out, "clock:"), 0u) << said.err;
	EXPECT_EQ(count_lines(said.err, "(compressed "), 1u) << said.err;
}

TEST_F(RecordOptions, a_compressed_recording_can_be_read_when_its_recorder_was_killed)
{
	const auto said =
		scratch.run(perfbuf_program + " record -q -z -a -F 2000 -m 1 & recorder=$!\n" +
			    "until perf script -i perf.data 2>/dev/null | grep -q clock; do " +
			    busy + "; done\nkill -KILL $recorder; wait $recorder; echo status $?");
	EXPECT_EQ(count_lines(said.out, "status 137"), 1u) << said.err;
	EXPECT_GT(samples_of_lossy("perf.data"), 0u);
}

TEST_F(RecordOptions, a_level_of_compression_stands_directly_behind_its_option)
{
	for (const char *level : {"0", "23", "-1", "x", "1.5", "1,2", "99999999999"}) {
		const auto said = run("record -z" + std::string(level) + " -- true");
		EXPECT_EQ(said.status, 2) << level;
		EXPECT_EQ(said.err, "perfbuf: -z " + std::string(level) +
					    ": give a level from 1 (fast) to 22 (small)\n");
	}
	EXPECT_EQ(run("record --compression-level= -- true").status, 2);
	// The next word is the command.
	for (const char *option : {"-z", "-z22", "--compression-level", "--compression-level=3"}) {
		const auto said = run("record " + std::string(option) + " sh -c 'exit 7'");
		EXPECT_EQ(said.status, 7) << option << said.err;
		EXPECT_EQ(count_lines(said.err, "(compressed "), 1u) << said.err;
	}
	EXPECT_EQ(run("record -o -z sh -c 'exit 7'").status, 7);
	EXPECT_TRUE(std::filesystem::exists(scratch / "-z")) << "a value is no option";
}
