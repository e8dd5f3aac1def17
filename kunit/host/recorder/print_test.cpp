// SPDX-License-Identifier: GPL-2.0
/* Tests of the lines that are printed at a panic and at an oops, also of damaged rings. */
#include "glue/producer.h"
#include "glue/recorder.h"
#include "host.hpp"
#include "recorder/registry.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>
#include <utility>

namespace perfbuf
{

recorders &the_recorders() noexcept
{
	static recorders all;

	return all;
}

} // namespace perfbuf

using namespace perfbuf;

namespace
{

std::vector<std::string> lines;
/* Runs within the writing of the next line, as another CPU's panic or oops may. */
std::function<void()> on_line;

} // namespace

void pb_log_recorded(const char *line) noexcept
{
	lines.emplace_back(line);
	if (const auto within = std::exchange(on_line, nullptr))
		within();
}

/* No field is a pointer. */
void pb_print_pointer(char text[PB_POINTER_TEXT], __u64) noexcept
{
	text[0] = 0;
}

namespace
{

constexpr u32 id = 7;
constexpr u32 pages = 4;

const perfbuf_field fields[] = {
	{"u64", "number", nullptr, 8, 8, 1, PERFBUF_KIND_INT, 0},
	{"char", "text", nullptr, 16, 4, 1, PERFBUF_KIND_STRING, 0},
};

struct [[gnu::packed]] record {
	perf_event_header header = {PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, sizeof(record)};
	u32 pid = 4, tid = 5;
	u64 time = 0;
	u64 cpu = 0;
	u32 raw_bytes = 28;
	u16 type = id;
	u16 common = 0;
	u32 common_pid = 5;
	u64 number = 0;
	u32 text = 20 | 5 << 16;
	char letters[8] = "text";
};
static_assert(sizeof(record) == 64);

struct plain_origin final : record_origin {
	plain_origin() : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

class recorder_print : public testing::Test
{
protected:
	recorder_print()
	{
		of_.event.id = id;
		std::strcpy(of_.event.name, "step");
		EXPECT_TRUE(of_.event.layout.set({fields, 2, 20}));
		for (u32 cpu = 0; cpu < 2; cpu++) {
			auto made = perf_buffer::create({.nr_pages = pages,
							 .watermark = pages * page_size / 16,
							 .overwrite = true,
							 .marks = true});

			of_.cpus.push_back({cpu, made.take()});
		}
		the_recorders().newest = &of_;
		lines.clear();
	}
	~recorder_print() override
	{
		the_recorders().newest = nullptr;
		host::on_order_stores = nullptr;
		on_line = nullptr;
		for (auto &each : of_.cpus)
			each.ring.release()->put_unused();
		host::settle();
	}

	void put(u32 cpu, u64 number)
	{
		const plain_origin origin;
		record record;

		record.cpu = cpu;
		record.number = number;
		record.time = 1'000'000'000 + number;

		auto begun = of_.cpus[cpu].ring->begin(sizeof(record), origin);

		ASSERT_TRUE(begun);

		reservation to = begun.take();

		to.copy(&record, sizeof(record));
		to.commit();
	}
	/* Numbers 0 to @count - 1, in turn on each CPU. */
	void fill(u64 count)
	{
		for (u64 number = 0; number < count; number++)
			put(static_cast<u32>(number % 2), number);
	}

	static std::string line_of(u64 number)
	{
		return "1." + std::string(9 - std::to_string(number).size(), '0') +
		       std::to_string(number) + " cpu " + std::to_string(number % 2) +
		       " tid 5 testdev:step number=" + std::to_string(number) + " text=text";
	}
	/* Of the lines that the driver emitted, in order; how many others there are. */
	static size_t expect_in_order(size_t &others)
	{
		u64 last = 0;
		size_t good = 0;

		for (size_t i = 1; i < lines.size(); i++) {
			const size_t at = lines[i].find("number=");
			const u64 number = at == std::string::npos
						   ? 0
						   : std::strtoull(&lines[i][at + 7], nullptr, 10);

			if (number > 1'000'000 || lines[i] != line_of(number)) {
				others++;
				continue;
			}
			EXPECT_TRUE(good == 0 || last < number) << lines[i];
			last = number;
			good++;
		}
		return good;
	}

	recorder of_;
};

} // namespace

TEST_F(recorder_print, the_last_events_of_all_cpus_are_printed_in_the_order_of_time)
{
	fill(5000);
	perfbuf_print_recorded(PB_PRINT_AT_PANIC, 20);
	ASSERT_EQ(lines.size(), 21u);
	EXPECT_EQ(lines[0], "the last 20 events of all recorders; 0 were incomplete or damaged");
	for (u64 i = 0; i < 20; i++)
		EXPECT_EQ(lines[i + 1], line_of(4980 + i));
	lines.clear();
	perfbuf_print_recorded(PB_PRINT_AT_PANIC, 0);
	EXPECT_TRUE(lines.empty());
	perfbuf_print_recorded(PB_PRINT_AT_PANIC, 100000);
	EXPECT_GT(lines.size(), 2 * (pages * page_size * 15 / 16 / sizeof(record)) - 2);
	EXPECT_LE(lines.size(), 1025u);
}

/* Several CPUs may oops at once, and one may panic while another prints for an oops. */
TEST_F(recorder_print, a_second_oops_prints_nothing_while_the_first_prints_and_a_panic_prints)
{
	fill(100);
	const auto lines_of_an_oops_with = [](std::function<void()> within) {
		lines.clear();
		on_line = std::move(within);
		perfbuf_print_recorded(PB_PRINT_AT_OOPS, 10);
		return lines.size();
	};
	EXPECT_EQ(lines_of_an_oops_with([] { perfbuf_print_recorded(PB_PRINT_AT_OOPS, 10); }), 11u);
	EXPECT_EQ(lines_of_an_oops_with([] { perfbuf_print_recorded(PB_PRINT_AT_PANIC, 10); }),
		  22u);
	EXPECT_EQ(lines_of_an_oops_with([] {}), 11u) << "the next oops prints again";
}

/* A writer that was stopped in the middle of a record, which has no header yet. */
TEST_F(recorder_print, a_record_that_a_writer_was_in_the_middle_of_is_left_out_and_counted)
{
	const plain_origin origin;

	fill(100);
	auto begun = of_.cpus[0].ring->begin(sizeof(record), origin);
	ASSERT_TRUE(begun);
	reservation unfinished = begun.take();
	const record empty{.header = {}};
	unfinished.copy(&empty, sizeof(empty));
	put(0, 100); /* an interrupt's: complete, and not published */
	perfbuf_print_recorded(PB_PRINT_AT_PANIC, 10);
	EXPECT_EQ(lines[0], "the last 10 events of all recorders; 1 were incomplete or damaged");
	EXPECT_EQ(lines.back(), line_of(100));
	unfinished.commit();
}

/* A writer that was stopped before it wrote: its bytes are two records of the lap before. */
TEST_F(recorder_print, records_of_the_lap_before_that_a_writer_has_reserved_are_not_printed)
{
	const plain_origin origin;

	for (const bool is_interrupted : {false, true}) {
		fill(5000);
		auto begun = of_.cpus[0].ring->begin(2 * sizeof(record), origin);
		ASSERT_TRUE(begun);
		reservation unfinished = begun.take();
		if (is_interrupted)
			put(0, 5000);
		lines.clear();
		perfbuf_print_recorded(PB_PRINT_AT_PANIC, 1024);
		EXPECT_NE(lines[0].find("1 were incomplete"), std::string::npos) << lines[0];
		EXPECT_EQ(lines.back(), line_of(is_interrupted ? 5000 : 4999));

		std::vector<u64> numbers;
		for (const std::string &line : lines)
			if (line.find(" cpu 0 ") != std::string::npos)
				numbers.push_back(std::strtoull(&line[line.find("number=") + 7],
								nullptr, 10));
		ASSERT_GT(numbers.size(), 2u);
		for (size_t i = 1; i < numbers.size(); i++)
			EXPECT_EQ(numbers[i], numbers[i - 1] + 2);
		unfinished.commit();
	}
}

/* Where a CPU's stores are seen in any order, an oops cannot have it order them. */
TEST_F(recorder_print, an_oops_prints_the_newer_half_of_a_ring_where_stores_are_seen_in_any_order)
{
	fill(5000);
	host::on_order_stores = [](int) {};
	perfbuf_print_recorded(PB_PRINT_AT_OOPS, 1024);
	EXPECT_EQ(lines.size(), 1 + 2 * (pages * page_size / 2 / sizeof(record)));
	EXPECT_EQ(lines.back(), line_of(4999));
	lines.clear();
	perfbuf_print_recorded(PB_PRINT_AT_PANIC, 1024);
	EXPECT_GT(lines.size(), 1 + 2 * (pages * page_size / 2 / sizeof(record)))
		<< "the CPUs have stopped";
}

/* Anything may have been written over the rings: every run comes to its end within its memory,
 * prints no more than was asked for, and lines that no driver can forge. */
TEST_F(recorder_print, damaged_rings_are_printed_as_far_as_they_make_sense)
{
	constexpr u32 wanted = 64;
	constexpr int turns = 2000;
	std::mt19937_64 random(1);
	std::map<std::string, u64> reached;

	fill(3000);
	for (int turn = 0; turn < turns && !HasFailure(); turn++) {
		perf_buffer &ring = *of_.cpus[turn % 2].ring;
		std::vector<char> data(ring.size());
		std::vector<u64> marks(ring.marks(), ring.marks() + perf_buffer::mark_count);
		auto &reserved = *static_cast<u64 *>(const_cast<void *>(ring.reserved_word()));
		const u64 was_reserved = reserved;

		for (u32 i = 0; i < pages; i++)
			std::memcpy(&data[i * page_size], ring.data().page(i), page_size);
		for (u64 flips = random() % 256; flips--;) {
			const u64 at = random() % ring.size();
			char &byte =
				ring.data().page(static_cast<u32>(at / page_size))[at % page_size];

			byte = static_cast<char>(random() % 2 ? random()
							      : byte ^ 1 << random() % 8);
		}
		if (turn % 5 == 0)
			for (u32 i = 0; i < pages; i++)
				std::memset(ring.data().page(i), static_cast<int>(random()),
					    page_size);
		for (u64 lies = turn % 3 ? 0 : random() % 32; lies--;)
			const_cast<u64 *>(ring.marks())[random() % perf_buffer::mark_count] =
				random() % 2 ? random() : was_reserved - random() % ring.size();
		if (turn % 4 == 0)
			reserved = random() % 2 ? random() : reserved + random() % ring.size();

		lines.clear();
		perfbuf_print_recorded(turn % 2 ? PB_PRINT_AT_PANIC : PB_PRINT_AT_OOPS, wanted);
		size_t others = 0;
		const size_t good = expect_in_order(others);
		ASSERT_LE(lines.size(), wanted + 1);
		for (const auto &each : lines)
			EXPECT_TRUE(std::all_of(each.begin(), each.end(), [](char character) {
				return character >= ' ' && character <= '~';
			})) << each;
		reached[good ? "events as they were emitted" : "no event as it was emitted"]++;
		reached["events that are changed"] += others != 0;
		reached["nothing damaged"] += lines[0].find("; 0 were") != std::string::npos;
		reached["damaged places"] += lines[0].find("; 0 were") == std::string::npos;

		for (u32 i = 0; i < pages; i++)
			std::memcpy(ring.data().page(i), &data[i * page_size], page_size);
		std::copy(marks.begin(), marks.end(), const_cast<u64 *>(ring.marks()));
		reserved = was_reserved;
	}
	for (const auto &[kind, count] : reached)
		std::cout << "  " << count << "\t" << kind << "\n";
	for (const char *kind : {"events as they were emitted", "events that are changed",
				 "nothing damaged", "damaged places"})
		EXPECT_GT(reached[kind], 0u) << kind;
}
