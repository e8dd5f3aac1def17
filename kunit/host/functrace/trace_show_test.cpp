// SPDX-License-Identifier: GPL-2.0
// Tests of the texts that are printed of a function trace's file.
#include "functrace/recording.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tracefile/reader.hpp"
#include "tracefile/show.hpp"
#include "tracefile/writer.hpp"

namespace
{

using namespace functrace_test;
std::string shown(std::span<const std::byte> bytes, tracefile::format how)
{
	auto file = tracefile::reader_file::open(memory_file(bytes), "FILE");
	if (!file)
		return file.error().text;
	char *text = nullptr;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	EXPECT_TRUE(tracefile::show(*file, how, to));
	fclose(to);
	std::string all(text, size);
	free(text);
	return all;
}

/* Two CPUs, a loss, a full area without a count, a name that needs care, a gap. */
std::vector<std::byte> small_trace()
{
	stream first(0, 4096, 0);
	stream second(0, 4096, 1);
	first.add({1'000'000'001, text, 8, "sh"});
	first.add({1'000'000'500, text + 0x44, 8, "sh"});
	first.made.missed(3);
	first.add({3'000'000'000, text, 8, "sh"});
	second.add({1'000'000'300, 0xffffffffc0000010, 12, "a\"b\\\x1b\xff"});
	const size_t until = second.bytes.size();
	second.end();
	second.add({2'000'000'000, text + 0x80000000, 13, "last"});
	tracefile::symbol_table names;
	names.add(text, "first", "", text + 0x1000);
	names.add(text + 0x40, "second", "", text + 0x1000);
	names.add(text + 0x40, "another_name_of_it", "", text + 0x1000);
	names.add(0xffffffffc0000000, "read", "ext4", 0xffffffffc0001000);
	names.sort();
	tracefile::writer to(memory_file());
	EXPECT_TRUE(to.begin({{"command", "perfbuf trace -- sh"}}));
	EXPECT_TRUE(to.symbols(names));
	EXPECT_TRUE(to.bytes(1, 1, 0, std::span(second.bytes).first(until), true));
	EXPECT_TRUE(to.bytes(0, 0, 0, first.bytes, false));
	EXPECT_TRUE(to.bytes(1, 1, until, std::span(second.bytes).subspan(until), false));
	EXPECT_TRUE(to.finish({}));
	auto fd = to.release_file();
	return content_of(fd.get());
}

TEST(trace_shown, text_output_shows_calls_losses_and_escaped_names)
{
	EXPECT_EQ(shown(small_trace(), tracefile::format::text),
		  "# command: perfbuf trace -- sh\n"
		  "#           time   cpu comm                    pid/tid  function\n"
		  "     1.000000001 [000] sh                          2/8  first\n"
		  "     1.000000300 [001] a\"b\\?\xff                     3/12  read [ext4]\n"
		  "     1.000000500 [000] sh                          2/8  second\n"
		  "     2.000000000 [001] -- the buffer was full, calls are missing since "
		  "1.000000300\n"
		  "     2.000000000 [001] last                       3/13  0x1000000\n"
		  "     3.000000000 [000] -- 3 calls lost since 1.000000500\n"
		  "     3.000000000 [000] sh                          2/8  first\n");
}

TEST(trace_shown, a_histogram_counts_the_calls_of_each_function_and_the_losses)
{
	EXPECT_EQ(shown(small_trace(), tracefile::format::histogram),
		  "#      calls    share  function\n"
		  "           2   40.00%  first\n"
		  "           1   20.00%  0x1000000\n"
		  "           1   20.00%  read [ext4]\n"
		  "           1   20.00%  second\n"
		  "# CPU 0 between 1.000000500 and 3.000000000: 3 calls lost in 1 place\n"
		  "# CPU 1 between 1.000000300 and 2.000000000: the buffer was full 1 time\n");
}

TEST(trace_shown, json_output_has_processes_threads_calls_and_losses)
{
	EXPECT_EQ(
		shown(small_trace(), tracefile::format::json),
		R"({"displayTimeUnit":"ns","otherData":{"command":"perfbuf trace -- sh"},"traceEvents":[
{"ph":"M","name":"process_name","pid":2,"tid":8,"args":{"name":"sh"}},
{"ph":"M","name":"thread_name","pid":2,"tid":8,"args":{"name":"sh"}},
{"ph":"i","s":"t","name":"first","pid":2,"tid":8,"ts":1000000.001,"args":{"cpu":0}},
{"ph":"M","name":"process_name","pid":3,"tid":12,"args":{"name":"a\"b\\\u001b\ufffd"}},
{"ph":"M","name":"thread_name","pid":3,"tid":12,"args":{"name":"a\"b\\\u001b\ufffd"}},
{"ph":"i","s":"t","name":"read [ext4]","pid":3,"tid":12,"ts":1000000.300,"args":{"cpu":1}},
{"ph":"i","s":"t","name":"second","pid":2,"tid":8,"ts":1000000.500,"args":{"cpu":0}},
{"ph":"i","s":"g","name":"CPU 1: the buffer was full, calls are missing since 1.000000300","pid":0,"tid":0,"ts":2000000.000,"args":{"cpu":1}},
{"ph":"M","name":"thread_name","pid":3,"tid":13,"args":{"name":"last"}},
{"ph":"i","s":"t","name":"0x1000000","pid":3,"tid":13,"ts":2000000.000,"args":{"cpu":1}},
{"ph":"i","s":"g","name":"CPU 0: 3 calls lost since 1.000000500","pid":0,"tid":0,"ts":3000000.000,"args":{"cpu":0}},
{"ph":"i","s":"t","name":"first","pid":2,"tid":8,"ts":3000000.000,"args":{"cpu":0}}
]}
)");
}

TEST(trace_shown, json_is_json_whatever_was_recorded)
{
	for (uint32_t seed = 0; seed < 4; seed++) {
		recording recording(seed, 2, 300, true); /* names of all bytes */
		auto bytes = recording.file(200);
		if (seed % 2)
			bytes[bytes.size() / 2] ^= std::byte{0xff};
		const std::string json = shown(bytes, tracefile::format::json);
		FILE *python = popen(
			"python3 -c 'import json,sys\n"
			"d=json.loads(sys.stdin.buffer.read().decode(\"utf-8\"))\n"
			"e=d[\"traceEvents\"]\n"
			"assert len([x for x in e if x[\"ph\"]==\"i\" and x[\"s\"]==\"t\"])>200\n"
			"assert all(x[\"ph\"]==\"M\" or x[\"ts\"]>0 for x in e)'",
			"w");
		ASSERT_TRUE(python);
		fwrite(json.data(), 1, json.size(), python);
		EXPECT_EQ(pclose(python), 0) << seed;
	}
}

TEST(trace_shown, json_strings_escape_controls_and_broken_utf8)
{
	EXPECT_EQ(tracefile::json_string("plain"), "\"plain\"");
	EXPECT_EQ(tracefile::json_string("\x01\x7f\"\\/"), "\"\\u0001\\u007f\\\"\\\\/\"");
	EXPECT_EQ(tracefile::json_string("\u00e4\u20ac\U0001f600"), "\"\u00e4\u20ac\U0001f600\"");
	/* Cut, alone, too long, a half of a pair, beyond the last. */
	EXPECT_EQ(tracefile::json_string("\xc3"), "\"\\ufffd\"");
	EXPECT_EQ(tracefile::json_string("\x80z"), "\"\\ufffdz\"");
	EXPECT_EQ(tracefile::json_string("\xc0\x80"), "\"\\ufffd\\ufffd\"");
	EXPECT_EQ(tracefile::json_string("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
	EXPECT_EQ(tracefile::json_string("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

/* A letter stays, of whatever code; what a terminal obeys does not: the controls behind ASCII's are
 * two bytes in UTF-8, and one elsewhere. */
TEST(trace_shown, a_name_does_not_reach_the_terminals_controls)
{
	EXPECT_EQ(tracefile::printable("a\x1b[1mb\n"), "a?[1mb?");
	EXPECT_EQ(tracefile::printable("\xc2\x9b"
				       "31m\xc2\x80\xc2\xa0"),
		  "?31m?\xc2\xa0");
	EXPECT_EQ(tracefile::printable("\x9b"
				       "31m\xff\xc2"),
		  "?31m\xff\xc2");
	EXPECT_EQ(tracefile::json_string("\xc2\x9b"
					 "31m"),
		  "\"\\u009b31m\"");
	EXPECT_EQ(tracefile::printable("\u00db\u20ac\U0001f600"), "\u00db\u20ac\U0001f600");
}

} // namespace
