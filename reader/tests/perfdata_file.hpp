// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A perf.data out of generated records, for perf to judge. */
#pragma once

#include <fcntl.h>
#include <perfbuf/decoder.hpp>
#include <string>
#include <unistd.h>
#include <vector>

#include "perfdata/build_id.hpp"
#include "perfdata/features.hpp"
#include "perfdata/synthesize.hpp"
#include "perfdata/writer.hpp"

namespace perfbuf::tests
{

inline constexpr uint64_t generated_id = 4242;
inline constexpr uint64_t generated_time = 1'000'000'000; // ns, of the first sample

inline perf_event_attr generated_attr()
{
	perf_event_attr attr{};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.size = PERF_ATTR_SIZE_VER7;
	attr.sample_period = 1'000'000;
	attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			   PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
			   PERF_SAMPLE_CALLCHAIN;
	attr.read_format = PERF_FORMAT_ID;
	attr.sample_id_all = attr.mmap = attr.mmap2 = attr.comm = attr.task = attr.exclude_guest =
		1;
	return attr;
}

struct generated_sample {
	uint64_t number;

	perfdata::bytes record() const
	{
		perfdata::bytes all;
		const size_t chain = 3;
		all.put(perf_event_header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER,
					  8 + 6 * 8 + (1 + chain) * 8});
		all.put(generated_id);
		all.put(uint64_t{0x401000} + number % 16); // ip
		all.put(uint32_t{77});
		all.put(uint32_t{77});
		all.put(generated_time + number * 1000);
		all.put(static_cast<uint32_t>(number % 2));
		all.put(uint32_t{0});
		all.put(uint64_t{1'000'000});
		all.put(uint64_t{chain});
		all.put(static_cast<uint64_t>(PERF_CONTEXT_USER));
		all.put(uint64_t{0x401000} + number % 16);
		all.put(uint64_t{0x402000});
		return all;
	}
};

inline perfdata::process generated_process()
{
	perfdata::process process;
	process.pid = 77;
	process.parent = 1;
	process.threads = {{77, "generated"}, {78, "its thread"}};
	process.maps = {{0x400000, 0x10000, 0, 8, 1, 4711, 5, 2, "/bin/true"}};
	return process;
}

inline perfdata::feature_map generated_features(const perfdata::described_attr &attr)
{
	perfdata::feature_map features;
	perfdata::add_host_features(features, "perfbuf test");
	perfdata::add_command_line(features,
				   std::vector<std::string>{"perfbuf", "record", "--", "true"});
	perfdata::add_event_description(features, {&attr, 1});
	return features;
}

inline perfdata::described_attr generated_description()
{
	return {generated_attr(), {generated_id, generated_id + 1}, "clock", {}};
}

inline perfdata::output create_output(const std::string &path)
{
	return perfdata::output(reader::unique_fd(
		::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)));
}

/** Write a whole file: `samples` in rounds of 100. @param level of zstd; 0: none @return what
 * finish() said */
inline reader::result<uint64_t> write_generated(const std::string &path, perfdata::layout layout,
						uint64_t samples, int level = 0)
{
	using namespace perfdata;
	const auto attr = generated_description();
	std::optional<compressor> by;
	if (level) {
		auto made = compressor::make(level);
		if (!made)
			return made.error();
		by = *std::move(made);
	}
	writer writer(create_output(path), layout, std::move(by));
	auto features = generated_features(attr);
	if (auto done = writer.begin({&attr, 1}, features); !done)
		return done.error();

	bytes before;
	synthesizer to(before, reader::decoder(attr.attr).identity_size());
	static const auto kernel = read_kernel_map(); // a long file, and many recordings
	if (kernel)
		to.kernel(*kernel);
	to.process(generated_process());
	(void)writer.append(before.view());
	for (uint64_t number = 0; number < samples; number++) {
		const auto record = generated_sample{number}.record();
		if (!writer.append(record.view()))
			break;
		if (number % 100 == 99)
			(void)writer.round();
	}
	mapped_files files;
	reader::mmap_event map;
	map.filename = "/bin/true";
	files.add(map);
	auto build_ids = build_id_records(kernel, {}, files);
	if (layout == layout::pipe)
		(void)writer.append_plain(build_ids.view());
	else
		features.emplace(feature::build_ids, std::move(build_ids));
	add_sample_time(features, generated_time, generated_time + (samples - 1) * 1000);
	return writer.finish(features);
}

} // namespace perfbuf::tests
