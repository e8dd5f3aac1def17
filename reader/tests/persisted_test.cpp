// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The memory of perfbuf.persist= as the boot before left it, and the same damaged by chance and on
// purpose.
#include <random>

#include "recorder/persisted.hpp"
#include "recorder_files.hpp"

using namespace perfbuf;
using namespace recorder_files;
using recorder::moment;

namespace
{

constexpr uint64_t persisted_at = 4 * page;

perfbuf_persist_header persist_header(const memory_bytes &image)
{
	perfbuf_persist_header head{};
	std::memcpy(head.magic, PERFBUF_PERSIST_MAGIC, sizeof(head.magic));
	head.version = PERFBUF_PERSIST_VERSION;
	head.address = persisted_at;
	head.bytes = image.size();
	return head;
}

void put_persist_header(memory_bytes &image, perfbuf_persist_header head)
{
	head.crc = 0;
	head.crc = tracefile::crc32(std::as_bytes(std::span(&head, 1)));
	store(image, 0, head);
}

// As perfbuf.persist= leaves it: a page with a header before the recorder's.
memory_bytes make_persisted(const std::vector<written_ring> &rings, uint64_t reserved = 0)
{
	const auto whole = make_memory(rings, reserved);
	memory_bytes made(whole.begin() + persisted_at, whole.end());
	put_persist_header(made, persist_header(made));
	return made;
}

} // namespace

TEST(RecorderPersisted, memory_of_the_boot_before_gives_its_last_events)
{
	const auto found =
		recorder::parse_persisted(make_persisted(write_rings(1000)), persisted_at);
	ASSERT_TRUE(found) << found.error().text;
	ASSERT_EQ(found->recorders.size(), 1u);
	EXPECT_TRUE(found->refused.empty());
	recorder::omissions left_out;
	const auto events = recorder::events_of(found->recorders[0].rings, found->recorders[0].of,
						moment::stopped, left_out);
	expect_last(events, 999);
	EXPECT_EQ(left_out.incomplete + left_out.damaged, 0u);
}

TEST(RecorderPersisted, a_header_of_another_version_or_place_or_checksum_is_refused)
{
	const auto good = make_persisted(write_rings(10));
	const auto refusal = [](memory_bytes image, uint64_t address = persisted_at) {
		const auto found = recorder::parse_persisted(std::move(image), address);
		return found ? "" : found.error().text;
	};
	const auto changed = [&](auto change) {
		auto bad = good;
		auto head = persist_header(bad);
		change(head);
		put_persist_header(bad, head);
		return bad;
	};
	EXPECT_EQ(refusal(good), "");
	EXPECT_NE(refusal(changed([](auto &head) { head.version = 7; })).find("version 7"),
		  std::string::npos);
	for (const auto &moved : {refusal(changed([](auto &head) { head.address += page; })),
				  refusal(changed([](auto &head) { head.bytes -= page; })),
				  refusal(good, persisted_at + page)})
		EXPECT_NE(moved.find("the same place"), std::string::npos) << moved;
	for (const uint64_t at : {20, 24, 32}) {
		auto bad = good;
		bad[at] ^= std::byte{1};
		EXPECT_NE(refusal(bad).find("checksum"), std::string::npos) << at;
	}
	auto other = good;
	other[3] = std::byte{0};
	EXPECT_NE(refusal(other).find("nothing"), std::string::npos);
	EXPECT_NE(refusal({}).find("nothing"), std::string::npos);
	EXPECT_NE(refusal(memory_bytes(16)).find("nothing"), std::string::npos);
}

// The page, its checksums and the description are right, but they name memory that is not there.
TEST(RecorderPersisted, a_recorder_that_names_memory_outside_is_refused)
{
	auto rings = write_rings(10);
	auto image = make_persisted(rings);
	for (const uint64_t base : {uint64_t{0}, uint64_t{1} << 40, UINT64_MAX / page}) {
		auto bad = image;
		const memory_bytes description = describe(rings, base);
		std::memcpy(bad.data() + 2 * page, description.data(), description.size());
		correct_page(bad, page);
		const auto found = recorder::parse_persisted(bad, persisted_at);
		ASSERT_TRUE(found);
		EXPECT_TRUE(found->recorders.empty());
		EXPECT_EQ(found->refused.size(), 1u);
	}
}

TEST(RecorderFuzz, persisted_memory_that_lies_is_never_read_beyond_its_end)
{
	fuzz_outcomes reached("memory of persist=", 4, 300);
	auto random = reached.random();
	const auto good = make_persisted(write_rings(1000), 112);
	for (int turn = 0; turn < reached.turns(); turn++) {
		auto bad = good;
		damage_recorder(bad, page, random);
		if (turn % 4 == 0)
			bad.resize(random() % bad.size());
		if (turn % 8 && bad.size() >= sizeof(perfbuf_persist_header))
			put_persist_header(bad, persist_header(bad));
		if (turn % 16 == 1)
			for (uint64_t flips = 1 + random() % 3; flips--;)
				bad[random() % 40] = static_cast<std::byte>(random());
		const memory_bytes exact(bad);
		const auto found = recorder::parse_persisted(exact, persisted_at);
		if (found)
			read_found(*found, reached);
		else
			reached.note(found.error().text);
	}
	reached.expect({"rings with events", "damaged places", "incomplete records",
			"the memory of persist= is damaged: its header has another checksum",
			"the memory of persist= held nothing of perfbuf's",
			"at #: the description of a recorder makes no sense"});
}
