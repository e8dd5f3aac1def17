// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Recorders in dumps of makedumpfile's format, and the same damaged: libkdumpfile reads them.
#include <cstddef>
#include <random>

#include "recorder/compressed.hpp"
#include "recorder_files.hpp"

using namespace recorder_files;

namespace
{

constexpr uint64_t bitmaps_at = 2 * page;
constexpr uint64_t places_at = 4 * page;

// All pages of the memory but the first, as they are.
memory_bytes as_kdump(const memory_bytes &memory)
{
	const uint64_t frames = memory.size() / page;
	recorder::kdump_header head{};
	std::memcpy(head.signature, recorder::kdump_signature.data(), sizeof(head.signature));
	std::strcpy(head.system[0], "Linux");
	std::strcpy(head.system[2], "6.1.0");
	std::strcpy(head.system[4], "x86_64");
	head.version = 6;
	head.block_bytes = page;
	head.sub_header_blocks = 1;
	head.bitmap_blocks = 2;
	head.cpus = 1;
	head.most_frames = static_cast<uint32_t>(frames);
	recorder::kdump_sub_header sub{};
	sub.end_frame = sub.end_frame_64 = sub.most_frames_64 = frames;
	const uint64_t data_at = places_at + page;
	memory_bytes made(data_at);
	store(made, 0, head);
	store(made, page, sub);
	for (uint64_t frame = 1; frame < frames; frame++) {
		for (const uint64_t map : {bitmaps_at, bitmaps_at + page})
			made[map + frame / 8] |= static_cast<std::byte>(1 << frame % 8);
		recorder::kdump_page place{};
		place.offset = made.size();
		place.bytes = page;
		store(made, places_at + (frame - 1) * sizeof(place), place);
		const auto *from = memory.data() + frame * page;
		made.insert(made.end(), from, from + page);
	}
	return made;
}

bool reads_compressed()
{
	const dump_file file(as_kdump(make_memory(write_rings(10))));
	const auto in = recorder::memory::open(file.path());
	return in || in.error().code.value() != ENOTSUP;
}

class CompressedDump : public testing::Test
{
protected:
	void SetUp() override
	{
		if (!reads_compressed())
			GTEST_SKIP() << "built without libkdumpfile";
	}
};

} // namespace

TEST_F(CompressedDump, a_compressed_dump_has_the_recorders_that_the_memory_had)
{
	const auto found = find_in(as_kdump(make_memory(write_rings(1000))));
	ASSERT_EQ(found.recorders.size(), 1u);
	EXPECT_TRUE(found.refused.empty());
	recorder::omissions left_out;
	expect_last(recorder::events_of(found.recorders[0].rings, found.recorders[0].of,
					recorder::moment::stopped, left_out),
		    999);
	EXPECT_EQ(left_out.damaged, 0u);
}

TEST_F(CompressedDump, a_dump_of_which_a_page_is_missing_is_read_without_it)
{
	const auto whole = as_kdump(make_memory(write_rings(1000)));
	for (uint64_t frame = 1; frame < 32; frame++) {
		auto bad = whole;
		recorder::kdump_page place;
		const uint64_t at = places_at + (frame - 1) * sizeof(place);
		std::memcpy(&place, bad.data() + at, sizeof(place));
		place.offset = bad.size() + page;
		store(bad, at, place);
		const auto found = find_in(bad);
		const bool description = frame == recorder_frame + 1;
		EXPECT_EQ(found.recorders.size(), frame == recorder_frame || description ? 0u : 1u)
			<< frame;
		EXPECT_EQ(found.refused.size(), description ? 1u : 0u) << frame;
		for (const auto &each : found.recorders) {
			recorder::omissions left_out;
			EXPECT_GT(recorder::events_of(each.rings, each.of,
						      recorder::moment::stopped, left_out)
					  .size(),
				  100u)
				<< "of the other CPU, if the page is of a ring";
			fuzz_outcomes ignored("", 0, 0);
			ignored.read_all(each.rings, each.of);
		}
	}
}

TEST_F(CompressedDump, a_dump_with_any_damaged_part_is_refused_or_read_within_its_bounds)
{
	fuzz_outcomes reached("dumps of makedumpfile's format, also flattened", 4, 300);
	auto random = reached.random();
	const auto good = as_kdump(make_memory(write_rings(1000)));
	for (int turn = 0; turn < reached.turns(); turn++) {
		auto bad = good;
		const auto flip = [&](uint64_t from, uint64_t bytes, uint64_t most) {
			for (uint64_t flips = random() % most; flips--;)
				bad[from + random() % bytes] =
					static_cast<std::byte>(random() >> random() % 8);
		};
		switch (turn % 6) {
		case 0:
			flip(offsetof(recorder::kdump_header, status),
			     sizeof(recorder::kdump_header) -
				     offsetof(recorder::kdump_header, status),
			     3);
			break;
		case 1:
			flip(page, sizeof(recorder::kdump_sub_header), 4);
			break;
		case 2:
			flip(bitmaps_at, 2 * page, 64);
			flip(bitmaps_at + page, 8, 4);
			break;
		case 3:
			flip(places_at, 31 * sizeof(recorder::kdump_page), 16);
			break;
		case 4:
			flip(0, bad.size(), 32);
			break;
		case 5:
			bad.resize(random() % bad.size());
			break;
		}
		if (turn % 7 == 0)
			bad = as_flattened(bad);
		read_dump(bad, reached);
	}
	reached.expect({"rings with events", "rings without events", "damaged places",
			"no recorder in the dump",
			"FILE is a compressed dump whose header makes no sense",
			"at #: its page has another checksum",
			"at #: the words of CPU # are not in the dump"});
}
