// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Facts of a recording take bounded memory, and a sentence says what is left out.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <gtest/gtest.h>
#include <malloc.h>
#include <random>

#include "analysis/export.hpp"
#include "perfdata/tracing_data.hpp"
#include "perfdata_file.hpp"
#include "record_fixture.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

class HostileMemory : public testing::Test
{
protected:
	// A recording whose records `put` makes, in rounds of a megabyte; compressed if it can be.
	void write(const std::function<bool(uint64_t number, perfdata::bytes &to)> &put)
	{
		const auto attr = generated_description();
		std::optional<perfdata::compressor> by;
		if (perfdata::has_zstd())
			by = *perfdata::compressor::make(1);
		perfdata::writer writer(create_output(scratch / "perf.data"),
					perfdata::layout::file, std::move(by));
		ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
		perfdata::bytes records;
		for (uint64_t number = 0; put(number, records); number++)
			if (records.size() > 1 << 20) {
				ASSERT_TRUE(writer.append(records.view()));
				ASSERT_TRUE(writer.round());
				records = {};
			}
		ASSERT_TRUE(writer.append(records.view()));
		ASSERT_TRUE(writer.finish(generated_features(attr)));
	}

	outcome run(const std::string &arguments)
	{
		return scratch.run("ulimit -v 2000000; " + perfbuf_program + " " + arguments);
	}

	const size_t identity = reader::decoder(generated_attr()).identity_size();
	scratch_directory scratch;
};

// With an identity as attr.sample_id_all says.
void put_comm(perfdata::bytes &to, uint32_t tid, const std::string &name, uint64_t number = 0)
{
	const size_t begin = to.size();
	to.put(perf_event_header{});
	to.put(tid);
	to.put(tid);
	to.put_padded(name, 8);
	to.put(tid);
	to.put(tid);
	to.put(number ? generated_time + number * 1000 : 0);
	to.put(uint64_t{0}); // cpu
	to.put(generated_id);
	to.patch(begin,
		 perf_event_header{PERF_RECORD_COMM, 0, static_cast<uint16_t>(to.size() - begin)});
}

void put_sample(perfdata::bytes &to, uint64_t number, uint32_t tid, std::span<const uint64_t> chain)
{
	const size_t begin = to.size();
	to.put(perf_event_header{});
	to.put(generated_id);
	to.put(uint64_t{0x401000}); // ip
	to.put(tid);
	to.put(tid);
	to.put(generated_time + number * 1000);
	to.put(uint64_t{0}); // cpu
	to.put(uint64_t{1});
	to.put(uint64_t{chain.size()});
	to.put_raw(chain.data(), chain.size_bytes());
	to.patch(begin, perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER,
					  static_cast<uint16_t>(to.size() - begin)});
}

// Two frames that differ, in one of so many orders that each sample has another one.
std::vector<uint64_t> random_chain()
{
	static std::mt19937_64 random(3);
	std::vector<uint64_t> chain;
	for (int word = 0; word < 125; word++)
		for (uint64_t bits = random(), bit = 0; bit < 64; bit++)
			chain.push_back(bits >> bit & 1 ? 0x401000 : 0x501000);
	return chain;
}

} // namespace

TEST_F(HostileMemory, threads_with_names_of_more_than_256_MiB_are_reported)
{
	constexpr uint32_t first = 100;
	constexpr uint32_t last = first + 3'000'000;
	const std::string name(60, 'x');
	write([&](uint64_t number, perfdata::bytes &to) {
		const auto tid = static_cast<uint32_t>(first + number);
		put_comm(to, tid, name);
		if (tid < last)
			return true;
		put_comm(to, first, "another");
		put_sample(to, 1, first, {});
		put_sample(to, 2, first + 1, {});
		put_sample(to, 3, last, {});
		return false;
	});
	const auto said = run("script -i perf.data");
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(said.err, "perfbuf: perf.data: the names of threads take more than 256 MiB: "
			    "later ones are left out\n");
	EXPECT_EQ(count_lines(said.out, " another     100/100 "), 1u) << said.out;
	EXPECT_EQ(count_lines(said.out, name + "     101/101 "), 1u) << said.out;
	EXPECT_EQ(count_lines(said.out, " ? 3000100/3000100 "), 1u) << said.out;
}

TEST_F(HostileMemory, a_flame_graph_has_four_million_frames_and_says_how_many_stacks_are_cut)
{
	constexpr uint64_t count = 560; // of 8,000 frames
	write([&](uint64_t number, perfdata::bytes &to) {
		perfdata::synthesizer all(to, identity);
		if (!number) {
			all.map(77, {0x400000, 0x10000, 0, 8, 1, 1, 5, 2, "/first"});
			all.map(77, {0x500000, 0x10000, 0, 8, 1, 2, 5, 2, "/second"});
		}
		put_sample(to, number, 77, random_chain());
		return number + 1 < count;
	});
	const auto said = run("flame -i perf.data -o flame.html");
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(count_lines(said.err, ""), 2u) << said.err;
	EXPECT_EQ(count_lines(said.err, "perfbuf: the graph has 4,194,304 frames, which is the "
					"most: the stacks of 3"),
		  1u)
		<< said.err;
	EXPECT_EQ(count_lines(said.err, "560 samples -> flame.html"), 1u) << said.err;
}

TEST_F(HostileMemory, folded_stacks_of_more_than_512_MiB_are_left_out_and_counted)
{
	constexpr uint64_t count = 7000;
	const std::vector<uint64_t> chain(8180, 0x401000);
	write([&](uint64_t number, perfdata::bytes &to) {
		put_comm(to, 77, fmt::format("name {}", number), number + 1);
		put_sample(to, number + 1, 77, chain);
		return number + 1 < count;
	});
	const auto said = run("export --format folded -i perf.data -o out");
	EXPECT_EQ(said.status, 0);
	EXPECT_EQ(count_lines(said.err, "perfbuf: the stacks take more than 512 MiB: "), 1u)
		<< said.err;
	const auto lines = scratch.run("cut -c 1-20 out; wc -l < out");
	EXPECT_EQ(count_lines(lines.out, "name 0;[unknown]"), 1u);
	EXPECT_EQ(count_lines(lines.out, "name 6999;"), 0u);
	// The lines and what is left out are all there was.
	const size_t kept = count_lines(lines.out, "name ");
	EXPECT_EQ(count_lines(said.err, fmt::format(": {} samples are left out", count - kept)), 1u)
		<< kept << said.err;
	EXPECT_GT(kept, 5000u);
}

TEST_F(HostileMemory, a_format_is_found_for_each_of_many_events)
{
	constexpr int count = 20'000;
	std::vector<perfdata::described_attr> attrs;
	for (int number = 0; number < count; number++) {
		perfdata::described_attr made;
		made.attr = generated_attr();
		made.attr.type = PERF_TYPE_TRACEPOINT;
		made.attr.config = 7;
		made.ids = {generated_id + static_cast<uint64_t>(number)};
		made.name = fmt::format("mydev:e{}", number);
		made.format = fmt::format("name: e{}\nID: 7\nformat:\n\tfield:u8 f{};\toffset:8;\t"
					  "size:1;\tsigned:0;\n\nprint fmt: \"f=%u\", REC->f\n",
					  number, number);
		attrs.push_back(std::move(made));
	}
	perfdata::feature_map features;
	perfdata::add_event_description(features, attrs);
	perfdata::add_tracing_data(features, attrs);
	perfdata::writer writer(create_output(scratch / "perf.data"), perfdata::layout::file);
	ASSERT_TRUE(writer.begin(attrs, features));
	ASSERT_TRUE(writer.finish(features));
	const auto recording = perfdata::recording::open(scratch / "perf.data");
	ASSERT_TRUE(recording);
	ASSERT_EQ(recording->events().size(), size_t{count});
	for (int number = 0; number < count; number++) {
		const auto &event = recording->events()[static_cast<size_t>(number)];
		ASSERT_TRUE(event.format) << number;
		EXPECT_EQ(event.format->fields.at(0).name, fmt::format("f{}", number));
	}
}

namespace
{

class Stacks : public testing::Test
{
protected:
	analysis::described_sample describe(std::span<const uint32_t> stack) const
	{
		return {event, 0, sample, 1, "thread", stack};
	}

	static size_t memory()
	{
		const auto all = ::mallinfo2();
		return all.uordblks + all.hblkhd;
	}

	analysis::frame_table frames;
	const uint32_t inner = frames.number_of(analysis::frame_kind::user, "inner");
	const uint32_t outer = frames.number_of(analysis::frame_kind::user, "outer");
	perfdata::recorded_event event;
	reader::sample sample;
	std::FILE *const to = std::tmpfile();
};

} // namespace

TEST_F(Stacks, stacks_for_speedscope_that_are_the_same_are_held_once)
{
	const std::vector<uint32_t> stack(8180, inner);
	const auto exporter = analysis::export_speedscope(to, frames, "test");
	const size_t before = memory();
	for (int number = 0; number < 20'000; number++)
		exporter->add(describe(stack));
	EXPECT_LT(memory() - before, size_t{16} << 20) << "as 32 KB each they are 655 MB";
	EXPECT_EQ(exporter->left_out(), 0u);
	std::fclose(to);
}

TEST_F(Stacks, stacks_for_speedscope_of_more_than_512_MiB_are_left_out_and_counted)
{
	constexpr int count = 1200;
	std::vector<std::vector<uint32_t>> stacks;
	const auto exporter = analysis::export_speedscope(to, frames, "test");
	const size_t before = memory();
	for (int number = 0; number < count; number++) {
		std::vector<uint32_t> stack;
		for (const uint64_t address : random_chain())
			stack.push_back(address == 0x401000 ? inner : outer);
		exporter->add(describe(stack));
		if (!number)
			stacks.push_back(std::move(stack));
	}
	EXPECT_LT(memory() - before, size_t{700} << 20);
	// A stack that is known needs no space.
	const uint64_t left_out = exporter->left_out();
	EXPECT_GT(left_out, 100u);
	EXPECT_LT(left_out, 400u);
	exporter->finish();
	std::rewind(to);
	std::string text;
	for (int each; (each = std::fgetc(to)) != EOF;)
		text += static_cast<char>(each);
	std::fclose(to);
	EXPECT_NE(text.find(fmt::format("\"samples\":[[{}],", fmt::join(stacks[0], ","))),
		  std::string::npos);
	const size_t weights = text.find("\"weights\":[");
	ASSERT_NE(weights, std::string::npos);
	EXPECT_EQ(static_cast<uint64_t>(std::count(text.begin() + static_cast<ptrdiff_t>(weights),
						   text.end(), '1')),
		  count - left_out);
}

TEST_F(Stacks, names_of_more_than_256_MiB_are_one_frame)
{
	const std::string tail(1000, 'x');
	constexpr uint32_t count = 250'000;
	const size_t before = memory();
	for (uint32_t number = 0; number < count; number++)
		frames.number_of(analysis::frame_kind::field, fmt::format("{} {}", number, tail));
	EXPECT_LT(memory() - before, size_t{330} << 20);
	EXPECT_TRUE(frames.is_full());
	const auto last = frames.number_of(analysis::frame_kind::field, "last" + tail);
	EXPECT_EQ(frames[last].name, analysis::frame_table::others);
	EXPECT_EQ(last, frames.number_of(analysis::frame_kind::field, "behind" + tail));
	EXPECT_EQ(frames.number_of(analysis::frame_kind::user, "inner"), inner);
	EXPECT_EQ(frames[inner].name, "inner");
	std::fclose(to);
}
