// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// perfbuf record --switch-output and --overwrite: the files, their names, and what is in them.
#include <fstream>
#include <vector>

#include "program/failure.hpp"
#include "program/switched_files.hpp"
#include "record_fixture.hpp"

using namespace perfbuf::tests;

namespace
{

class RecordSwitch : public Record
{
protected:
	// The finished files, the oldest first.
	std::vector<std::string> files()
	{
		std::vector<std::string> found;
		const auto said = scratch.run("ls | grep -E '^perf\\.data\\.[0-9]{16}$'");
		size_t at = 0;
		for (size_t end; (end = said.out.find('\n', at)) != std::string::npos; at = end + 1)
			found.push_back(said.out.substr(at, end - at));
		return found;
	}

	// Each of them is a whole recording. @return samples in all of them
	size_t samples_of_all()
	{
		size_t all = 0;
		for (const auto &file : files()) {
			all += samples_of_lossy(file);
			const auto header = scratch.run("perf report --header-only -i " + file);
			EXPECT_EQ(header.status, 0) << file;
			EXPECT_EQ(count_lines(header.out, "hostname : "), 1u) << file;
		}
		return all;
	}

	// "12" of "[ perfbuf: 12 samples, ...": of the last line of that kind.
	static size_t reported_samples(const std::string &said)
	{
		const std::string before = "[ perfbuf: ";
		std::string digits;
		for (size_t at = said.rfind(before) + before.size(); said[at] != ' '; at++)
			if (said[at] != ',')
				digits += said[at];
		return std::stoul(digits);
	}
};

} // namespace

TEST_F(RecordSwitch, files_that_a_command_switches_have_each_record_once)
{
	const auto said = scratch.run(
		controlled("-F 500 --switch-output",
			   busy + "\nsend snapshot\n" + busy + "\nsend snapshot\n" + busy));
	EXPECT_EQ(said.out, "snapshot ack\nsnapshot ack\nstop ack\nstatus 0\n") << said.err;
	ASSERT_EQ(files().size(), 3u) << said.err;
	for (const auto &file : files()) {
		EXPECT_EQ(count_lines(said.err, file), 2u - (file == files().back())) << said.err;
		EXPECT_GT(samples_of_lossy(file), 0u) << file;
	}
	EXPECT_EQ(samples_of_all(), reported_samples(said.err)) << said.err;
	EXPECT_FALSE(std::filesystem::exists(scratch / "perf.data"));
}

TEST_F(RecordSwitch, a_file_names_what_ran_before_it_began)
{
	const auto said = scratch.run(
		"cat > work <<'end'\nuntil [ -e stop ]; do i=$((i+1)); done\nend\n" +
		("sh work & worker=$!\n" +
		 controlled("-F 500 -z --switch-output",
			    busy + "\nsend snapshot\n" + busy + "\ntouch stop; wait $worker")));
	ASSERT_EQ(files().size(), 2u) << said.err;
	const auto script = scratch.run("perf script -F comm,ip,sym,dso -i " + files().back());
	EXPECT_GT(count_lines(script.out, "sh"), 0u) << script.err;
	const auto ids = scratch.run("perf buildid-list -i " + files().back());
	EXPECT_GT(count_lines(ids.out, "/"), 0u) << ids.err;
}

TEST_F(RecordSwitch, a_signal_and_a_time_and_a_size_switch_files)
{
	const auto by_signal =
		scratch.run(perfbuf_program +
			    " record -a -F 500 --switch-output=signal & recorder=$!\n"
			    "until [ -s perf.data ]; do sleep 0.05; done\n" +
			    busy +
			    "\nkill -USR2 $recorder\n"
			    "until ls perf.data.* 2>/dev/null; do sleep 0.05; done\n" +
			    busy + "\nkill -INT $recorder; wait $recorder");
	EXPECT_EQ(files().size(), 2u) << by_signal.err;
	EXPECT_EQ(samples_of_all(), reported_samples(by_signal.err)) << by_signal.err;
	scratch.run("rm perf.data.*");

	const auto by_time = run("record -a -F 500 --switch-output=1s --duration 2500ms");
	EXPECT_GE(files().size(), 2u) << by_time.err;
	EXPECT_EQ(samples_of_all(), reported_samples(by_time.err)) << by_time.err;
	scratch.run("rm perf.data.*");

	// Each file is larger at its beginning, from what runs already.
	const auto by_size =
		run("record -m 1 -F 5000 --switch-output=1K --switch-max-files=3 -- " + busy);
	EXPECT_EQ(files().size(), 3u) << by_size.err;
	samples_of_all();
	EXPECT_GT(count_lines(by_size.err, " -> perf.data."), 4u) << by_size.err;
	for (const auto &file : files())
		EXPECT_NE(by_size.err.rfind(file), std::string::npos)
			<< "the last line has the files that are left";
}

TEST_F(RecordSwitch, overwritten_rings_are_written_when_they_are_asked_for_and_at_the_end)
{
	ASSERT_EQ(run("record --overwrite -m 1 -F 5000 -- " + busy).status, 0);
	EXPECT_GT(samples_of_lossy("perf.data"), 0u);
	scratch.run("rm perf.data");

	const auto said = scratch.run(controlled("-F 500 --overwrite -m 1 --switch-output",
						 busy + "\nsend snapshot\nsend snapshot\n" + busy));
	EXPECT_EQ(said.out, "snapshot ack\nsnapshot ack\nstop ack\nstatus 0\n") << said.err;
	ASSERT_EQ(files().size(), 3u) << said.err;
	// A record is in one file alone.
	const auto twice =
		scratch.run("for file in perf.data.*; do perf script --ns -F tid,cpu,time "
			    "-i $file; done | sort | uniq -d");
	EXPECT_EQ(twice.out, "");
	EXPECT_EQ(samples_of_all(), reported_samples(said.err)) << said.err;
	EXPECT_GT(samples_of_lossy(files().back()), 0u);
}

// A file may not grow further than for some samples, as on a disk that is full then: the rings have
// more.
TEST_F(RecordSwitch, a_snapshot_that_a_full_disk_cuts_is_answered_as_failed_and_can_be_read)
{
	for (const auto &[options, space] : {std::pair("", "60000"), std::pair("-z ", "25000")}) {
		const std::string recording = options + std::string("--overwrite -m 1M");
		ASSERT_EQ(run("record -a " + recording + " -D 1h -- true").status, 0);
		const std::string limit =
			"$((($(stat -c %s perf.data) + " + std::string(space) + ") / 512))";
		const auto said = scratch.run(
			"trap '' XFSZ; ulimit -f " + limit + "; rm -f perf.data control answers\n" +
			controlled("-F 20000 " + recording + " --switch-output",
				   "for each in 1 2 3 4 5 6; do " + busy +
					   "; done\nsend snapshot\n"
					   "[ $answer = ack ] || send() { :; }"));
		EXPECT_EQ(said.out, "snapshot failed\nstatus 1\n") << said.err;
		EXPECT_EQ(count_lines(said.err,
				      "perfbuf: recording stopped because perf.data took no more "
				      "("),
			  1u)
			<< said.err;
		EXPECT_TRUE(files().empty()) << "its name is that of a file that is not complete";
		EXPECT_GT(samples_of_lossy("perf.data"), 0u);
		const auto header = scratch.run("perf report --header-only -i perf.data");
		EXPECT_EQ(count_lines(header.out, "hostname : "), 1u) << header.err;
		EXPECT_EQ(run("script -i perf.data").status, 0);
	}
}

TEST_F(RecordSwitch, a_snapshot_that_comes_with_the_end_is_answered_when_its_file_is_complete)
{
	const auto said = scratch.run(
		"mkfifo control answers\n" + perfbuf_program +
		" record -a -F 500 --control fifo:control,answers --switch-output & recorder=$!\n"
		"exec 8<> control 9<> answers\n"
		"echo ping >&8; read answer <&9\n" +
		busy +
		"\nprintf 'stop\\nsnapshot\\n' >&8; read first <&9; read second <&9\n"
		"ls perf.data.* | wc -l; ls perf.data; wait $recorder; echo $first $second $?");
	EXPECT_EQ(said.out, "1\nack ack 0\n") << said.err;
}

TEST_F(RecordSwitch, files_of_one_moment_have_names_of_their_own)
{
	perfbuf::program::switched_files finished(scratch / "perf.data", 3);
	for (int number = 0; number < 5; number++) {
		std::ofstream(scratch / "perf.data") << number;
		const std::string name = finished.add();
		EXPECT_EQ(name, scratch / files().back());
	}
	EXPECT_EQ(files().size(), 3u) << "the newest";
	EXPECT_EQ(scratch.run("cat perf.data.*").out, "234");
	EXPECT_THROW(finished.add(), perfbuf::program::failure) << "there is no file";
}

TEST_F(RecordSwitch, options_that_cannot_go_together_are_refused_in_one_sentence)
{
	struct {
		const char *options;
		const char *sentence;
	} const wrong[]{
		{"--switch-output=x",
		 "--switch-output=x: give signal, a size (500K, 10M, 2G) or a "},
		{"--switch-output=0K", "--switch-output=0K: give signal, a size"},
		{"--switch-output=10", "--switch-output=10: give signal, a size"},
		{"--switch-output=-1s", "--switch-output=-1s: give signal, a size"},
		{"--switch-output=", "--switch-output: its value is empty: give WHEN"},
		{"--switch-output -o -", "--switch-output writes several files: give -o FILE"},
		{"--switch-output -o pipe", "--switch-output writes several files: give -o FILE"},
		{"--switch-max-files 2", "--switch-max-files is of the files of --switch-output"},
		{"--switch-output --switch-max-files 0", "--switch-max-files 0: give how many"},
		{"--switch-output --switch-max-files x", "--switch-max-files x: give how many"},
		{"--overwrite --switch-output=1M", "with --overwrite the file does not grow until"},
		{"--overwrite -e functrace",
		 "-e functrace writes one file beside the recording, to"},
		{"--switch-output -e functrace", "-e functrace writes one file beside the"},
	};
	for (const auto &each : wrong) {
		// A reader, so that the pipe can be opened.
		const auto said = scratch.run("mkfifo pipe 2>/dev/null; cat pipe & reader=$!\n" +
					      perfbuf_program + " record " + each.options +
					      " -- true; echo status $?; kill $reader; wait");
		EXPECT_EQ(count_lines(said.out, "status 2"), 1u) << each.options << said.err;
		EXPECT_EQ(count_lines(said.err, "perfbuf: " + std::string(each.sentence)), 1u)
			<< each.options << "\n"
			<< said.err;
	}
	const auto said = scratch.run(controlled("-F 500", "send snapshot"));
	EXPECT_EQ(said.out, "snapshot failed\nstop ack\nstatus 0\n");
	EXPECT_EQ(count_lines(said.err, "\"snapshot\" of --control is for --switch-output"), 1u)
		<< said.err;
}
