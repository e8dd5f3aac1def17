// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Recorders in snapshots and in the memory of a crashed machine, and the same damaged by chance and
// on purpose.
#include <fstream>
#include <random>

#include "fuzz_outcomes.hpp"
#include "recorder_files.hpp"

using namespace perfbuf;
using namespace recorder_files;
using recorder::moment;

TEST(RecorderSnapshot, a_snapshot_gives_all_events_of_rings_that_were_not_full_in_order_of_time)
{
	const auto found = recorder::parse_snapshot(make_snapshot(write_rings(100)));
	ASSERT_TRUE(found) << found.error().text;
	recorder::omissions left_out;
	const auto events = recorder::events_of(found->rings, found->of, moment::live, left_out);
	ASSERT_EQ(events.size(), 100u);
	expect_last(events, 99);
	EXPECT_EQ(found->of.source, "mydev");
	EXPECT_EQ(recorder::line_of("mydev", events[1]),
		  "1.000000001 cpu 1 tid 8 mydev:step number=1 state=busy flags=ok|late "
		  "address=0xabc");
}

TEST(RecorderSnapshot, a_snapshot_begins_at_a_mark_if_the_ring_was_overwritten)
{
	const auto found = recorder::parse_snapshot(make_snapshot(write_rings(10000)));
	ASSERT_TRUE(found);
	recorder::omissions left_out;
	const auto events = recorder::events_of(found->rings, found->of, moment::live, left_out);
	expect_last(events, 9999);
	EXPECT_GE(events.size(), 2 * (ring_bytes - 512 - 2 * sizeof(record)) / sizeof(record));
	EXPECT_EQ(left_out.damaged, 0u);
	EXPECT_EQ(left_out.overwritten, 0u);
}

TEST(RecorderSnapshot, a_snapshot_leaves_out_and_counts_events_that_writers_overwrote_meanwhile)
{
	auto rings = write_rings(10000);
	recorder::ring copy = rings[0].copy();
	// They have come 1000 bytes further, in records that the copy has none or a part of.
	copy.reserved += 1008;
	for (uint64_t at = 0; at < 1008; at++)
		copy.data[(copy.published + at) % ring_bytes] = std::byte{0x5a};
	const auto of = recorder::parse_description(describe(rings, 0));
	ASSERT_TRUE(of);
	recorder::omissions left_out;
	const auto events = recorder::events_of({copy}, *of, moment::live, left_out);
	expect_last(events, 9998);
	EXPECT_EQ(left_out.overwritten, 1008u);
	EXPECT_EQ(left_out.damaged, 0u);
}

TEST(RecorderMemory, recorders_are_found_in_raw_memory_in_an_ELF_core_and_in_a_flattened_dump)
{
	const auto memory = make_memory(write_rings(1000));
	const auto core = as_core(memory, 0);
	const auto flat = as_flattened(core);
	for (const auto *each : {&memory, &core, &flat}) {
		const auto found = find_in(*each);
		ASSERT_EQ(found.recorders.size(), 1u);
		EXPECT_TRUE(found.refused.empty());
		recorder::omissions left_out;
		const auto events = recorder::events_of(
			found.recorders[0].rings, found.recorders[0].of, moment::stopped, left_out);
		expect_last(events, 999);
		EXPECT_EQ(left_out.incomplete + left_out.damaged, 0u);
	}
}

TEST(RecorderMemory, an_image_holds_the_recorder_at_the_address_where_the_image_was)
{
	const auto whole = make_memory(write_rings(100));
	const memory_bytes image(whole.begin() + 4 * page, whole.end());
	EXPECT_EQ(recorder::find_recorders(recorder::memory::of_image(image, 4 * page))
			  .recorders.size(),
		  1u);
	EXPECT_TRUE(recorder::find_recorders(recorder::memory::of_image(image, 5 * page))
			    .recorders.empty());
}

// A page of a file's cache that holds a dump, or the same memory at another address.
TEST(RecorderMemory, a_copy_of_a_recorder_elsewhere_in_memory_does_not_count)
{
	const auto memory = make_memory(write_rings(10));
	EXPECT_TRUE(find_in(as_core(memory, 7 * page)).recorders.empty());
}

// The kernel's image has a segment of its own in /proc/vmcore, and memory of it that was freed
// since may hold a recorder's page.
TEST(RecorderMemory, recorders_that_share_rings_and_description_are_not_larger_than_the_memory)
{
	auto memory = make_memory(write_rings(1000));
	perfbuf_recorder_page head;
	std::memcpy(&head, memory.data() + recorder_frame * page, sizeof(head));
	// Each page behind the rings is a recorder, too; all of them have the same rings.
	for (uint64_t frame = 16; frame < 32; frame++) {
		head.frame = frame;
		head.crc = 0;
		head.crc = tracefile::crc32(std::as_bytes(std::span(&head, 1)));
		store(memory, frame * page, head);
	}
	const auto found = find_in(memory);
	uint64_t bytes = 0;
	for (const auto &each : found.recorders) {
		bytes += page; // of its description
		for (const auto &ring : each.rings)
			bytes += ring.data.size();
	}
	EXPECT_LE(bytes, memory.size());
	ASSERT_FALSE(found.recorders.empty());
	ASSERT_FALSE(found.refused.empty());
	EXPECT_NE(found.refused.front().find("it and the recorders before it are larger than the "
					     "dump"),
		  std::string::npos)
		<< found.refused.front();
}

TEST(RecorderMemory, refused_recorders_take_no_space_from_the_one_behind_them)
{
	const auto rings = write_rings(10);
	auto memory = make_memory(rings);
	memory.resize(16 * page); // where its rings end
	// Of these rings, the words are not in the dump.
	const auto description = describe(rings, 100);
	constexpr uint64_t described = recorder_frame + 2;
	std::memcpy(memory.data() + described * page, description.data(), description.size());
	perfbuf_recorder_page head;
	std::memcpy(&head, memory.data() + recorder_frame * page, sizeof(head));
	head.frames[0] = described;
	head.description_crc = tracefile::crc32(description);
	for (uint64_t frame = 0; frame < recorder_frame; frame++) {
		head.frame = frame;
		head.crc = 0;
		head.crc = tracefile::crc32(std::as_bytes(std::span(&head, 1)));
		store(memory, frame * page, head);
	}
	const auto found = find_in(memory);
	ASSERT_EQ(found.refused.size(), recorder_frame);
	EXPECT_NE(found.refused.front().find("the words of CPU 0 are not in the dump"),
		  std::string::npos)
		<< found.refused.front();
	EXPECT_EQ(found.recorders.size(), 1u) << found.refused.back();
}

namespace
{

// A description whose event is there so many times, with one text or with a text for each.
memory_bytes describe_events(uint32_t count, bool own_texts)
{
	auto made = describe(write_rings(10), 0);
	perfbuf_recorder_description head;
	EXPECT_TRUE(recorder::load(made, 0, head));
	perfbuf_recorder_event event;
	EXPECT_TRUE(recorder::load(made, head.events_at, event));
	const memory_bytes text(made.begin() + event.format_at,
				made.begin() + event.format_at + event.format_bytes);
	head.event_count = count;
	head.events_at = static_cast<uint32_t>(made.size());
	store(made, 0, head);
	made.resize(made.size() + count * sizeof(event));
	for (uint32_t number = 0; number < count; number++) {
		if (own_texts) {
			event.format_at = static_cast<uint32_t>(made.size());
			made.insert(made.end(), text.begin(), text.end());
		}
		store(made, head.events_at + number * sizeof(event), event);
	}
	return made;
}

} // namespace

// Each event has a copy of its text.
TEST(RecorderMemory, a_description_whose_events_share_a_text_is_refused)
{
	const auto honest = recorder::parse_description(describe_events(1000, true));
	ASSERT_TRUE(honest) << honest.error().text;
	EXPECT_EQ(honest->events.size(), 1000u);
	const auto shared = recorder::parse_description(describe_events(1000, false));
	ASSERT_FALSE(shared);
	EXPECT_EQ(shared.error().text, "the description of a recorder makes no sense");
}

TEST(RecorderMemory, memory_in_two_segments_of_a_core_has_each_recorder_once)
{
	const auto memory = make_memory(write_rings(10));
	EXPECT_EQ(find_in(as_core(memory, 0, 2)).recorders.size(), 1u);
	auto damaged = memory;
	damaged[recorder_frame * page + 100] ^= std::byte{1};
	EXPECT_EQ(find_in(as_core(damaged, 0, 2)).refused.size(), 1u);
}

// Each of them would be searched.
TEST(RecorderMemory, a_core_with_a_thousand_segments_of_its_whole_file_is_damaged)
{
	const dump_file file(as_core(make_memory(write_rings(10)), 0, 1000));
	const auto core = recorder::memory::open(file.path());
	ASSERT_FALSE(core);
	EXPECT_EQ(core.error().code.value(), EBADMSG);
}

TEST(RecorderMemory, memory_without_a_recorder_or_of_another_kind_is_reported)
{
	EXPECT_TRUE(find_in(memory_bytes(16 * page)).recorders.empty());
	memory_bytes kdump(page);
	std::memcpy(kdump.data(), "KDUMP   ", 8);
	const dump_file file(kdump);
	const auto compressed = recorder::memory::open(file.path());
	ASSERT_FALSE(compressed) << "a compressed dump of nothing";
	EXPECT_NE(compressed.error().text.find(file.path()), std::string::npos);
	// Without libkdumpfile it is not read at all.
	EXPECT_TRUE(compressed.error().code.value() == EBADMSG ||
		    compressed.error().code.value() == ENOTSUP);
	EXPECT_EQ(recorder::memory::open("/nowhere").error().code.value(), ENOENT);
}

// The outermost writer had not stored its header yet; two records of an NMI stand behind it.
TEST(RecorderMemory, memory_has_the_records_of_writers_that_interrupted_another)
{
	auto rings = write_rings(1000);
	const auto before = rings;
	for (auto &ring : rings) {
		ring.put(5000 + ring.cpu, 2'000'000'000); // to be damaged
		ring.put(6000 + ring.cpu, 3'000'000'000);
		ring.put(7000 + ring.cpu, 3'000'000'001);
		for (uint64_t at = 0; at < sizeof(record); at++)
			ring.data[(ring.head - 3 * sizeof(record) + at) % ring_bytes] =
				std::byte{0xff};
		ring.head -= 3 * sizeof(record);
	}
	const auto found = find_in(make_memory(rings, 3 * sizeof(record)));
	ASSERT_EQ(found.recorders.size(), 1u);
	recorder::omissions left_out;
	const auto events = recorder::events_of(found.recorders[0].rings, found.recorders[0].of,
						moment::stopped, left_out);
	expect_last(events, 7001);
	EXPECT_EQ(left_out.incomplete, 2u);
	EXPECT_EQ(number_of(events[events.size() - 5]), 999u) << "and none of the damaged ones";
}

// The outermost writer has reserved what the lap before left, whole records in it, and has not
// written yet; a record of an NMI may stand behind it.
TEST(RecorderMemory, records_of_the_lap_before_are_none_of_writers_that_interrupted_another)
{
	for (const bool interrupted : {false, true}) {
		auto rings = write_rings(1000);
		const uint64_t reserved = (interrupted ? 3 : 2) * sizeof(record);
		for (auto &ring : rings) {
			ring.put(5000 + ring.cpu, 2'000'000'000); // to be damaged
			ring.put(6000 + ring.cpu, 1);
			if (interrupted)
				ring.put(7000 + ring.cpu, 3'000'000'000);
			for (uint64_t at = 0; at < sizeof(record); at++)
				ring.data[(ring.head - reserved + at) % ring_bytes] =
					std::byte{0xff};
			ring.head -= reserved;
		}
		const auto found = find_in(make_memory(rings, reserved));
		ASSERT_EQ(found.recorders.size(), 1u);
		recorder::omissions left_out;
		const auto events = recorder::events_of(
			found.recorders[0].rings, found.recorders[0].of, moment::stopped, left_out);
		for (const auto &event : events)
			EXPECT_NE(number_of(event) / 1000, 6u);
		EXPECT_EQ(number_of(events.back()), interrupted ? 7001u : 999u);
		EXPECT_EQ(left_out.incomplete, 2u);
	}
}

TEST(RecorderMemory, a_recorder_whose_page_or_description_was_changed_is_refused_with_a_reason)
{
	const auto good = make_memory(write_rings(10));
	for (const uint64_t at : {5 * page + 16, 5 * page + 40, 6 * page + 100}) {
		auto bad = good;
		bad[at] ^= std::byte{1};
		const auto found = find_in(bad);
		EXPECT_TRUE(found.recorders.empty());
		EXPECT_EQ(found.refused.size(), 1u) << at;
	}
}

namespace
{

void fuzz_snapshots(fuzz_outcomes &to)
{
	auto random = to.random();
	const auto good = make_snapshot(write_rings(3000));
	for (int turn = 0; turn < to.turns(); turn++) {
		auto bad = good;
		for (uint64_t flips = random() % 8; flips--;)
			bad[random() % bad.size()] ^= static_cast<std::byte>(1 << random() % 8);
		// The header and the description are small: they have flips of their own.
		for (uint64_t flips = turn % 5 ? 0 : random() % 4; flips--;)
			bad[random() % 600] ^= static_cast<std::byte>(1 << random() % 8);
		if (turn % 3 == 0)
			bad.resize(random() % bad.size());
		// Checksums that are right say nothing of who made them.
		perfbuf_snapshot_header head;
		if (turn % 2 && recorder::load(bad, 0, head) &&
		    head.description_bytes <= bad.size() - sizeof(head)) {
			head.description_crc = tracefile::crc32(
				std::span(bad).subspan(sizeof(head), head.description_bytes));
			store(bad, 0, head);
		}
		const memory_bytes exact(bad);
		if (const auto found = recorder::parse_snapshot(exact))
			to.read_all(found->rings, found->of);
		else
			to.note(found.error().text);
	}
}

} // namespace

TEST(RecorderFuzz, cut_and_flipped_snapshots_are_never_read_beyond_their_end)
{
	fuzz_outcomes reached("snapshots", 1, 3000);
	fuzz_snapshots(reached);
	reached.expect({"rings with events", "damaged places", "incomplete records",
			"overwritten meanwhile", "this is no snapshot of a recorder",
			"the snapshot is of version #", "the snapshot is cut short",
			"the description in the snapshot has another checksum",
			"a recorder is of version #, this program reads version #",
			"the description of a recorder makes no sense"});
}

TEST(RecorderFuzz, a_fuzzer_of_the_same_seed_has_the_same_outcomes)
{
	fuzz_outcomes once("once", 7, 100), again("again", 7, 100), other("other", 8, 100);
	fuzz_snapshots(once);
	fuzz_snapshots(again);
	fuzz_snapshots(other);
	EXPECT_EQ(once.counts(), again.counts());
	if (!std::getenv("RECOVER_FUZZ_SEED")) {
		EXPECT_NE(once.counts(), other.counts());
	}
}

TEST(RecorderFuzz, rings_with_damaged_words_and_data_are_read_to_an_end_within_their_bounds)
{
	fuzz_outcomes reached("rings", 2, 3000);
	auto random = reached.random();
	const auto rings = write_rings(3000);
	const auto of = recorder::parse_description(describe(rings, 0));
	ASSERT_TRUE(of);
	for (int turn = 0; turn < reached.turns(); turn++) {
		recorder::ring bad = rings[0].copy();
		const auto lie = [&](uint64_t &word) {
			if (random() % 3 == 0)
				word = random() % 2 ? random() : word + random() % 65536 - 32768;
		};
		lie(bad.published);
		lie(bad.reserved);
		for (auto &mark : bad.marks)
			lie(mark);
		for (uint64_t flips = random() % 64; flips--;)
			bad.data[random() % bad.data.size()] = static_cast<std::byte>(random());
		reached.read_all({bad}, *of);
	}
	reached.expect({"rings with events", "rings without events", "damaged places",
			"incomplete records", "overwritten meanwhile"});
}

TEST(RecorderFuzz, dumps_with_damaged_headers_and_recorders_are_never_read_beyond_their_end)
{
	fuzz_outcomes reached("ELF cores, also flattened", 3, 400);
	auto random = reached.random();
	const auto memory = make_memory(write_rings(1000));
	for (int turn = 0; turn < reached.turns(); turn++) {
		auto bad = memory;
		damage_recorder(bad, recorder_frame * page, random);
		auto core = as_core(bad, 0);
		for (uint64_t flips = random() % 4; flips--;)
			core[random() % 176] = static_cast<std::byte>(random());
		if (turn % 3 == 0) {
			core = as_flattened(core);
			for (uint64_t flips = random() % 3; flips--;)
				core[page + random() % 16] = static_cast<std::byte>(random() % 4);
		}
		if (turn % 4 == 0)
			core.resize(random() % core.size());
		read_dump(core, reached);
	}
	reached.expect({"rings with events", "damaged places", "incomplete records",
			"no recorder in the dump", "FILE is an ELF core without memory in it",
			"FILE has a piece that belongs nowhere",
			"at #: the description of a recorder makes no sense",
			"at #: a page of its description is not in the dump"});
}
