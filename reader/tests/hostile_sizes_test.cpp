// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Sizes in a perf.data that would make its reader allocate far more than the file has.
#include <fstream>
#include <gtest/gtest.h>

#include "perfdata/reader.hpp"
#include "perfdata/tracing_data.hpp"
#include "record_fixture.hpp"
#include "typed_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

class HostileSizes : public testing::Test
{
protected:
	// The program refuses it with this sentence, and has not so much memory that it could read
	// it.
	void expect_refused(const std::string &sentence, const std::string &from = "-i perf.data")
	{
		const auto said =
			scratch.run("ulimit -v 3000000; " + perfbuf_program + " script " + from);
		EXPECT_EQ(said.status, 1);
		EXPECT_EQ(said.out, "");
		EXPECT_EQ(said.err, "perfbuf: " + sentence +
					    ": give a file that perfbuf record or perf "
					    "record wrote\n");
	}

	void write(const perfdata::bytes &file)
	{
		const auto view = file.view();
		std::ofstream(scratch / "perf.data", std::ios::binary)
			.write(reinterpret_cast<const char *>(view.data()),
			       static_cast<std::streamsize>(view.size()));
	}

	scratch_directory scratch;
};

} // namespace

TEST_F(HostileSizes, attrs_that_share_their_ids_are_refused)
{
	constexpr uint64_t count = 6000;
	perfdata::file_header header;
	header.attr_size = perfdata::attr_size + sizeof(perfdata::section);
	header.attrs = {sizeof(header), count * header.attr_size};
	const uint64_t size = sizeof(header) + header.attrs.size;
	header.data = {size, 0};
	perfdata::bytes file;
	file.put(header);
	for (uint64_t number = 0; number < count; number++) {
		auto attr = generated_attr();
		file.put_raw(&attr, perfdata::attr_size);
		file.put(perfdata::section{0, size});
	}
	write(file);
	expect_refused("perf.data has ids that are larger than the file");
}

TEST_F(HostileSizes, events_that_share_a_format_of_many_fields_are_refused)
{
	using namespace perfdata;
	std::vector<described_attr> attrs;
	for (uint64_t number = 0; number < 4000; number++)
		attrs.push_back(typed_description("mydev:all", typed_id, number));
	std::string fields;
	for (int number = 0; number < 20000; number++)
		fields += "\tfield:u8 f" + std::to_string(number) +
			  ";\toffset:8;\tsize:1;\tsigned:0;\n";
	auto &format = attrs.front().format;
	format.insert(format.find("\nprint fmt"), "\n" + fields);
	for (size_t each = 1; each < attrs.size(); each++)
		attrs[each].format.clear();
	feature_map features;
	add_event_description(features, attrs);
	add_tracing_data(features, {attrs.data(), 1});
	writer writer(create_output(scratch / "perf.data"), layout::file);
	ASSERT_TRUE(writer.begin(attrs, features));
	ASSERT_TRUE(writer.finish(features));
	expect_refused("perf.data has events with more than 32 MiB of formats");
}

TEST_F(HostileSizes, forks_of_a_process_with_many_maps_and_a_long_name_are_read)
{
	constexpr uint32_t count = 20000;
	const auto attr = generated_description();
	const size_t identity = reader::decoder(attr.attr).identity_size();
	perfdata::bytes records;
	perfdata::synthesizer to(records, identity);
	auto process = generated_process();
	process.threads = {{process.pid, std::string(60000, 'x')}};
	for (uint64_t number = 1; number < count; number++) {
		auto map = process.maps.front();
		map.start += number << 20;
		process.maps.push_back(map);
	}
	to.process(process);
	for (uint32_t child = 0; child < count; child++) {
		records.put(perf_event_header{PERF_RECORD_FORK, 0,
					      static_cast<uint16_t>(8 + 24 + identity)});
		for (const uint32_t each :
		     {100000 + child, process.pid, 100000 + child, process.pid, 0u, 0u})
			records.put(each);
		records.zeros(identity);
	}
	const auto sample = generated_sample{1}.record();
	records.put_raw(sample.view().data(), sample.size());
	perfdata::writer writer(create_output(scratch / "perf.data"), perfdata::layout::file);
	ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
	ASSERT_TRUE(writer.append(records.view()));
	ASSERT_TRUE(writer.finish(generated_features(attr)));
	const auto said =
		scratch.run("ulimit -v 3000000; " + perfbuf_program + " script -i perf.data");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.out, " clock:"), 1u) << said.out;
}

// Two CPUs that were written one after the other, as those of a flight recorder are: no hostile
// file.
TEST_F(HostileSizes, a_round_of_600_MB_that_is_not_compressed_is_sorted_whole)
{
	constexpr uint64_t count = 9200;
	const auto attr = generated_description();
	perfdata::bytes record;
	record.put(perf_event_header{PERF_RECORD_SAMPLE, 0, 65528});
	record.zeros(65528 - record.size());
	std::vector<std::byte> bytes(record.view().begin(), record.view().end());
	{
		perfdata::writer writer(create_output(scratch / "perf.data"),
					perfdata::layout::file);
		ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
		for (uint64_t number = 0; number < count; number++) {
			// The second half is older than the first.
			const auto sample = generated_sample{(number + count / 2) % count}.record();
			std::copy_n(sample.view().begin() + 8, 48, bytes.begin() + 8);
			ASSERT_TRUE(writer.append(bytes));
		}
		ASSERT_TRUE(writer.finish(generated_features(attr)));
	}
	const auto recording = perfdata::recording::open(scratch / "perf.data");
	ASSERT_TRUE(recording);
	uint64_t seen = 0, before = 0, late = 1;
	const auto done = recording->each(
		[&](const reader::record &, const perfdata::recorded_event &, uint64_t time) {
			EXPECT_GT(time, before);
			before = time;
			seen++;
		},
		&late);
	EXPECT_TRUE(done);
	EXPECT_EQ(seen, count);
	EXPECT_EQ(late, 0u);
}

TEST_F(HostileSizes, attrs_in_a_pipe_that_are_cut_short_are_refused)
{
	for (const size_t size : {0, 8, PERF_ATTR_SIZE_VER0 - 8}) {
		perfdata::bytes file;
		file.put(perfdata::pipe_header{});
		for (int number = 0; number < 1000; number++) {
			file.put(perf_event_header{
				perfdata::record_header_attr, 0,
				static_cast<uint16_t>(sizeof(perf_event_header) + size)});
			file.zeros(size);
		}
		write(file);
		expect_refused("perf.data has an attr that is cut short");
	}
}

// An export would write as many zeros for each sample.
TEST_F(HostileSizes, fields_larger_than_any_record_are_not_exported)
{
	auto attr = typed_description("mydev:all", typed_id, all_file);
	auto &format = attr.format;
	format.insert(format.find("\nprint fmt"),
		      "\n\tfield:u8 large[4294967296];\toffset:75;\tsize:4294967296;\tsigned:0;\n");
	perfdata::feature_map features;
	perfdata::add_event_description(features, {&attr, 1});
	perfdata::add_tracing_data(features, {&attr, 1});
	perfdata::writer writer(create_output(scratch / "perf.data"), perfdata::layout::file);
	ASSERT_TRUE(writer.begin({&attr, 1}, features));
	const auto sample = typed_sample(largest_values(), typed_id, all_file, generated_time);
	ASSERT_TRUE(writer.append(sample.view()));
	ASSERT_TRUE(writer.finish(features));
	const auto said = scratch.run("ulimit -v 3000000; " + perfbuf_program +
				      " export --format ctf -o trace -i perf.data");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_LT(std::filesystem::file_size(scratch / "trace/stream"), 1000u);
}

TEST_F(HostileSizes, standard_input_without_an_end_that_is_no_recording_is_refused)
{
	expect_refused("- is no perf.data of this machine's byte order", "-i - < /dev/zero");
}
