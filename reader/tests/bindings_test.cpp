// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The C API over the library, and Python over that. */
#include <algorithm>
#include <fstream>
#include <perfbuf/reader.h>
#include <sstream>

#include "run_command.hpp"
#include "two_events.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;
using namespace perfbuf::reader;

namespace
{

// A command that runs Python with the library that was built.
std::string python()
{
	return "PERFBUF_READER_LIBRARY=" PERFBUF_READER_C
	       " PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=" PERFBUF_READER_SOURCE "/python python3 ";
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

	write_two_events(scratch / "perf.data");
	ASSERT_EQ(perfbuf_recording_open((scratch / "perf.data").c_str(), &recording), 0);
	const auto *event = perfbuf_recording_event(recording, 0);
	EXPECT_EQ(perfbuf_event_field_find(event, "lane"), -ENOENT);
	EXPECT_STREQ(perfbuf_error(), "mydev:all has no field \"lane\"");
	EXPECT_EQ(perfbuf_event_field_is_array(event, 99), -EINVAL);
	EXPECT_NE(std::string(perfbuf_error()).find("mydev:all has no field 99"),
		  std::string::npos);
	const perfbuf_sample_fn use = [](void *, const perfbuf_sample *sample) {
		uint64_t value = 0;
		const auto of = perfbuf_event_field_find(perfbuf_sample_event(sample), "lanes");
		EXPECT_EQ(perfbuf_sample_integer(sample, static_cast<size_t>(of), 4, &value),
			  -EINVAL);
		EXPECT_STREQ(perfbuf_error(), "the field lanes of this sample has no integer 4");
		return 1;
	};
	EXPECT_EQ(perfbuf_recording_read(recording, use, nullptr), 1);
	perfbuf_recording_close(recording);
}

// The format of a recording may name fields that a payload does not have.
TEST(Library, AFieldThatIsNotInTheSampleHasNoElementsInCAndIsNoneInPython)
{
	scratch_directory scratch;
	auto longer = described("mydev:all", typed_id, all_file);
	const std::string field = "\tfield:u32 later;\toffset:60000;\tsize:4;\tsigned:0;\n";
	longer.format_text.insert(longer.format_text.find("\nprint fmt"), field);
	auto file = perf_data_writer::create(scratch / "perf.data", {&longer, 1});
	ASSERT_TRUE(file) << file.error().text;
	const auto sample = typed_sample(largest_values(), typed_id, all_file, 1000);
	ASSERT_TRUE(file->add(record(sample.view()), longer, 1000));
	ASSERT_TRUE(file->finish());
	perfbuf_recording *recording = nullptr;
	ASSERT_EQ(perfbuf_recording_open((scratch / "perf.data").c_str(), &recording), 0);
	const perfbuf_sample_fn use = [](void *, const perfbuf_sample *received) {
		const auto *of = perfbuf_sample_event(received);
		const int later = perfbuf_event_field_find(of, "later");
		EXPECT_GE(later, 0);
		EXPECT_EQ(perfbuf_sample_field_count(received, static_cast<size_t>(later)), 0u);
		return 1;
	};
	EXPECT_EQ(perfbuf_recording_read(recording, use, nullptr), 1);
	perfbuf_recording_close(recording);
	const auto said = scratch.run(python() + "-c 'import perfbuf\n"
						 "for sample in perfbuf.Recording(\"perf.data\"):\n"
						 "    print(sample[\"a_u8\"], sample[\"later\"])'");
	EXPECT_EQ(said.out, "255 None\n") << said.err;
}

/* Exports that programs were linked against stay; new ones are in reader.map. */
TEST(Library, TheSharedLibraryExportsWhatItsMapNamesAndNoMore)
{
	scratch_directory scratch;
	const auto exported = scratch.run("nm -D --defined-only " PERFBUF_READER_C
					  " | awk '$2 == \"T\" { print $3 }' | sort");
	const auto named = scratch.run(
		"awk '/^PERFBUF/ { node = $1 } /^\t\tperfbuf_/ { sub(\";\", \"@@\" node); "
		"print $1 }' " PERFBUF_READER_MAP " | sort");
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

TEST(Library, PythonReadsTheSamplesOfARecording)
{
	scratch_directory scratch;
	write_two_events(scratch / "perf.data");
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
		   "recording = perfbuf.Recording('perf.data')\n"
		   "try:\n"
		   "    recording.each(lambda sample: recording.close())\n"
		   "except ValueError as error:\n"
		   "    print(error)\n"
		   "recording.close()\n"
		   "try:\n"
		   "    perfbuf.Recording('nothing')\n"
		   "except OSError as error:\n"
		   "    print(error.errno, error.strerror)\n"
		   "try:\n"
		   "    perfbuf.Session('nosuchsource')\n"
		   "except FileNotFoundError as error:\n"
		   "    print(error.strerror[:34])\n";
	const auto said = scratch.run(python() + "read.py");
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
		  "it is passing samples: close it after the pass\n"
		  "2 nothing cannot be opened: No such file or directory\n"
		  "there is no source \"nosuchsource\":\n");
}

} // namespace
