// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the decoder: each record and each field of a sample.
#include <array>
#include <gtest/gtest.h>
#include <perfbuf/decoder.hpp>
#include <random>

#include "count_allocations.hpp"
#include "generator.hpp"

using namespace perfbuf::reader;
using namespace perfbuf::tests;

namespace
{

// The fields that the device supports; every combination is tried.
constexpr std::array<uint64_t, 13> device_fields{
	PERF_SAMPLE_IP,	       PERF_SAMPLE_TID, PERF_SAMPLE_TIME,      PERF_SAMPLE_ADDR,
	PERF_SAMPLE_ID,	       PERF_SAMPLE_CPU, PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_PERIOD,
	PERF_SAMPLE_CALLCHAIN, PERF_SAMPLE_RAW, PERF_SAMPLE_REGS_USER, PERF_SAMPLE_STACK_USER,
	PERF_SAMPLE_IDENTIFIER};

perf_event_attr make_attr(uint64_t type)
{
	perf_event_attr attr{};
	attr.sample_type = type;
	attr.sample_id_all = 1;
	attr.sample_regs_user = 0xff0fff;
	attr.sample_regs_intr = 0x1ff;
	return attr;
}

void expect_words(std::span<const uint64_t> found, uint64_t first, size_t count)
{
	ASSERT_EQ(found.size(), count);
	for (size_t at = 0; at < count; at++)
		ASSERT_EQ(found[at], first + at);
}

void expect_pattern(std::span<const std::byte> found, size_t size)
{
	ASSERT_EQ(found.size(), size);
	for (size_t at = 0; at < size; at++)
		ASSERT_EQ(found[at], static_cast<std::byte>(at + 1));
}

void expect_sample(const sample &found, const perf_event_attr &attr, const values &of)
{
	const uint64_t type = attr.sample_type;
	const auto has = [&](uint64_t field) { return (type & field) != 0; };
	const auto word = [&](uint64_t field) { return has(field) ? of.of(field) : 0; };
	const auto half = [&](uint64_t field) { return static_cast<uint32_t>(word(field)); };

	ASSERT_EQ(found.ip, word(PERF_SAMPLE_IP));
	ASSERT_EQ(found.pid, half(PERF_SAMPLE_TID));
	ASSERT_EQ(found.tid, has(PERF_SAMPLE_TID) ? half(PERF_SAMPLE_TID) + 1 : 0);
	ASSERT_EQ(found.time, word(PERF_SAMPLE_TIME));
	ASSERT_EQ(found.addr, word(PERF_SAMPLE_ADDR));
	ASSERT_EQ(found.id,
		  has(PERF_SAMPLE_ID) || has(PERF_SAMPLE_IDENTIFIER) ? of.of(PERF_SAMPLE_ID) : 0);
	ASSERT_EQ(found.stream_id, word(PERF_SAMPLE_STREAM_ID));
	ASSERT_EQ(found.cpu, half(PERF_SAMPLE_CPU));
	ASSERT_EQ(found.period, word(PERF_SAMPLE_PERIOD));
	expect_words(found.callchain, of.of(PERF_SAMPLE_CALLCHAIN),
		     has(PERF_SAMPLE_CALLCHAIN) ? of.callchain : 0);
	expect_pattern(found.raw, has(PERF_SAMPLE_RAW) ? of.raw : 0);
	expect_pattern(found.branches,
		       has(PERF_SAMPLE_BRANCH_STACK) ? of.branches * sizeof(perf_branch_entry) : 0);
	expect_words(found.user_registers.values, of.of(PERF_SAMPLE_REGS_USER),
		     has(PERF_SAMPLE_REGS_USER) && of.user_abi ? 20 : 0);
	expect_pattern(found.user_stack.bytes, has(PERF_SAMPLE_STACK_USER) ? of.stack : 0);
	ASSERT_EQ(found.user_stack.valid,
		  has(PERF_SAMPLE_STACK_USER) && of.stack ? of.stack_valid : 0);
	ASSERT_EQ(found.data_source, word(PERF_SAMPLE_DATA_SRC));
	ASSERT_EQ(found.transaction, word(PERF_SAMPLE_TRANSACTION));
	expect_words(found.interrupt_registers.values, of.of(PERF_SAMPLE_REGS_INTR),
		     has(PERF_SAMPLE_REGS_INTR) && of.interrupt_abi ? 9 : 0);
	ASSERT_EQ(found.physical_address, word(PERF_SAMPLE_PHYS_ADDR));
	ASSERT_EQ(found.cgroup, word(PERF_SAMPLE_CGROUP));
	ASSERT_EQ(found.data_page_size, word(PERF_SAMPLE_DATA_PAGE_SIZE));
	ASSERT_EQ(found.code_page_size, word(PERF_SAMPLE_CODE_PAGE_SIZE));
	expect_pattern(found.aux, has(PERF_SAMPLE_AUX) ? of.aux : 0);
}

void round_trip(const perf_event_attr &attr, const values &of)
{
	SCOPED_TRACE(testing::Message() << "sample_type " << std::hex << attr.sample_type);
	generator generator;
	generator.sample(attr, of);
	const auto bytes = generator.record(PERF_RECORD_SAMPLE);
	const decoder decoder(attr);
	const record record(bytes);
	const auto found = decoder.decode_sample(record);
	ASSERT_TRUE(found);
	expect_sample(*found, attr, of);
	const auto time = decoder.time_of(record);
	ASSERT_EQ(time.has_value(), (attr.sample_type & PERF_SAMPLE_TIME) != 0);
	if (time) {
		ASSERT_EQ(*time, of.of(PERF_SAMPLE_TIME));
	}
	const auto id = decoder.id_of(record);
	ASSERT_EQ(id.has_value(),
		  (attr.sample_type & (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_ID)) != 0);
	if (id) {
		ASSERT_EQ(*id, of.of(PERF_SAMPLE_ID));
	}
}

template <typename Event>
Event decode_as(const generator &made, uint32_t type, const perf_event_attr &attr,
		uint16_t misc = 0)
{
	static std::vector<std::byte> bytes; // names point into it until the next call
	bytes = made.record(type, misc);
	const auto event = decoder(attr).decode(record(bytes));
	EXPECT_TRUE(std::holds_alternative<Event>(event)) << "alternative " << event.index();
	const auto *found = std::get_if<Event>(&event);
	return found ? *found : Event{};
}

} // namespace

TEST(Decoder, SamplesOfEveryCombinationOfTheDevicesFieldsAreDecoded)
{
	for (uint64_t combination = 0; combination < 1u << device_fields.size(); combination++) {
		uint64_t type = 0;
		for (size_t bit = 0; bit < device_fields.size(); bit++)
			if (combination >> bit & 1)
				type |= device_fields[bit];
		round_trip(make_attr(type), values{combination});
		if (HasFatalFailure())
			return;
	}
}

TEST(Decoder, SampleOfRandomCombinationsOfAllFields)
{
	std::mt19937_64 random(42);
	constexpr uint64_t all = PERF_SAMPLE_MAX - 1;
	for (int round = 0; round < 20'000; round++) {
		auto attr = make_attr(random() & all);
		attr.read_format = random() & (PERF_FORMAT_MAX - 1);
		attr.branch_sample_type = random() & 1 ? PERF_SAMPLE_BRANCH_HW_INDEX : 0;
		values of{random() & 0xffff};
		of.callchain = random() % 20;
		of.raw = 4 + random() % 8 * 8;
		of.stack = random() % 4 * 8;
		of.stack_valid = of.stack ? random() % of.stack : 0;
		of.user_abi = random() % 3;
		of.interrupt_abi = random() % 3;
		of.branches = random() % 4;
		round_trip(attr, of);
		if (HasFatalFailure())
			return;
	}
}

TEST(Decoder, SampleCutShortAnywhereIsMalformed)
{
	auto attr = make_attr((PERF_SAMPLE_MAX - 1) &
			      ~static_cast<uint64_t>(PERF_SAMPLE_WEIGHT_STRUCT));
	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	generator generator;
	generator.sample(attr, values{});
	const auto whole = generator.record(PERF_RECORD_SAMPLE);
	ASSERT_TRUE(decoder(attr).decode_sample(record(whole)));
	for (size_t size = sizeof(perf_event_header); size < whole.size(); size += 8) {
		// In memory of its own, so that a sanitizer sees a read behind the end.
		const std::vector<std::byte> cut(whole.begin(),
						 whole.begin() + static_cast<ptrdiff_t>(size));
		ASSERT_FALSE(decoder(attr).decode_sample(record(cut))) << "cut at " << size;
		ASSERT_TRUE(
			std::holds_alternative<malformed_event>(decoder(attr).decode(record(cut))));
	}
}

TEST(Decoder, SampleWithARandomLengthInItIsNoTrap)
{
	const auto attr = make_attr(PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW |
				    PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER |
				    PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_READ | PERF_SAMPLE_AUX);
	generator generator;
	generator.sample(attr, values{});
	const auto whole = generator.record(PERF_RECORD_SAMPLE);
	std::mt19937_64 random(7);
	for (int round = 0; round < 50'000; round++) {
		auto bytes = whole;
		const size_t at = sizeof(perf_event_header) + random() % (bytes.size() / 8 - 1) * 8;
		const uint64_t lie = random() >> random() % 64;
		std::memcpy(bytes.data() + at, &lie, sizeof(lie));
		const auto found = decoder(attr).decode_sample(record(bytes));
		if (!found)
			continue;
		const auto inside = [&](std::span<const std::byte> part) {
			return part.empty() ||
			       (part.data() >= bytes.data() &&
				part.data() + part.size() <= bytes.data() + bytes.size());
		};
		ASSERT_TRUE(inside(std::as_bytes(found->callchain)) && inside(found->raw) &&
			    inside(found->branches) && inside(found->user_stack.bytes) &&
			    inside(std::as_bytes(found->user_registers.values)) &&
			    inside(std::as_bytes(found->read.words())) && inside(found->aux));
		ASSERT_LE(found->user_stack.valid, found->user_stack.bytes.size());
	}
}

TEST(Decoder, RawWhosePaddingIsNotCountedIsMalformed)
{
	const auto attr = make_attr(PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER);
	generator generator;
	generator.u32(5);
	generator.pattern(12);
	generator.u64(0);
	const auto bytes = generator.record(PERF_RECORD_SAMPLE);
	EXPECT_FALSE(decoder(attr).decode_sample(record(bytes)));
}

TEST(Decoder, EveryCombinationOfIdentityFieldsIsDecoded)
{
	constexpr std::array<uint64_t, 6> fields{PERF_SAMPLE_TID, PERF_SAMPLE_TIME,
						 PERF_SAMPLE_ID,  PERF_SAMPLE_STREAM_ID,
						 PERF_SAMPLE_CPU, PERF_SAMPLE_IDENTIFIER};
	for (uint64_t combination = 0; combination < 1u << fields.size(); combination++) {
		uint64_t type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN; // of samples alone
		for (size_t bit = 0; bit < fields.size(); bit++)
			if (combination >> bit & 1)
				type |= fields[bit];
		const auto attr = make_attr(type);
		const values of{combination};
		generator generator;
		generator.pair(1);
		generator.text("a name");
		generator.identity(type, of);
		const auto bytes = generator.record(PERF_RECORD_COMM);
		const decoder decoder(attr);
		const record record(bytes);

		const auto found = decoder.identity(record);
		ASSERT_TRUE(found);
		const auto word = [&](uint64_t field) { return type & field ? of.of(field) : 0; };
		EXPECT_EQ(found->pid, static_cast<uint32_t>(word(PERF_SAMPLE_TID)));
		EXPECT_EQ(found->time, word(PERF_SAMPLE_TIME));
		EXPECT_EQ(found->stream_id, word(PERF_SAMPLE_STREAM_ID));
		EXPECT_EQ(found->cpu, static_cast<uint32_t>(word(PERF_SAMPLE_CPU)));
		EXPECT_EQ(found->id, type & (PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER)
					     ? of.of(PERF_SAMPLE_ID)
					     : 0);
		EXPECT_EQ(decoder.time_of(record).value_or(0), word(PERF_SAMPLE_TIME));
		EXPECT_EQ(decoder.id_of(record).value_or(0), found->id);
		const auto event = decoder.decode(record);
		ASSERT_TRUE(std::holds_alternative<comm_event>(event));
		EXPECT_EQ(std::get<comm_event>(event).name, "a name");
	}
}

TEST(Decoder, ARecordHasNoIdentityWithoutSampleIdAll)
{
	auto attr = make_attr(PERF_SAMPLE_TIME | PERF_SAMPLE_IDENTIFIER);
	attr.sample_id_all = 0;
	generator generator;
	generator.fill(1, 2);
	const auto bytes = generator.record(PERF_RECORD_LOST);
	const decoder decoder(attr);
	EXPECT_FALSE(decoder.identity(record(bytes)));
	EXPECT_FALSE(decoder.time_of(record(bytes)));
	EXPECT_FALSE(decoder.id_of(record(bytes)));
	EXPECT_EQ(decoder.identity_size(), 0u);
}

TEST(Decoder, ALostRecordHasItsIdAndCount)
{
	generator generator;
	generator.u64(17);
	generator.u64(1234);
	const auto found = decode_as<lost_event>(generator, PERF_RECORD_LOST, make_attr(0));
	EXPECT_EQ(found.id, 17u);
	EXPECT_EQ(found.lost, 1234u);
}

TEST(Decoder, ALostSamplesRecordHasItsCount)
{
	generator generator;
	generator.u64(99);
	EXPECT_EQ(decode_as<lost_samples_event>(generator, PERF_RECORD_LOST_SAMPLES, make_attr(0))
			  .lost,
		  99u);
}

TEST(Decoder, ACommRecordOfAnExecHasTheNameAndTheFlag)
{
	generator generator;
	generator.pair(7);
	generator.text("sixteen letters");
	const auto found = decode_as<comm_event>(generator, PERF_RECORD_COMM, make_attr(0),
						 PERF_RECORD_MISC_COMM_EXEC);
	EXPECT_EQ(found.pid, 7u);
	EXPECT_EQ(found.tid, 8u);
	EXPECT_EQ(found.name, "sixteen letters");
	EXPECT_TRUE(found.exec);
}

TEST(Decoder, ForkAndExitRecordsHaveChildAndParent)
{
	generator generator;
	generator.pair(10);
	generator.pair(20);
	generator.u64(333);
	const auto born = decode_as<fork_event>(generator, PERF_RECORD_FORK, make_attr(0));
	EXPECT_EQ(born.pid, 10u);
	EXPECT_EQ(born.ppid, 11u);
	EXPECT_EQ(born.tid, 20u);
	EXPECT_EQ(born.ptid, 21u);
	EXPECT_EQ(born.time, 333u);
	EXPECT_EQ(decode_as<exit_event>(generator, PERF_RECORD_EXIT, make_attr(0)).tid, 20u);
}

TEST(Decoder, AnMmap2RecordHasEveryFieldOfTheMapping)
{
	const values of{3};
	const auto attr = make_attr(PERF_SAMPLE_TID | PERF_SAMPLE_TIME);
	generator generator;
	generator.pair(10);
	generator.fill(0x1000, 3);
	generator.u32(8);
	generator.u32(1);
	generator.u64(4711);
	generator.u64(0);
	generator.u32(5);
	generator.u32(2);
	generator.text("/usr/bin/true");
	generator.identity(attr.sample_type, of);
	const auto found = decode_as<mmap_event>(generator, PERF_RECORD_MMAP2, attr,
						 PERF_RECORD_MISC_MMAP_DATA);
	EXPECT_EQ(found.start, 0x1000u);
	EXPECT_EQ(found.length, 0x1001u);
	EXPECT_EQ(found.offset, 0x1002u);
	EXPECT_EQ(found.major, 8u);
	EXPECT_EQ(found.minor, 1u);
	EXPECT_EQ(found.inode, 4711u);
	EXPECT_EQ(found.protection, 5u);
	EXPECT_EQ(found.flags, 2u);
	EXPECT_EQ(found.filename, "/usr/bin/true");
	EXPECT_TRUE(found.data);
}

TEST(Decoder, NameWithoutEndStopsAtTheRecords)
{
	generator generator;
	generator.pair(1);
	generator.u64(0x4141414141414141);
	EXPECT_EQ(decode_as<comm_event>(generator, PERF_RECORD_COMM, make_attr(0)).name,
		  "AAAAAAAA");
}

TEST(Decoder, ThrottleUnthrottleAndAuxRecordsHaveTheirFields)
{
	generator generator;
	generator.fill(100, 3);
	EXPECT_EQ(decode_as<throttle_event>(generator, PERF_RECORD_THROTTLE, make_attr(0)).id,
		  101u);
	EXPECT_EQ(decode_as<unthrottle_event>(generator, PERF_RECORD_UNTHROTTLE, make_attr(0))
			  .stream_id,
		  102u);
	EXPECT_EQ(decode_as<aux_event>(generator, PERF_RECORD_AUX, make_attr(0)).size, 101u);
}

TEST(Decoder, UnknownTypeIsNamedAndSteppedOver)
{
	generator generator;
	generator.fill(1, 9);
	EXPECT_EQ(decode_as<unknown_event>(generator, 63, make_attr(PERF_SAMPLE_TIME)).type, 63u);
	EXPECT_EQ(decode_as<unknown_event>({}, 0, make_attr(0)).type, 0u);
}

TEST(Decoder, KnownTypeThatIsTooShortIsMalformed)
{
	for (const uint32_t type :
	     {PERF_RECORD_LOST, PERF_RECORD_COMM, PERF_RECORD_FORK, PERF_RECORD_MMAP2,
	      PERF_RECORD_MMAP, PERF_RECORD_THROTTLE, PERF_RECORD_AUX, PERF_RECORD_LOST_SAMPLES})
		EXPECT_EQ(decode_as<malformed_event>({}, type, make_attr(PERF_SAMPLE_TIME)).type,
			  type);
}

TEST(Decoder, DecodingARecordAllocatesNoMemory)
{
	const auto attr =
		make_attr(PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_TIME | PERF_SAMPLE_STACK_USER);
	generator generator;
	generator.sample(attr, values{});
	const auto bytes = generator.record(PERF_RECORD_SAMPLE);
	const decoder decoder(attr);
	const uint64_t before = allocations();
	const auto event = decoder.decode(record(bytes));
	EXPECT_EQ(allocations(), before);
	EXPECT_TRUE(std::holds_alternative<sample>(event));
}
