// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * What the installed library has beside the ring: events by name, perf.data, the C API and Python
 * over it, and the examples of the README. Live rings are read in a guest
 * (kunit/guest/companion).
 */
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <perfbuf/lookup.hpp>
#include <perfbuf/perf_data.hpp>
#include <perfbuf/reader.h>
#include <perfbuf/session.hpp>
#include <sstream>

#include "run_command.hpp"
#include "typed_file.hpp"

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

described_event described(const std::string &name, uint16_t id, uint64_t file)
{
	const auto from = typed_description(name, id, file);
	described_event made;
	made.name = name;
	made.attr = from.attr;
	made.ids = from.ids;
	made.format_text = from.format;
	made.decoder = decoder(made.attr);
	return made;
}

// Two events, each with two samples, not in the order of time.
void write_two_events(const std::string &path)
{
	const std::vector<described_event> events{described("mydev:all", typed_id, all_file),
						  described("mydev:other", other_id, other_file)};
	auto file = perf_data_writer::create(path, events);
	ASSERT_TRUE(file) << file.error().text;
	const auto add = [&](const typed_values &values, bool other, uint64_t time) {
		const auto sample = typed_sample(values, other ? other_id : typed_id,
						 other ? other_file : all_file, time);
		ASSERT_TRUE(file->add(record(sample.view()), events[other], time));
	};
	add(largest_values(), false, 3000);
	add(smallest_values(), true, 1000);
	ASSERT_TRUE(file->round());
	add(largest_values(), true, 4000);
	add(smallest_values(), false, 5000);
	ASSERT_TRUE(file->round());
	const auto lost = file->finish();
	ASSERT_TRUE(lost) << lost.error().text;
	EXPECT_EQ(*lost, 0u);
	EXPECT_EQ(file->size(), std::filesystem::file_size(path));
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

TEST(Library, AnEventThatIsNotThereIsToldWithThoseThatAre)
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
			  .text.find("sources are none"),
		  std::string::npos);
	EXPECT_FALSE(session::open(std::span<const std::string>{}));
}

TEST(Library, WhatIsWrittenAsPerfDataIsReadInTheOrderOfTime)
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

TEST(Library, CReadsARecordingAndItsFields)
{
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
	perfbuf_recording *recording = nullptr;
	ASSERT_EQ(perfbuf_recording_open((scratch / "perf.data").c_str(), &recording), 0)
		<< perfbuf_error();
	EXPECT_EQ(perfbuf_recording_event_count(recording), 2u);
	EXPECT_EQ(perfbuf_recording_event(recording, 2), nullptr);
	const auto *event = perfbuf_recording_event(recording, 0);
	EXPECT_STREQ(perfbuf_event_name(event), "mydev:all");
	EXPECT_EQ(perfbuf_event_id(event), typed_id);
	const int lanes = perfbuf_event_field_find(event, "lanes");
	ASSERT_GE(lanes, 0);
	EXPECT_STREQ(perfbuf_event_field_name(event, static_cast<size_t>(lanes)), "lanes");
	EXPECT_EQ(perfbuf_event_field_is_array(event, static_cast<size_t>(lanes)), 1);
	EXPECT_EQ(perfbuf_event_field_find(event, "lane"), -ENOENT);
	EXPECT_EQ(perfbuf_event_field_name(event, 99), nullptr);
	EXPECT_EQ(perfbuf_event_field_form(event, 99), -EINVAL);
	const auto form = [&](const char *field) {
		return perfbuf_event_field_form(
			event, static_cast<size_t>(perfbuf_event_field_find(event, field)));
	};
	EXPECT_EQ(form("a_u8"), PERFBUF_FIELD_UNSIGNED);
	EXPECT_EQ(form("a_s64"), PERFBUF_FIELD_SIGNED);
	EXPECT_EQ(form("message"), PERFBUF_FIELD_TEXT);
	EXPECT_EQ(form("blob"), PERFBUF_FIELD_BYTES);

	struct {
		std::string said;
		int stop_at;
	} seen{{}, 0};
	const perfbuf_sample_fn use = [](void *data, const perfbuf_sample *sample) {
		auto &to = *static_cast<decltype(seen) *>(data);
		const auto *of = perfbuf_sample_event(sample);
		const auto number = [&](const char *field) {
			return static_cast<size_t>(perfbuf_event_field_find(of, field));
		};
		uint64_t value = 0;
		char text[5];
		const void *bytes = nullptr;
		size_t size = 99;
		EXPECT_EQ(perfbuf_sample_integer(sample, number("lanes"), 1, &value), 0);
		EXPECT_EQ(perfbuf_sample_integer(sample, number("lanes"), 4, &value), -EINVAL);
		EXPECT_EQ(perfbuf_sample_integer(sample, number("message"), 0, &value), -EINVAL);
		EXPECT_EQ(perfbuf_sample_integer(sample, 99, 0, &value), -EINVAL);
		EXPECT_EQ(perfbuf_sample_field_count(sample, number("lanes")), 4u);
		EXPECT_EQ(perfbuf_sample_bytes(sample, number("blob"), &bytes, &size), 0);
		const int length =
			perfbuf_sample_text(sample, number("message"), text, sizeof(text));
		to.said += std::to_string(perfbuf_sample_time(sample)) + " " +
			   perfbuf_event_name(of) + " " + std::to_string(value) + " " +
			   std::to_string(size) + " " + text + " " + std::to_string(length) + "\n";
		return perfbuf_sample_time(sample) == static_cast<uint64_t>(to.stop_at) ? 7 : 0;
	};
	EXPECT_EQ(perfbuf_recording_read(recording, use, &seen), 0);
	EXPECT_EQ(seen.said, "1000 mydev:other 0 0  0\n3000 mydev:all 32768 3 a me 9\n"
			     "4000 mydev:other 32768 3 a me 9\n5000 mydev:all 0 0  0\n");
	seen = {{}, 3000};
	EXPECT_EQ(perfbuf_recording_read(recording, use, &seen), 7) << "what the caller returned";
	EXPECT_EQ(std::count(seen.said.begin(), seen.said.end(), '\n'), 2);
	perfbuf_recording_close(recording);
	perfbuf_recording_close(nullptr);
}

TEST(Library, CSaysInASentenceWhatFailed)
{
	scratch_directory scratch;
	perfbuf_recording *recording = nullptr;
	EXPECT_EQ(perfbuf_recording_open((scratch / "nothing").c_str(), &recording), -ENOENT);
	EXPECT_NE(std::string(perfbuf_error()).find("nothing cannot be opened: No such file"),
		  std::string::npos)
		<< perfbuf_error();
	perfbuf_session *session = nullptr;
	const char *name = "nosuchsource:event";
	EXPECT_EQ(perfbuf_session_open(&name, 1, -1, 0, &session), -ENOENT);
	EXPECT_NE(std::string(perfbuf_error()).find("no source \"nosuchsource\""),
		  std::string::npos);
	EXPECT_EQ(perfbuf_session_open(&name, 0, -1, 0, &session), -EINVAL);
	EXPECT_EQ(perfbuf_reader_version(), unsigned{PERFBUF_READER_VERSION});
}

/* What programs were linked against stays; what is new is said in reader.map. */
TEST(Library, TheSharedLibraryExportsWhatItsMapNamesAndNoMore)
{
	scratch_directory scratch;
	const auto exported = scratch.run("nm -D --defined-only " PERFBUF_READER_C
					  " | awk '$2 == \"T\" { print $3 }' | sort");
	const auto named = scratch.run(
		"sed -n 's/^\t\t\\(perfbuf_.*\\);/\\1@@PERFBUF_READER_1/p' " PERFBUF_READER_MAP
		" | sort");
	EXPECT_EQ(exported.out, named.out);
	EXPECT_GT(count_lines(named.out, "perfbuf_"), 30u);
	const auto declared = scratch.run("grep -oE '\\bperfbuf_[a-z_]+\\(' " PERFBUF_READER_SOURCE
					  "/include/perfbuf/reader.h | tr -d '(' | sort -u");
	std::istringstream lines(named.out);
	for (std::string line; std::getline(lines, line);)
		EXPECT_NE(("\n" + declared.out).find("\n" + line.substr(0, line.find('@')) + "\n"),
			  std::string::npos)
			<< line;
	const auto soname = scratch.run("objdump -p " PERFBUF_READER_C);
	EXPECT_NE(soname.out.find("libperfbuf-reader.so.1\n"), std::string::npos);
}

TEST(Library, PythonReadsARecording)
{
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
	const std::string python =
		"PERFBUF_READER_LIBRARY=" PERFBUF_READER_C
		" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=" PERFBUF_READER_SOURCE "/python python3 ";
	std::ofstream(scratch / "read.py")
		<< "import perfbuf\n"
		   "for sample in perfbuf.Recording('perf.data'):\n"
		   "    print(sample.time, sample.event, sample['a_s8'], sample['lanes'],\n"
		   "          sample['state'], sample['message'], sample['blob'])\n"
		   "messages = []\n"
		   "with perfbuf.Recording('perf.data') as recording:\n"
		   "    recording.each(lambda sample: messages.append(sample['message']))\n"
		   "print(messages)\n"
		   "try:\n"
		   "    recording.each(lambda sample: 1 / 0)\n"
		   "except ValueError as error:\n"
		   "    print(error)\n"
		   "try:\n"
		   "    perfbuf.Recording('perf.data').each(lambda sample: 1 / 0)\n"
		   "except ZeroDivisionError as error:\n"
		   "    print(error)\n"
		   "try:\n"
		   "    perfbuf.Recording('nothing')\n"
		   "except OSError as error:\n"
		   "    print(error.errno, error.strerror)\n"
		   "try:\n"
		   "    perfbuf.Session('nosuchsource')\n"
		   "except FileNotFoundError as error:\n"
		   "    print(error.strerror[:42])\n";
	const auto said = scratch.run(python + "read.py");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(said.out,
		  "1000 mydev:other -128 [0, 0, 0, 0] none  b''\n"
		  "3000 mydev:all 127 [65535, 32768, 1, 0] runs a message b'\\x00\\x7f\\xff'\n"
		  "4000 mydev:other 127 [65535, 32768, 1, 0] runs a message "
		  "b'\\x00\\x7f\\xff'\n"
		  "5000 mydev:all -128 [0, 0, 0, 0] none  b''\n"
		  "['', 'a message', 'a message', '']\n"
		  "it is closed\n"
		  "division by zero\n"
		  "2 nothing cannot be opened: No such file or directory\n"
		  "there is no source \"nosuchsource\": the sou\n");
}

TEST(Library, TheExampleReadsARecording)
{
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
	const auto said = scratch.run(PERFBUF_EXAMPLE_READ_PERF_DATA " perf.data a_u8");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(said.out, "mydev:all: 2 samples, 255\nmydev:other: 2 samples, 255\n");
}

// As somebody has it who installs: other places, and what pkg-config says of them.
TEST(Library, WhatIsInstalledBuildsAndRunsTheExamples)
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
