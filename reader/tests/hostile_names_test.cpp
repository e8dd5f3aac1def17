// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Names in a recording that hold what a terminal obeys are shown without it.
#include <gtest/gtest.h>

#include "perfdata/tracing_data.hpp"
#include "record_fixture.hpp"
#include "typed_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

class HostileNames : public testing::Test
{
protected:
	outcome run(const std::string &arguments)
	{
		const auto said = scratch.run(perfbuf_program + " " + arguments + " -i perf.data");
		EXPECT_EQ(said.out.find('\033'), std::string::npos) << arguments;
		EXPECT_EQ(said.err.find('\033'), std::string::npos) << arguments;
		return said;
	}

	scratch_directory scratch;
};

} // namespace

TEST_F(HostileNames, names_of_events_threads_and_files_are_printed_without_escapes)
{
	auto attr = generated_description();
	attr.name = "cl\033[2Jock";
	perfdata::bytes records;
	perfdata::synthesizer to(records, reader::decoder(attr.attr).identity_size());
	auto process = generated_process();
	process.threads = {{process.pid, "th\033[2Jread"}};
	process.maps.front().name = "/bin/fi\033[2Jle";
	to.process(process);
	const auto sample = generated_sample{1}.record();
	records.put_raw(sample.view().data(), sample.size());
	perfdata::writer writer(create_output(scratch / "perf.data"), perfdata::layout::file);
	ASSERT_TRUE(writer.begin({&attr, 1}, generated_features(attr)));
	ASSERT_TRUE(writer.append(records.view()));
	ASSERT_TRUE(writer.finish(generated_features(attr)));
	const auto said = run("script");
	EXPECT_EQ(said.status, 0) << said.err;
	EXPECT_EQ(count_lines(said.out, " th?[2Jread "), 1u) << said.out;
	EXPECT_EQ(count_lines(said.out, " cl?[2Jock:"), 1u) << said.out;
	EXPECT_EQ(count_lines(said.out, " [fi?[2Jle]"), 2u) << said.out;
	run("export --format folded");
	run("export --format json");
}

TEST_F(HostileNames, names_of_fields_in_a_message_are_printed_without_escapes)
{
	auto attr = typed_description("mydev:all", typed_id, 1);
	auto &format = attr.format;
	format.replace(format.find("a_u8"), 4, "a\033c");
	perfdata::feature_map features;
	perfdata::add_event_description(features, {&attr, 1});
	perfdata::add_tracing_data(features, {&attr, 1});
	perfdata::writer writer(create_output(scratch / "perf.data"), perfdata::layout::file);
	ASSERT_TRUE(writer.begin({&attr, 1}, features));
	ASSERT_TRUE(writer.finish(features));
	for (const std::string command : {"flame --by nothing", "hist nothing"}) {
		const auto said = run(command);
		EXPECT_EQ(said.status, 2) << command;
		EXPECT_EQ(count_lines(said.err, "there is no such "), 1u) << said.err;
		EXPECT_EQ(count_lines(said.err, "a?c"), 1u) << said.err;
	}
}
