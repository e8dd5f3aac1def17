// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file perf.data with wrong sizes, offsets and values, as from an attacker. */
#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>

#include "perfdata/reader.hpp"
#include "perfdata/tracing_data.hpp"
#include "typed_file.hpp"

using namespace perfbuf;
using namespace perfbuf::tests;

namespace
{

// Two events, samples in two rounds, and each feature that the reader looks at.
std::vector<std::byte> sound_file(perfdata::layout how, bool compressed)
{
	const std::vector<perfdata::described_attr> attrs{
		typed_description("mydev:all", typed_id, all_file),
		typed_description("mydev:other", other_id, other_file)};
	const int file = ::memfd_create("perf.data", MFD_CLOEXEC);
	std::optional<perfdata::compressor> by;
	if (compressed) {
		auto made = perfdata::compressor::make(1);
		EXPECT_TRUE(made);
		by = *std::move(made);
	}
	perfdata::writer writer(perfdata::output(reader::unique_fd(::dup(file))), how,
				std::move(by));
	perfdata::feature_map features;
	perfdata::add_host_features(features, "perfbuf test");
	perfdata::add_event_description(features, attrs);
	perfdata::add_tracing_data(features, attrs);
	perfdata::bytes build_id;
	build_id.put(perf_event_header{perfdata::record_header_build_id,
				       perfdata::misc_build_id_size, 8 + 4 + 24 + 8});
	build_id.put(uint32_t{77});
	for (uint8_t byte = 0; byte < 20; byte++)
		build_id.put(byte);
	build_id.put(uint32_t{20});
	build_id.put(std::array<char, 8>{"a.so"});
	features.emplace(perfdata::feature::build_ids, build_id);
	EXPECT_TRUE(writer.begin(attrs, features));
	for (uint64_t time = 1000; time < 5000; time += 1000) {
		const bool other = time % 2000 == 0;
		const auto sample = typed_sample(time > 2000 ? largest_values() : smallest_values(),
						 other ? other_id : typed_id,
						 other ? other_file : all_file, 9000 - time);
		EXPECT_TRUE(writer.append(sample.view()));
		if (other) {
			EXPECT_TRUE(writer.round());
		}
	}
	EXPECT_TRUE(writer.finish(features));
	std::vector<std::byte> all(static_cast<size_t>(::lseek(file, 0, SEEK_END)));
	EXPECT_EQ(::pread(file, all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
	::close(file);
	return all;
}

// As standard input: then it is read into memory, behind whose end a sanitizer looks.
reader::result<perfdata::recording> read_all(const std::vector<std::byte> &bytes,
					     perfdata::piped how = perfdata::piped::whole)
{
	std::array<int, 2> ends{};
	EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
	EXPECT_GE(::fcntl(ends[1], F_SETPIPE_SZ, 1 << 18), static_cast<int>(bytes.size()));
	EXPECT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
	::close(ends[1]);
	const reader::unique_fd before(::dup(STDIN_FILENO));
	::dup2(ends[0], STDIN_FILENO);
	::close(ends[0]);
	auto made = perfdata::recording::open("-", how);
	if (before)
		::dup2(before.get(), STDIN_FILENO);
	else
		::close(STDIN_FILENO);
	return made;
}

// Looks at all that there is. @return the samples that could be decoded
size_t look(const perfdata::recording &at)
{
	size_t samples = 0;
	(void)at.each(
		[&](const reader::record &record, const perfdata::recorded_event &event, uint64_t) {
			(void)event.decoder.decode(record);
			const auto sample = event.decoder.decode_sample(record);
			if (!sample)
				return;
			samples++;
			if (!event.format)
				return;
			for (const auto &field : event.format->fields) {
				(void)field.show(sample->raw);
				(void)field.integer(sample->raw, field.count(sample->raw) - 1);
			}
		});
	for (const auto &[name, id] : at.build_ids())
		EXPECT_LE(id.size(), 20u) << name;
	return samples;
}

void lie(std::vector<std::byte> &bytes, std::mt19937_64 &random)
{
	if (random() % 8 == 0)
		bytes.resize(random() % bytes.size() + 1);
	if (random() % 16 == 0)
		bytes.resize(bytes.size() + random() % 64, static_cast<std::byte>(random()));
	for (uint64_t change = 1 + random() % 4; change; change--) {
		const size_t width = size_t{1} << random() % 4;
		if (bytes.size() < width)
			return;
		// Most of the lengths stand at the beginning of the file or of a record.
		const size_t span =
			random() % 3 ? bytes.size() : std::min<size_t>(bytes.size(), 512);
		if (span < width)
			continue;
		const size_t at = (random() % (span - width + 1)) & ~(width - 1);
		const std::array<uint64_t, 6> values{0,
						     ~uint64_t{0},
						     random(),
						     random() >> random() % 64,
						     bytes.size(),
						     bytes.size() - at};
		const uint64_t value = values[random() % values.size()];
		std::memcpy(bytes.data() + at, &value, width);
	}
}

struct kind_of_file {
	const char *name;
	perfdata::layout how;
	bool compressed;
};

class PerfDataFuzz : public testing::TestWithParam<kind_of_file>
{
	void SetUp() override
	{
		if (GetParam().compressed && !perfdata::has_zstd())
			GTEST_SKIP() << "built without libzstd";
	}
};

TEST_P(PerfDataFuzz, AFileThatLiesIsReadWithinItsBoundsOrRefused)
{
	const auto sound = sound_file(GetParam().how, GetParam().compressed);
	const auto whole = read_all(sound);
	ASSERT_TRUE(whole) << whole.error().text;
	ASSERT_EQ(look(*whole), 4u);
	ASSERT_EQ(whole->build_ids().size(), 1u);
	ASSERT_TRUE(whole->events()[1].format);
	std::mt19937_64 random(13);
	size_t opened = 0, samples = 0;
	for (int round = 0; round < 1000; round++) {
		auto bytes = sound;
		lie(bytes, random);
		const auto file = read_all(bytes);
		if (!file) {
			EXPECT_FALSE(file.error().text.empty());
			continue;
		}
		opened++;
		samples += look(*file);
	}
	EXPECT_GT(opened, 250u);
	EXPECT_GT(samples, opened) << "most of the files are read on";
}

TEST_P(PerfDataFuzz, a_pipe_that_lies_has_the_same_samples_if_it_is_read_as_it_comes)
{
	const auto sound = sound_file(GetParam().how, GetParam().compressed);
	const auto read_live = [](const auto &bytes) {
		return read_all(bytes, perfdata::piped::live);
	};
	const auto live = read_live(sound);
	ASSERT_TRUE(live) << live.error().text;
	ASSERT_EQ(look(*live), 4u);
	std::mt19937_64 random(17);
	size_t compared = 0;
	for (int round = 0; round < 1000; round++) {
		auto bytes = sound;
		lie(bytes, random);
		const auto whole = read_all(bytes);
		const auto piped = read_live(bytes);
		const size_t samples = piped ? look(*piped) : 0;
		// Events that are described behind samples are those of a whole pipe alone.
		if (!whole || !piped || whole->events().size() != piped->events().size())
			continue;
		compared++;
		EXPECT_EQ(look(*whole), samples) << round;
	}
	EXPECT_GT(compared, 250u);
}

INSTANTIATE_TEST_SUITE_P(
	Layouts, PerfDataFuzz,
	testing::Values(kind_of_file{"file", perfdata::layout::file, false},
			kind_of_file{"pipe", perfdata::layout::pipe, false},
			kind_of_file{"compressed_file", perfdata::layout::file, true},
			kind_of_file{"compressed_pipe", perfdata::layout::pipe, true}),
	[](const auto &of) { return std::string(of.param.name); });

} // namespace
