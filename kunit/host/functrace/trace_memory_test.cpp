// SPDX-License-Identifier: GPL-2.0
// The memory that the reader takes for a file: what a file says may not make it grow without bound.
#include "functrace/append.hpp"
#include "functrace/recording.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <malloc.h>
#include <new>

#include "tracefile/reader.hpp"
#include "tracefile/show.hpp"

namespace
{

size_t live;
size_t most_live;

void *allocate(size_t size)
{
	void *memory = std::malloc(size ? size : 1);
	if (!memory)
		std::abort();
	live += malloc_usable_size(memory);
	most_live = std::max(most_live, live);
	return memory;
}

void release(void *memory)
{
	if (memory)
		live -= malloc_usable_size(memory);
	std::free(memory);
}

} // namespace

void *operator new(size_t size)
{
	return allocate(size);
}

// std::stable_sort() asks for space in this way.
void *operator new(size_t size, const std::nothrow_t &) noexcept
{
	return allocate(size);
}

void operator delete(void *memory) noexcept
{
	release(memory);
}

void operator delete(void *memory, size_t) noexcept
{
	release(memory);
}

void operator delete(void *memory, const std::nothrow_t &) noexcept
{
	release(memory);
}

namespace
{

using namespace functrace_test;

/* A stream by hand: the encoder would not make these. */
struct packets {
	void byte(uint8_t value) { bytes.push_back(static_cast<std::byte>(value)); }

	void number(uint64_t value)
	{
		for (; value >= 0x80; value >>= 7)
			byte(static_cast<uint8_t>(value | 0x80));
		byte(static_cast<uint8_t>(value));
	}

	void sync(uint64_t cpu, uint64_t lost)
	{
		for (uint8_t each : {0x7f, 0x7f, 0x7f, 0x7f, 0x80})
			byte(each);
		const size_t body = bytes.size();
		for (uint64_t each : {uint64_t{2}, cpu, uint64_t{0}, uint64_t{1}, lost})
			number(each);
		uint8_t sum = 0;
		for (size_t at = body; at < bytes.size(); at++)
			sum = static_cast<uint8_t>(sum * 5 + std::to_integer<uint8_t>(bytes[at]));
		byte(sum | 0x80);
	}

	void context(uint32_t thread)
	{
		byte(0x0f);
		number(thread);
		number(thread);
		byte(0);
	}

	void call_of_the_next_function()
	{
		for (uint8_t each : {0x1f, 0x00, 0x00, 0x02})
			byte(each);
	}

	std::vector<std::byte> bytes;
};

unique_fd file_with(const std::function<void(tracefile::writer &)> &fill)
{
	tracefile::writer to(memory_file());
	EXPECT_TRUE(to.begin({}));
	fill(to);
	EXPECT_TRUE(to.finish({}));
	return to.release_file();
}

unique_fd file_of(const packets &all)
{
	return file_with(
		[&](tracefile::writer &to) { EXPECT_TRUE(to.bytes(0, 0, 0, all.bytes, false)); });
}

unique_fd file_of_functions(size_t count)
{
	packets all;
	all.sync(0, 0);
	for (size_t i = 0; i < count; i++)
		all.call_of_the_next_function();
	return file_of(all);
}

unique_fd file_of_threads(size_t count)
{
	packets all;
	all.sync(0, 0);
	for (size_t i = 0; i < count; i++) {
		all.context(static_cast<uint32_t>(i + 1));
		all.call_of_the_next_function();
	}
	return file_of(all);
}

unique_fd file_of_cpus(size_t count)
{
	packets all;
	for (size_t i = 0; i < count; i++)
		all.sync(i, 1);
	return file_of(all);
}

/* Each in a chunk of its own, which the writer would not do. */
unique_fd file_of_chunks(size_t count, size_t streams)
{
	packets written;
	written.sync(0, 1);
	return file_with([&](tracefile::writer &to) {
		for (size_t i = 0; i < count; i++)
			EXPECT_TRUE(to.bytes(static_cast<uint32_t>(i % streams), 0,
					     i / streams * written.bytes.size(), written.bytes,
					     false));
	});
}

unique_fd file_of_symbols(size_t count)
{
	tracefile::symbol_table names; /* as many as a table takes */
	const size_t each = std::min(count, tracefile::most_symbols);
	for (size_t i = 0; i < each; i++)
		names.add(i, "f", {}, 0);
	return file_with([&](tracefile::writer &to) {
		for (size_t written = 0; written < count; written += each)
			EXPECT_TRUE(to.symbols(names));
	});
}

struct use {
	uint64_t file = 0;   /* bytes */
	uint64_t memory = 0; /* at most */
};

use use_of(unique_fd from, tracefile::format how)
{
	use of;
	of.file = static_cast<uint64_t>(lseek(from.get(), 0, SEEK_END));
	FILE *nowhere = fopen("/dev/null", "w");
	const size_t before = most_live = live;
	{
		auto file = tracefile::reader_file::open(std::move(from), "FILE");
		EXPECT_TRUE(file && tracefile::show(*file, how, nowhere));
	}
	of.memory = most_live - before;
	EXPECT_GT(of.memory, 0u) << "operator new is not that of this file";
	fclose(nowhere);
	return of;
}

/* A file twice as long takes a few times what it is longer at most. */
void expect_bounded(const use &once, const use &twice)
{
	ASSERT_GT(twice.file, once.file);
	EXPECT_LE(twice.memory, once.memory + 3 * (twice.file - once.file))
		<< once.memory << " bytes for a file of " << once.file << ", " << twice.memory
		<< " for one of " << twice.file;
}

constexpr size_t beyond(size_t limit)
{
	return limit + limit / 8;
}

TEST(trace_memory, memory_does_not_grow_with_functions_without_end)
{
	for (const auto how : {tracefile::format::text, tracefile::format::histogram}) {
		const size_t count = beyond(tracefile::most_functions);
		expect_bounded(use_of(file_of_functions(count), how),
			       use_of(file_of_functions(2 * count), how));
	}
}

TEST(trace_memory, memory_does_not_grow_with_threads_without_end)
{
	const size_t count = beyond(tracefile::most_functions);
	const auto how = tracefile::format::json;
	expect_bounded(use_of(file_of_threads(count), how),
		       use_of(file_of_threads(2 * count), how));
}

TEST(trace_memory, memory_does_not_grow_with_cpus_without_end)
{
	const size_t count = beyond(perfbuf::reader::functrace::most_cpus);
	const auto how = tracefile::format::histogram;
	expect_bounded(use_of(file_of_cpus(count), how), use_of(file_of_cpus(2 * count), how));
}

TEST(trace_memory, memory_does_not_grow_with_symbols_without_end)
{
	const size_t count = tracefile::most_symbols;
	const auto how = tracefile::format::histogram;
	expect_bounded(use_of(file_of_symbols(count), how),
		       use_of(file_of_symbols(2 * count), how));
}

TEST(trace_memory, memory_does_not_grow_with_chunks_without_end)
{
	const auto how = tracefile::format::histogram;
	expect_bounded(use_of(file_of_chunks(100'000, 1), how),
		       use_of(file_of_chunks(200'000, 1), how));
}

TEST(trace_memory, memory_does_not_grow_with_streams_without_end)
{
	const size_t count = beyond(tracefile::most_streams);
	const auto how = tracefile::format::histogram;
	expect_bounded(use_of(file_of_chunks(count, count), how),
		       use_of(file_of_chunks(2 * count, 2 * count), how));
}

/* The symbols that are not kept are counted, and the count is printed. */
TEST(trace_memory, functions_beyond_the_limit_are_counted_together)
{
	const size_t more = 1000;
	auto file = tracefile::reader_file::open(
		file_of_functions(tracefile::most_functions + more), "FILE");
	ASSERT_TRUE(file);
	char *text = nullptr;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	const auto seen = tracefile::show(*file, tracefile::format::histogram, to);
	fclose(to);
	const std::string shown(text, size);
	free(text);
	ASSERT_TRUE(seen);
	EXPECT_EQ(seen->calls, tracefile::most_functions + more);
	EXPECT_EQ(seen->by_function.size(), tracefile::most_functions);
	EXPECT_EQ(seen->of_others, more);
	EXPECT_NE(shown.find("        1000    0.19%  (other functions)\n"), std::string::npos);
}

TEST(trace_memory, symbols_beyond_the_limit_are_damage)
{
	auto file =
		tracefile::reader_file::open(file_of_symbols(2 * tracefile::most_symbols), "FILE");
	ASSERT_TRUE(file);
	EXPECT_EQ(file->symbols().size(), tracefile::most_symbols);
	EXPECT_GT(file->damaged().bad_bytes, 0u);
}

/* As a header may claim it; and what is shorter than it says. */
TEST(trace_memory, a_size_that_a_header_only_claims_allocates_nothing)
{
	for (const uint32_t size : {tracefile::most_payload, UINT32_MAX}) {
		std::vector<std::byte> bytes;
		append(bytes, tracefile::file_header{});
		tracefile::chunk_header header;
		header.type = static_cast<uint16_t>(tracefile::chunk_type::symbols);
		header.size = size;
		header.header_check = tracefile::header_check_of(header);
		append(bytes, header);
		EXPECT_LT(use_of(memory_file(bytes), tracefile::format::text).memory, 100'000u);
		auto file = tracefile::reader_file::open(memory_file(bytes), "FILE");
		ASSERT_TRUE(file);
		EXPECT_TRUE(file->damaged().cut);
	}
}

} // namespace
