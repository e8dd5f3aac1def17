// SPDX-License-Identifier: GPL-2.0
// The file of a function trace: written, cut, damaged and read.
#include "functrace/append.hpp"
#include "functrace/recording.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/resource.h>

#include "tracefile/reader.hpp"
#include "tracefile/show.hpp"
#include "tracefile/writer.hpp"

namespace
{

using namespace functrace_test;

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
	while (const auto event = all.next()) {
		out.sorted &= event->time >= last;
		last = event->time;
		if (event->kind == tracefile::event_kind::call && event->cpu < cpus)
			out.calls[event->cpu].push_back(
				{event->time, event->address, event->task ? event->task->tid : 0,
				 event->task ? std::string(event->task->name()) : ""});
		out.lost += event->kind == tracefile::event_kind::lost ? event->count : 0;
		out.damaged += event->kind == tracefile::event_kind::damaged ? event->count : 0;
		out.full += event->kind == tracefile::event_kind::full;
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

TEST(trace_file, calls_that_are_written_are_read_in_the_order_of_time)
{
	for (uint32_t seed = 0; seed < 6; seed++) {
		recording recording(seed, 3, 400, seed % 2);
		const auto got = read_bytes(recording.file(seed == 5 ? 200'000 : 700));
		ASSERT_TRUE(got);
		EXPECT_EQ(got->calls, recording.expected);
		EXPECT_TRUE(got->sorted);
		EXPECT_FALSE(got->damage.any());
		EXPECT_EQ(got->names, 41);
		EXPECT_EQ(got->lost > 0, seed % 2 == 1);
	}
}

TEST(trace_file, a_stream_longer_than_a_chunk_is_read_whole)
{
	recording recording(1, 1, 60'000);
	ASSERT_GT(recording.streams[0].bytes.size(), 2 * tracefile::most_payload);
	const auto got = read_bytes(recording.file(1'000'000));
	ASSERT_TRUE(got);
	EXPECT_EQ(got->calls[0], recording.expected[0]);
}

TEST(trace_file, a_file_cut_at_any_byte_gives_its_whole_chunks)
{
	recording recording(2, 3, 60);
	const auto whole = recording.file(150);
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
			ASSERT_LE(part.size(), recording.expected[cpu].size());
			ASSERT_TRUE(std::equal(part.begin(), part.end(),
					       recording.expected[cpu].begin()));
			calls += part.size();
		}
		ASSERT_GE(calls, before) << size;
		before = calls;
	}
	EXPECT_EQ(before, 180);
}

TEST(trace_file, wrong_bytes_make_no_wrong_calls)
{
	recording recording(3, 3, 120);
	const auto whole = recording.file(150);
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
			ASSERT_TRUE(is_subsequence(got->calls[cpu], recording.expected[cpu])) << i;
			calls += got->calls[cpu].size();
		}
		/* The reader does not check the zeros behind a payload. */
		ASSERT_TRUE(calls == 360 || got->damage.any() || got->damaged) << i;
	}
}

TEST(trace_file, a_chunk_that_is_missing_costs_its_calls_alone)
{
	recording recording(4, 1, 400);
	auto bytes = recording.file(300);
	/* The third chunk of bytes. */
	auto file = tracefile::reader_file::open(memory_file(bytes), "FILE");
	ASSERT_TRUE(file);
	const auto place = file->streams().at(0).at(2);
	bytes[place.at + sizeof(tracefile::chunk_header)] ^= std::byte{1};
	const auto torn = read_bytes(bytes);
	ASSERT_TRUE(torn);
	EXPECT_TRUE(is_subsequence(torn->calls[0], recording.expected[0]));
	EXPECT_LT(torn->calls[0].size(), 400);
	EXPECT_GT(torn->calls[0].size(), 250);
	EXPECT_GE(torn->damaged, place.size);
	EXPECT_EQ(torn->damage.bad_bytes,
		  sizeof(tracefile::chunk_header) + tracefile::padded(place.size));

	/* Without the whole chunk, the gap in the numbers shows it. */
	const auto first = bytes.begin() + ptrdiff_t(place.at);
	bytes.erase(first, first + ptrdiff_t(sizeof(tracefile::chunk_header) +
					     tracefile::padded(place.size)));
	const auto gone = read_bytes(bytes);
	ASSERT_TRUE(gone);
	EXPECT_EQ(gone->damage.missing_chunks, 1);
	EXPECT_EQ(gone->damage.bad_bytes, 0);
	EXPECT_EQ(gone->calls, torn->calls);
}

TEST(trace_file, the_reader_takes_any_bytes_without_a_crash)
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
	append(bytes, tracefile::file_header());
	for (uint32_t number = 0; number < 20000; number++) {
		tracefile::chunk_header header;
		header.type = static_cast<uint16_t>(tracefile::chunk_type::bytes);
		header.number = number;
		header.header_check = tracefile::header_check_of(header);
		append(bytes, header);
		append(bytes, uint64_t{0});
	}
	unique_fd fd = memory_file(bytes);
	const uint64_t before = bytes_read();
	auto file = tracefile::reader_file::open(std::move(fd), "FILE");
	ASSERT_TRUE(file);
	EXPECT_EQ(file->damaged().bad_bytes, 20000 * sizeof(uint64_t));
	EXPECT_LT(bytes_read() - before, 40 * bytes.size());
}

TEST(trace_file, files_of_another_format_are_refused_with_a_reason)
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

TEST(trace_file, a_file_on_a_full_disk_is_closed_in_order)
{
	signal(SIGXFSZ, SIG_IGN);
	const size_t full = recording(6, 2, 100).file(200).size();
	rlimit before;
	getrlimit(RLIMIT_FSIZE, &before);
	for (size_t most = full - 1; most > 2200; most -= most > full - 300 ? 1 : 41) {
		recording recording(6, 2, 100);
		std::string name = "/tmp/perfbuf-trace-XXXXXX";
		unique_fd fd(mkstemp(name.data()));
		ASSERT_TRUE(fd);
		unlink(name.c_str());
		tracefile::writer to(std::move(fd));
		const rlimit limit = {most, before.rlim_max};
		setrlimit(RLIMIT_FSIZE, &limit);
		const uint64_t given_up = recording.write_to(to, 200);
		setrlimit(RLIMIT_FSIZE, &before);
		ASSERT_GT(given_up, 0) << most;
		auto file = tracefile::reader_file::open(to.release_file(), "FILE");
		ASSERT_TRUE(file);
		const auto got = read_all(*file, 2);
		ASSERT_FALSE(got.damage.any()) << most;
		for (size_t cpu = 0; cpu < 2; cpu++)
			ASSERT_TRUE(std::equal(got.calls[cpu].begin(), got.calls[cpu].end(),
					       recording.expected[cpu].begin()));
	}
}

/* As on a full disk, where the newest chunks make space for the end. */
TEST(trace_file, an_end_within_a_packet_is_no_fault_of_the_source)
{
	stream stream(0, 4096, 0);
	stream.add({1000, text, 8, "sh"});
	stream.add({2000, text + 0x44, 8, "sh"});
	tracefile::writer to(memory_file());
	ASSERT_TRUE(to.begin({}));
	ASSERT_TRUE(
		to.bytes(0, 0, 0, std::span(stream.bytes).first(stream.bytes.size() - 1), false));
	ASSERT_TRUE(to.finish({}));
	auto file = tracefile::reader_file::open(to.release_file(), "FILE");
	ASSERT_TRUE(file);
	const auto seen = tracefile::count(*file);
	EXPECT_EQ(seen.calls, 1);
	EXPECT_EQ(seen.all().bytes, 0);
	EXPECT_GT(seen.all().cut, 0);
	EXPECT_FALSE(file->damaged().any());
}

} // namespace
