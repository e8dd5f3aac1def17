// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Tests of the installed library beside the ring: events by name, perf.data, and the examples of
 * the README. Live rings are read in a guest (kunit/guest/companion).
 */
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <perfbuf/lookup.hpp>
#include <perfbuf/perf_data.hpp>
#include <perfbuf/session.hpp>
#include <sstream>

#include "run_command.hpp"
#include "two_events.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using namespace perfbuf::reader;

namespace
{

std::string whole(const std::string &path)
{
	std::ifstream file(path);
	std::ostringstream text;
	text << file.rdbuf();
	return text.str();
}

// /dev/perfbuf and /sys/class/perfbuf of a machine with three sources.
lookup_paths some_sources(const scratch_directory &in)
{
	EXPECT_EQ(in.run("mkdir -p dev class/clock class/mydev/events/tick class/mydev/events/all "
			 "class/broken/events/none; touch dev/clock dev/mydev dev/broken")
			  .status,
		  0);
	std::ofstream(in / "class/mydev/events/all/format") << typed_format_text();
	std::ofstream(in / "class/mydev/events/tick/format") << typed_format_text("tick", 2001);
	std::ofstream(in / "class/broken/events/none/format") << "no format\n";
	return {in / "dev", in / "class"};
}

TEST(Library, EventsAreListedAndFoundByName)
{
	scratch_directory scratch;
	const auto where = some_sources(scratch);
	EXPECT_EQ(list_events(where),
		  (std::vector<std::string>{"broken:none", "clock", "mydev:all", "mydev:tick"}));
	const auto tick = find_event("mydev:tick", where);
	ASSERT_TRUE(tick) << tick.error().text;
	EXPECT_EQ(tick->name, "mydev:tick");
	EXPECT_EQ(tick->source, "mydev");
	EXPECT_EQ(tick->attr.config, 2001u);
	EXPECT_EQ(tick->attr.type, uint32_t{PERF_TYPE_TRACEPOINT});
	EXPECT_TRUE(tick->attr.disabled);
	ASSERT_TRUE(tick->format.find("lanes"));
	const auto clock = find_event("clock", where);
	ASSERT_TRUE(clock) << clock.error().text;
	EXPECT_EQ(clock->attr.type, uint32_t{PERF_TYPE_SOFTWARE});
	EXPECT_TRUE(clock->format.fields.empty());
}

TEST(Library, AnEventThatIsNotThereIsReportedWithThoseThatAre)
{
	scratch_directory scratch;
	const auto where = some_sources(scratch);
	const auto said = [&](const char *name, int code) {
		const auto found = find_event(name, where);
		EXPECT_FALSE(found) << name;
		EXPECT_EQ(found.error().code.value(), code) << name;
		return found.error().text;
	};
	EXPECT_NE(said("yourdev:tick", ENOENT).find("sources are broken, clock, mydev"),
		  std::string::npos);
	EXPECT_NE(said("mydev:tock", ENOENT).find("events are all, tick"), std::string::npos);
	EXPECT_NE(said("mydev", ENOENT).find("events are all, tick"), std::string::npos);
	EXPECT_NE(said("clock:tick", ENOENT).find("events are none"), std::string::npos);
	said("broken:none", EINVAL);
	EXPECT_NE(find_event("clock", {scratch / "nothing", scratch / "nothing"})
			  .error()
			  .text.find("load the module"),
		  std::string::npos);
	EXPECT_FALSE(session::open(std::span<const std::string>{}));
}

TEST(Library, RecordsWrittenAsPerfDataAreReadInTheOrderOfTime)
{
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
	const auto file = perf_data_reader::open(scratch / "perf.data");
	ASSERT_TRUE(file) << file.error().text;
	ASSERT_EQ(file->events().size(), 2u);
	EXPECT_EQ(file->events()[0].name, "mydev:all");
	EXPECT_EQ(file->events()[1].source, "mydev");
	std::string seen;
	const auto done =
		file->each([&](const record &found, const described_event &event, uint64_t time) {
			const auto sample = event.decoder.decode_sample(found);
			ASSERT_TRUE(sample);
			seen += std::to_string(time) + " " + event.name + " " +
				event.format.find("a_s8")->show(sample->raw) + "\n";
		});
	EXPECT_TRUE(done);
	EXPECT_EQ(seen, "1000 mydev:other -128\n3000 mydev:all 127\n4000 mydev:other 127\n"
			"5000 mydev:all -128\n");
	EXPECT_FALSE(perf_data_reader::open(scratch / "nothing"));
	std::ofstream(scratch / "wrong") << std::string(500, 'x');
	const auto wrong = perf_data_reader::open(scratch / "wrong");
	ASSERT_FALSE(wrong);
	EXPECT_NE(wrong.error().text.find(scratch / "wrong"), std::string::npos);
}

TEST(Library, PerfReadsWhatTheWriterWrote)
{
	NEED_PERF();
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
	const auto script = scratch.run("perf script -i perf.data");
	EXPECT_EQ(script.status, 0) << script.err;
	EXPECT_EQ(count_lines(script.out, "mydev:all: "), 2u) << script.out;
	EXPECT_EQ(count_lines(script.out, "a_s64=-9223372036854775808"), 2u) << script.out;
	EXPECT_EQ(count_lines(script.out, "mydev:other: "), 2u) << script.out;
	const auto about = scratch.run("perf report --header-only -i perf.data");
	EXPECT_NE(about.out.find("sample duration"), std::string::npos) << about.out;
}

TEST(Library, TheExampleReadsARecording)
{
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
	const auto said = scratch.run(PERFBUF_EXAMPLE_READ_PERF_DATA " perf.data a_u8");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(said.out, "mydev:all: 2 samples, 255\nmydev:other: 2 samples, 255\n");
}

// Installed below another prefix, with the flags that pkg-config prints.
TEST(Library, TheInstalledLibraryBuildsAndRunsTheExamples)
{
	scratch_directory scratch;
	const auto installed =
		scratch.run("cmake --install " PERFBUF_READER_BUILD " --prefix $PWD/usr");
	ASSERT_EQ(installed.status, 0) << installed.err;
	const auto build = [&](const std::string &compiler, const std::string &example,
			       const std::string &package) {
		const auto done = scratch.run(
			compiler + " -o " + package + " " PERFBUF_READER_SOURCE "/examples/" +
			example +
			" $(PKG_CONFIG_PATH=$(dirname $(find $PWD/usr -name perfbuf-reader.pc)) "
			"pkg-config --define-variable=prefix=$PWD/usr --cflags --libs " +
			package + ")");
		EXPECT_EQ(done.status, 0) << done.err;
	};
	build("c++ -O0", "read_perf_data.cpp", "perfbuf-reader");
	build("cc -Werror -Wall -std=c99 -pedantic", "events_c.c", "perfbuf-reader-c");
	write_two_events(scratch / "perf.data");
	EXPECT_EQ(scratch.run("./perfbuf-reader perf.data a_u8").out,
		  "mydev:all: 2 samples, 255\nmydev:other: 2 samples, 255\n");
	const std::string library = "LIBRARY=$(find $PWD/usr -name libperfbuf-reader.so.1); "
				    "export LD_LIBRARY_PATH=${LIBRARY%/*}; ";
	const auto said = scratch.run(library + "./perfbuf-reader-c nosuchsource:event");
	EXPECT_EQ(said.status, 1);
	EXPECT_EQ(said.err.find("there is no source \"nosuchsource\""), 0u) << said.err;
	const auto python = scratch.run(
		library + "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=usr/share/perfbuf/python "
			  "python3 -c 'import perfbuf; "
			  "print(len(list(perfbuf.Recording(\"perf.data\"))))'");
	EXPECT_EQ(python.out, "4\n") << python.err;
}

/* An example in the README is the file that is compiled and run. */
TEST(Library, TheReadmeShowsTheExamplesThatRun)
{
	const std::string readme = whole(PERFBUF_READER_SOURCE "/README.md");
	for (const char *example :
	     {"events.cpp", "record.cpp", "read_perf_data.cpp", "events_c.c", "events.py"}) {
		std::string text = whole(std::string(PERFBUF_READER_SOURCE "/examples/") + example);
		// Without the line of the licence, and of the interpreter.
		text = text.substr(text.find("SPDX"));
		text = text.substr(text.find('\n') + 1);
		EXPECT_NE(readme.find("\n" + text + "```\n"), std::string::npos) << example;
		EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 40) << example;
	}
}

} // namespace
