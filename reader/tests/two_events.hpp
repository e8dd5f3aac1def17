// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A perf.data that perf_data_writer wrote. */
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <perfbuf/perf_data.hpp>

#include "typed_file.hpp"

namespace perfbuf::tests
{

inline reader::described_event described(const std::string &name, uint16_t id, uint64_t file)
{
	const auto from = typed_description(name, id, file);
	reader::described_event made;
	made.name = name;
	made.attr = from.attr;
	made.ids = from.ids;
	made.format_text = from.format;
	made.decoder = reader::decoder(made.attr);
	return made;
}

/* Two events, each with two samples, not in the order of time. */
inline void write_two_events(const std::string &path)
{
	const std::vector<reader::described_event> events{
		described("mydev:all", typed_id, all_file),
		described("mydev:other", other_id, other_file)};
	auto file = reader::perf_data_writer::create(path, events);
	ASSERT_TRUE(file) << file.error().text;
	const auto add = [&](const typed_values &values, bool other, uint64_t time) {
		const auto sample = typed_sample(values, other ? other_id : typed_id,
						 other ? other_file : all_file, time);
		ASSERT_TRUE(file->add(reader::record(sample.view()), events[other], time));
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

} // namespace perfbuf::tests
