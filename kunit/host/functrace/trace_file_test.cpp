// SPDX-License-Identifier: GPL-2.0
// The file of a function trace: written, cut, damaged, read and shown.
#include "functrace/generator.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tracefile/crc32.hpp"
#include "tracefile/reader.hpp"
#include "tracefile/show.hpp"
#include "tracefile/writer.hpp"

namespace
{

using namespace functrace_test;
namespace tracefile = perfbuf::tracefile;
using perfbuf::reader::unique_fd;

unique_fd memory_file(std::span<const std::byte> content = {})
{
	unique_fd fd(memfd_create("trace", MFD_CLOEXEC));
	EXPECT_EQ(write(fd.get(), content.data(), content.size()), ssize_t(content.size()));
	return fd;
}

std::vector<std::byte> content_of(int fd)
{
	std::vector<std::byte> all(static_cast<size_t>(lseek(fd, 0, SEEK_END)));
	EXPECT_EQ(pread(fd, all.data(), all.size(), 0), ssize_t(all.size()));
	return all;
}

/* Its life: streams are filled, then written in pieces as a recorder finds them. */
struct recording {
	explicit recording(uint32_t seed, int cpus = 3, int calls_each = 400, bool loses = false)
		: random(seed)
	{
		for (int cpu = 0; cpu < cpus; cpu++) {
			generator calls(seed * 10 + cpu);
			streams.emplace_back(0, 256, cpu);
			expected.emplace_back();
			for (int i = 0; i < calls_each; i++) {
				const call next = calls.next();
				const bool keeps = !loses || calls.random() % 30;
				streams.back().add(next, keeps);
				if (keeps)
					expected.back().push_back(next);
			}
		}
	}

	tracefile::symbol_table names() const
	{
		tracefile::symbol_table table;
		for (int i = 0; i < 40; i++)
			table.add(text + 0x40 * i, "function_" + std::to_string(i), "",
				  text + 0x2000000);
		table.add(0xffffffffc0000000, "in_module", "mod", 0xffffffffc0100000);
		table.sort();
		return table;
	}

	/* @return what finish() says was given up */
	uint64_t write_to(tracefile::writer &to, size_t most = 700)
	{
		(void)to.begin({{"command", "perfbuf trace"}, {"host", "here"}});
		(void)to.symbols(names());
		std::vector<size_t> at(streams.size());
		for (bool more = true; more;) {
			more = false;
			for (size_t i = 0; i < streams.size(); i++) {
				const auto rest = std::span(streams[i].bytes).subspan(at[i]);
				const auto piece = rest.first(
					std::min<size_t>(rest.size(), random() % most + 1));
				(void)to.bytes(uint32_t(i), uint32_t(i), start + at[i], piece,
					       false);
				at[i] += piece.size();
				more |= at[i] < streams[i].bytes.size();
			}
		}
		const auto given_up = to.finish({{"calls", "1"}});
		EXPECT_TRUE(given_up);
		return given_up ? *given_up : 0;
	}

	std::vector<std::byte> file(size_t most = 700)
	{
		tracefile::writer to(memory_file());
		EXPECT_EQ(write_to(to, most), 0);
		auto fd = to.take_file();
		return content_of(fd.get());
	}

	static constexpr uint64_t start = 4096; /* of each stream: areas go on where others ended */
	std::mt19937 random;
	std::vector<stream> streams;
	std::vector<std::vector<call>> expected; /* of each CPU */
};

struct contents {
	std::vector<std::vector<call>> calls; /* of each CPU */
	uint64_t lost = 0;
	uint64_t damaged = 0;
	uint64_t full = 0;
	bool sorted = true;
	tracefile::damage damage;
	size_t names = 0;
};

contents read_all(tracefile::reader_file &file, size_t cpus = 3)
{
	contents out;
	out.calls.resize(cpus);
	tracefile::merge all(file);
	uint64_t last = 0;
	while (const auto one = all.next()) {
		out.sorted &= one->time >= last;
		last = one->time;
		if (one->kind == tracefile::what::call && one->cpu < cpus)
			out.calls[one->cpu].push_back(
				{one->time, one->address, one->who ? one->who->tid : 0,
				 one->who ? std::string(one->who->name()) : ""});
		out.lost += one->kind == tracefile::what::lost ? one->count : 0;
		out.damaged += one->kind == tracefile::what::damaged ? one->count : 0;
		out.full += one->kind == tracefile::what::full;
	}
	out.damage = file.damaged();
	out.names = file.symbols().size();
	return out;
}

std::optional<contents> read_bytes(std::span<const std::byte> bytes, std::string *why = nullptr)
{
	auto file = tracefile::reader_file::open(memory_file(bytes), "FILE");
	if (!file) {
		if (why)
			*why = file.error().text;
		return std::nullopt;
	}
	return read_all(*file);
}

bool is_subsequence(const std::vector<call> &part, const std::vector<call> &of)
{
	size_t at = 0;
	for (const auto &each : part) {
		while (at < of.size() && !(of[at] == each))
			at++;
		if (at++ == of.size())
			return false;
	}
	return true;
}

TEST(trace_file, what_goes_in_comes_out_by_time)
{
	for (uint32_t seed = 0; seed < 6; seed++) {
		recording one(seed, 3, 400, seed % 2);
		const auto got = read_bytes(one.file(seed == 5 ? 200'000 : 700));
		ASSERT_TRUE(got);
		EXPECT_EQ(got->calls, one.expected);
		EXPECT_TRUE(got->sorted);
		EXPECT_FALSE(got->damage.any());
		EXPECT_EQ(got->names, 41);
		EXPECT_EQ(got->lost > 0, seed % 2 == 1);
	}
}

TEST(trace_file, pieces_longer_than_a_chunk)
{
	recording one(1, 1, 60'000);
	ASSERT_GT(one.streams[0].bytes.size(), 2 * tracefile::most_payload);
	const auto got = read_bytes(one.file(1'000'000));
	ASSERT_TRUE(got);
	EXPECT_EQ(got->calls[0], one.expected[0]);
}

TEST(trace_file, cut_at_every_byte_it_gives_what_is_whole)
{
	recording one(2, 3, 60);
	const auto whole = one.file(150);
	size_t before = 0;
	for (size_t size = 0; size < whole.size(); size++) {
		std::string why;
		const auto got = read_bytes(std::span(whole).first(size), &why);
		if (size < sizeof(tracefile::file_header)) {
			ASSERT_FALSE(got);
			ASSERT_NE(why.find("is no function trace"), std::string::npos) << why;
			continue;
		}
		ASSERT_TRUE(got) << size;
		ASSERT_TRUE(got->damage.any()) << size;
		size_t calls = 0;
		for (size_t cpu = 0; cpu < 3; cpu++) {
			const auto &part = got->calls[cpu];
			ASSERT_LE(part.size(), one.expected[cpu].size());
			ASSERT_TRUE(
				std::equal(part.begin(), part.end(), one.expected[cpu].begin()));
			calls += part.size();
		}
		ASSERT_GE(calls, before) << size;
		before = calls;
	}
	EXPECT_EQ(before, 180);
}

TEST(trace_file, wrong_bytes_make_no_wrong_calls)
{
	recording one(3, 3, 120);
	const auto whole = one.file(150);
	std::mt19937 random(17);
	for (int i = 0; i < 4000; i++) {
		auto bytes = whole;
		const size_t where = random() % bytes.size();
		const size_t until =
			std::min(bytes.size(), where + 1 + random() % (i % 4 ? 2 : 300));
		for (size_t at = where; at < until; at++)
			bytes[at] = static_cast<std::byte>(random());
		const auto got = read_bytes(bytes);
		if (!got)
			continue; /* the file's header */
		size_t calls = 0;
		for (size_t cpu = 0; cpu < 3; cpu++) {
			ASSERT_TRUE(is_subsequence(got->calls[cpu], one.expected[cpu])) << i;
			calls += got->calls[cpu].size();
		}
		/* Nobody checks the zeros behind a payload. */
		ASSERT_TRUE(calls == 360 || got->damage.any() || got->damaged) << i;
	}
}

TEST(trace_file, a_chunk_that_is_missing_costs_its_calls_alone)
{
	recording one(4, 1, 400);
	auto bytes = one.file(300);
	/* The third chunk of bytes. */
	auto file = tracefile::reader_file::open(memory_file(bytes), "FILE");
	ASSERT_TRUE(file);
	const auto place = file->streams().at(0).at(2);
	bytes[place.at + sizeof(tracefile::chunk_header)] ^= std::byte{1};
	const auto torn = read_bytes(bytes);
	ASSERT_TRUE(torn);
	EXPECT_TRUE(is_subsequence(torn->calls[0], one.expected[0]));
	EXPECT_LT(torn->calls[0].size(), 400);
	EXPECT_GT(torn->calls[0].size(), 250);
	EXPECT_GE(torn->damaged, place.size);
	EXPECT_EQ(torn->damage.bad_bytes,
		  sizeof(tracefile::chunk_header) + tracefile::padded(place.size));

	/* Without the whole of it, its number tells. */
	const auto first = bytes.begin() + ptrdiff_t(place.at);
	bytes.erase(first, first + ptrdiff_t(sizeof(tracefile::chunk_header) +
					     tracefile::padded(place.size)));
	const auto gone = read_bytes(bytes);
	ASSERT_TRUE(gone);
	EXPECT_EQ(gone->damage.missing_chunks, 1);
	EXPECT_EQ(gone->damage.bad_bytes, 0);
	EXPECT_EQ(gone->calls, torn->calls);
}

TEST(trace_file, any_bytes_are_read)
{
	std::mt19937 random(5);
	const tracefile::file_header header;
	for (int i = 0; i < 500; i++) {
		std::vector<std::byte> bytes(sizeof(header) + random() % 400);
		for (auto &byte : bytes)
			byte = static_cast<std::byte>(random());
		memcpy(bytes.data(), &header, sizeof(header));
		const auto got = read_bytes(bytes);
		ASSERT_TRUE(got);
		ASSERT_TRUE(got->damage.any());
	}
}

/* Of this process, so far. */
uint64_t bytes_read()
{
	std::ifstream counts("/proc/self/io");
	std::string name;
	uint64_t value = 0;
	counts >> name >> value;
	EXPECT_EQ(name, "rchar:");
	return value;
}

TEST(trace_file, damage_in_many_places_is_not_read_over_and_over)
{
	std::vector<std::byte> bytes;
	const auto put = [&](const auto &of) {
		const auto view = std::as_bytes(std::span(&of, 1));
		bytes.insert(bytes.end(), view.begin(), view.end());
	};
	put(tracefile::file_header());
	for (uint32_t number = 0; number < 20000; number++) {
		tracefile::chunk_header header;
		header.type = static_cast<uint16_t>(tracefile::chunk_type::bytes);
		header.number = number;
		header.header_check = tracefile::crc32(
			std::as_bytes(std::span(&header, 1))
				.first(offsetof(tracefile::chunk_header, header_check)));
		put(header);
		put(uint64_t{0});
	}
	unique_fd fd = memory_file(bytes);
	const uint64_t before = bytes_read();
	auto file = tracefile::reader_file::open(std::move(fd), "FILE");
	ASSERT_TRUE(file);
	EXPECT_EQ(file->damaged().bad_bytes, 20000 * sizeof(uint64_t));
	EXPECT_LT(bytes_read() - before, 40 * bytes.size());
}

TEST(trace_file, other_files_are_told_apart)
{
	const auto why = [](std::string_view content) {
		std::string said;
		EXPECT_FALSE(read_bytes(std::as_bytes(std::span(content)), &said));
		EXPECT_EQ(said.find('\n'), std::string::npos);
		return said;
	};
	EXPECT_NE(why("").find("is no function trace"), std::string::npos);
	EXPECT_NE(why("#!/bin/sh\necho a longer file\n").find("is no function trace"),
		  std::string::npos);
	EXPECT_NE(why("PERFILE2 and what follows it").find("FILE.functrace"), std::string::npos);
	tracefile::file_header later;
	later.version = 2;
	EXPECT_NE(why({reinterpret_cast<const char *>(&later), sizeof(later)}).find("of version 2"),
		  std::string::npos);
	int ends[2];
	ASSERT_EQ(pipe(ends), 0);
	close(ends[1]);
	EXPECT_FALSE(tracefile::reader_file::open(unique_fd(ends[0]), "pipe"));
}

TEST(trace_file, on_a_full_disk_it_is_closed_in_order)
{
	signal(SIGXFSZ, SIG_IGN);
	const size_t full = recording(6, 2, 100).file(200).size();
	rlimit before;
	getrlimit(RLIMIT_FSIZE, &before);
	for (size_t most = full - 1; most > 2200; most -= most > full - 300 ? 1 : 41) {
		recording one(6, 2, 100);
		std::string name = "/tmp/perfbuf-trace-XXXXXX";
		unique_fd fd(mkstemp(name.data()));
		ASSERT_TRUE(fd);
		unlink(name.c_str());
		tracefile::writer to(std::move(fd));
		const rlimit limit = {most, before.rlim_max};
		setrlimit(RLIMIT_FSIZE, &limit);
		const uint64_t given_up = one.write_to(to, 200);
		setrlimit(RLIMIT_FSIZE, &before);
		ASSERT_GT(given_up, 0) << most;
		auto file = tracefile::reader_file::open(to.take_file(), "FILE");
		ASSERT_TRUE(file);
		const auto got = read_all(*file, 2);
		ASSERT_FALSE(got.damage.any()) << most;
		for (size_t cpu = 0; cpu < 2; cpu++)
			ASSERT_TRUE(std::equal(got.calls[cpu].begin(), got.calls[cpu].end(),
					       one.expected[cpu].begin()));
	}
}

/* As on a full disk, where the newest chunks make room for the end. */
TEST(trace_file, an_end_within_a_packet_is_no_fault_of_the_source)
{
	stream one(0, 4096, 0);
	one.add({1000, text, 8, "sh"});
	one.add({2000, text + 0x44, 8, "sh"});
	tracefile::writer to(memory_file());
	ASSERT_TRUE(to.begin({}));
	ASSERT_TRUE(to.bytes(0, 0, 0, std::span(one.bytes).first(one.bytes.size() - 1), false));
	ASSERT_TRUE(to.finish({}));
	auto file = tracefile::reader_file::open(to.take_file(), "FILE");
	ASSERT_TRUE(file);
	const auto seen = tracefile::count(*file);
	EXPECT_EQ(seen.calls, 1);
	EXPECT_EQ(seen.all().bytes, 0);
	EXPECT_GT(seen.all().cut, 0);
	EXPECT_FALSE(file->damaged().any());
}

/* ---------------- what is shown */

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

/* Two CPUs, a loss, a full area that nobody counted, a name that needs care, a gap. */
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
	auto fd = to.take_file();
	return content_of(fd.get());
}

TEST(trace_shown, as_text)
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

TEST(trace_shown, as_histogram)
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

TEST(trace_shown, as_json)
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
		recording one(seed, 2, 300, true); /* names of all bytes */
		auto bytes = one.file(200);
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

TEST(trace_shown, strings_are_escaped)
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
	EXPECT_EQ(tracefile::printable("a\x1b[1mb\n"), "a?[1mb?");
}

/* ---------------- names */

std::string text_file(const std::string &content)
{
	std::string name = "/tmp/perfbuf-symbols-XXXXXX";
	unique_fd fd(mkstemp(name.data()));
	EXPECT_EQ(write(fd.get(), content.data(), content.size()), ssize_t(content.size()));
	return name;
}

tracefile::symbol_table sample_symbols()
{
	const std::string kallsyms = text_file("0000000000000000 A fixed_percpu_data\n"
					       "ffffffff81000000 T _text\n"
					       "ffffffff81000000 T startup_64\n"
					       "ffffffff81000100 t helper\n"
					       "ffffffff81000200 D a_variable\n"
					       "ffffffff81000200 W weak_one\n"
					       "ffffffff81001000 T _etext\n"
					       "ffffffff82000000 T init_code\n"
					       "ffffffffc0000040 t read\t[ext4]\n"
					       "ffffffffc0000000 t write\t[ext4]\n"
					       "ffffffffc0800000 t bpf_prog_1\t[bpf]\n"
					       "nonsense\n"
					       "ffffffff81000300 T \n");
	const std::string modules = text_file("ext4 4096 1 - Live 0xffffffffc0000000 "
					      "(E)\nbad\nother 12 0 - Live 0x0000000000000000\n");
	const auto table = tracefile::read_kernel_symbols(kallsyms, modules);
	unlink(kallsyms.c_str());
	unlink(modules.c_str());
	return table;
}

TEST(trace_symbols, names_are_those_that_the_kernel_gives)
{
	const auto table = sample_symbols();
	EXPECT_EQ(table.name_of(0xffffffff81000000), "_text") << "the first of several";
	EXPECT_EQ(table.name_of(0xffffffff81000104), "helper");
	EXPECT_EQ(table.name_of(0xffffffff810002ff), "weak_one");
	EXPECT_EQ(table.name_of(0xffffffffc0000044), "read [ext4]");
	EXPECT_EQ(table.name_of(0xffffffffc000003f), "write [ext4]");
	EXPECT_EQ(table.name_of(0xffffffffc0800004), "bpf_prog_1 [bpf]");
	/* Before, between and behind. */
	EXPECT_EQ(table.name_of(0xffffffff80ffffff), "0xffffffff80ffffff");
	EXPECT_EQ(table.name_of(0xffffffffc0001000), "0xffffffffc0001000");
	EXPECT_EQ(table.name_of(0xffffffffc0900000), "0xffffffffc0900000");
	EXPECT_EQ(table.name_of(0), "0x0");
}

TEST(trace_symbols, a_file_says_the_same)
{
	const auto table = sample_symbols();
	for (size_t most : {600, 65536}) {
		tracefile::symbol_table again;
		for (const auto &payload : table.payloads(most)) {
			EXPECT_LE(payload.size(), most);
			EXPECT_TRUE(again.add_payload(std::as_bytes(std::span(payload))));
		}
		again.sort();
		EXPECT_EQ(again.size(), table.size());
		for (uint64_t address :
		     {0xffffffff81000000, 0xffffffff81000104, 0xffffffffc0000044,
		      0xffffffffc000003f, 0xffffffffc0001000, 0xffffffffc0800004})
			EXPECT_EQ(again.name_of(address), table.name_of(address));
		EXPECT_TRUE(again.without(table).empty());
		EXPECT_EQ(again.without({}).size(), table.size());
	}
}

TEST(trace_symbols, what_came_later_is_told_apart)
{
	const auto before = sample_symbols();
	auto after = sample_symbols();
	after.add(0xffffffffc0000040, "other", "newer", 0xffffffffc0001000);
	after.add(0xffffffffc2000000, "late", "newer", 0xffffffffc2001000);
	after.sort();
	const auto more = after.without(before);
	ASSERT_EQ(more.size(), 1) << "the first of two at one address stays";
	EXPECT_EQ(more.name_of(0xffffffffc2000004), "late [newer]");
}

TEST(trace_symbols, payloads_that_make_no_sense)
{
	const std::string whole = sample_symbols().payloads(65536).front();
	for (size_t size = 0; size < whole.size(); size++) {
		tracefile::symbol_table table;
		(void)table.add_payload(std::as_bytes(std::span(whole)).first(size));
		table.sort();
		EXPECT_LE(table.size(), 4);
	}
	tracefile::symbol_table table;
	EXPECT_FALSE(table.add_payload({}));
}

} // namespace
