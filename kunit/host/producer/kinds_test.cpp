// SPDX-License-Identifier: GPL-2.0
/* Kinds of fields that stand for more than their bytes, and pointers that not all readers see. */
#include "harness.hpp"

#include "producer/pointers.hpp"

using namespace perfbuf;
using namespace perfbuf::host;

namespace
{

constexpr u64 first_pointer = 0xffff888012345678;
constexpr u64 second_pointer = 0xffffffff81000000;

struct [[gnu::packed]] pointed_payload {
	perfbuf_common common;
	u32 number;
	u64 where, other;
	u8 on;
};

const void *as_pointer(u64 value)
{
	return reinterpret_cast<const void *>(value);
}

u64 hashed(u64 value)
{
	return value * 0x9e3779b97f4a7c15 >> 32;
}

void emit_pointed(u32 number)
{
	pointed::emit(number, as_pointer(first_pointer), as_pointer(second_pointer), number % 2);
}

class producer_kinds : public producer_emission
{
protected:
	/* One that was opened without CAP_PERFMON. */
	static std::unique_ptr<host::reader>
	without_rights(testdev &from, const perf_event_attr &attr, u32 pages = 4)
	{
		now.may_trace = false;

		auto made = std::make_unique<host::reader>(from, attr, 0,
							   perf_buffer::options{.nr_pages = pages});

		now.may_trace = true;
		EXPECT_EQ(made->error, 0);
		return made;
	}

	/* The payloads of records of RAW alone. */
	static std::vector<pointed_payload> payloads(host::reader &of)
	{
		std::vector<pointed_payload> all;

		for (const raw_record &record : of.records())
			all.push_back(record.at<pointed_payload>(sizeof(u32)));
		return all;
	}
};

TEST_F(producer_kinds, the_pointers_of_an_event_are_those_of_its_layout)
{
	static constexpr perfbuf_field fields[] = {
		{"u64", "a", nullptr, 8, 8, 1, PERFBUF_KIND_POINTER, 0},
		{"u64", "b", nullptr, 16, 8, 1, PERFBUF_KIND_HEX, 0},
		{"u64", "c", nullptr, 24, 8, 1, PERFBUF_KIND_POINTER, 0}};

	for (u32 count : {0u, 1u, 2u, 3u}) {
		pointer_fields found;

		EXPECT_TRUE(found.find({fields, count, 8 + 8 * count}));
		EXPECT_EQ(found.count(), (count + 1) / 2);
		if (count == 3) {
			EXPECT_EQ(found.at(1), 24u);
		}
	}
}

TEST_F(producer_kinds, a_reader_without_rights_gets_the_hashes_of_pointers_and_others_the_pointers)
{
	for (const u64 fields : {u64{PERF_SAMPLE_RAW}, time_tid_cpu, every_field}) {
		testdev source;
		const perf_event_attr attr = attr_of(pointed::object, fields);
		const auto hidden = without_rights(source, attr);
		host::reader before(source, attr);
		const auto second = without_rights(source, attr);
		host::reader behind(source, attr);

		emit_pointed(7);
		for (host::reader *of : {hidden.get(), &before, second.get(), &behind}) {
			const bool hides = of == hidden.get() || of == second.get();
			const auto all = of->records();

			ASSERT_EQ(all.size(), 1u);

			pointed_payload wanted = {
				.common = {.type = static_cast<u16>(pointed::object.id),
					   .flags = 0,
					   .preempt_count = 0,
					   .pid = now.pid},
				.number = 7,
				.where = first_pointer,
				.other = second_pointer,
				.on = 1};
			if (hides) {
				wanted.where = hashed(first_pointer);
				wanted.other = hashed(second_pointer);
			}
			/* The payload is the last of the record, but for the padding. */
			const auto &body = all[0].body;
			size_t found = 0;

			for (size_t at = 0; at + sizeof(wanted) <= body.size(); at++)
				found += !std::memcmp(&body[at], &wanted, sizeof(wanted));
			EXPECT_EQ(found, 1u) << fields << (hides ? " hidden" : "");
		}
	}
}

/* A hash costs more than a record, and interrupts are off. */
TEST_F(producer_kinds, a_pointer_is_hashed_once_for_all_readers_of_an_emission)
{
	testdev source;
	std::vector<std::unique_ptr<host::reader>> all;

	for (int i = 0; i < 5; i++)
		all.push_back(without_rights(source, attr_of(pointed::object)));
	host::reader sees(source, attr_of(pointed::object));

	for (u32 i = 0; i < 3; i++) {
		now.hashes = 0;
		pointed::emit(i, as_pointer(first_pointer + i), as_pointer(second_pointer), true);
		EXPECT_EQ(now.hashes, i ? 1u : 2u) << "of those that differ from the last";
		for (auto &attached : all) {
			const auto seen = payloads(*attached);

			ASSERT_EQ(seen.size(), 1u);
			EXPECT_EQ(seen[0].where, hashed(first_pointer + i));
			EXPECT_EQ(seen[0].other, hashed(second_pointer));
		}
		EXPECT_EQ(payloads(sees).at(0).where, first_pointer + i);
	}
}

TEST_F(producer_kinds, a_pointer_is_not_hashed_for_readers_that_are_off)
{
	testdev source;
	const auto off = without_rights(source, attr_of(pointed::object));
	const auto over = without_rights(source, attr_of(pointed::object));

	off->owner().disable();
	ASSERT_TRUE(over->owner().refresh(1));
	emit_pointed(1);
	now.hashes = 0;
	/* The file of the second is off, and still in the list. */
	emit_pointed(2);
	pointed::emit(3, as_pointer(1), as_pointer(2), true);
	EXPECT_EQ(now.hashes, 0u);
	EXPECT_EQ(payloads(*over).size(), 1u);
}

TEST_F(producer_kinds, each_record_of_a_burst_is_hashed_once_for_all_readers)
{
	testdev source;
	const auto first = without_rights(source, attr_of(pointed::object));
	host::reader sees(source, attr_of(pointed::object));
	const auto second = without_rights(source, attr_of(pointed::object));
	const auto off = without_rights(source, attr_of(pointed::object));

	ASSERT_TRUE(off->owner().refresh(1));
	emit_pointed(0);
	for (host::reader *reader : {first.get(), &sees, second.get(), off.get()})
		EXPECT_EQ(payloads(*reader).size(), 1u);
	now.hashes = 0;
	pointed::emit_burst(5, [](u32 i, auto put) {
		return put(i, as_pointer(first_pointer + 1 + i), as_pointer(0), false);
	});
	EXPECT_EQ(now.hashes, 5u);
	for (host::reader *reader : {first.get(), second.get()}) {
		const auto seen = payloads(*reader);

		ASSERT_EQ(seen.size(), 5u);
		for (u32 i = 0; i < 5; i++) {
			EXPECT_EQ(seen[i].number, i);
			EXPECT_EQ(seen[i].where, hashed(first_pointer + 1 + i));
		}
	}
	EXPECT_EQ(payloads(sees).size(), 5u);
	EXPECT_EQ(payloads(*off).size(), 0u);
}

/* An emission that interrupts another one has hashes of its own. */
TEST_F(producer_kinds, an_emission_that_is_interrupted_keeps_its_hashes)
{
	testdev source;
	const auto unprivileged = without_rights(source, attr_of(pointed::object));
	const auto nested = [] {
		const nesting before = std::exchange(now.level, nesting::nmi);

		pointed::emit(9, as_pointer(first_pointer + 9), as_pointer(second_pointer), true);
		now.level = before;
	};

	at_each_access([] { emit_pointed(1); }, nested,
		       [&](bool came) {
			       const auto seen = payloads(*unprivileged);

			       ASSERT_EQ(seen.size(), came ? 2u : 1u);
			       for (const auto &each : seen)
				       EXPECT_EQ(each.where,
						 hashed(each.number == 1 ? first_pointer
									 : first_pointer + 9));
		       });
}

TEST_F(producer_kinds, no_byte_of_a_pointer_reaches_the_ring_of_a_reader_without_rights)
{
	testdev source;
	const auto hidden = without_rights(source, attr_of(pointed::object));
	const perf_event_mmap_page &page = *hidden->ring().user_page();

	for (u32 i = 0; i < 1000; i++) {
		emit_pointed(i);
		(void)hidden->records();
	}
	EXPECT_GT(page.data_head, hidden->ring().size()) << "each byte of the ring was written";
	for (u64 frame = 1; frame <= hidden->ring().size() / page_size; frame++) {
		const char *at = static_cast<const char *>(
			pb_test_frame_address(hidden->ring().page_frame(frame).take()));

		for (u64 i = 0; i + 4 <= page_size; i++)
			ASSERT_NE(std::memcmp(at + i,
					      reinterpret_cast<const char *>(&first_pointer) + 4,
					      4),
				  0)
				<< "the upper half of a pointer";
	}
}

TEST_F(producer_kinds, a_filter_without_rights_compares_hashes)
{
	testdev source;
	const auto hidden = without_rights(source, attr_of(pointed::object));
	host::reader open(source, attr_of(pointed::object));
	const auto passes = [&](host::reader &of, const std::string &text) {
		EXPECT_EQ(of.set_filter(text.c_str()), 0) << text;
		(void)of.records();
		emit_pointed(1);
		return !of.records().empty();
	};

	EXPECT_TRUE(passes(open, "where == " + std::to_string(first_pointer)));
	EXPECT_FALSE(passes(open, "where == " + std::to_string(hashed(first_pointer))));
	EXPECT_FALSE(passes(*hidden, "where == " + std::to_string(first_pointer)));
	EXPECT_FALSE(passes(*hidden, "where > 0xffffffff"));
	EXPECT_FALSE(passes(*hidden, "other & 0xffffffff00000000"));
	EXPECT_TRUE(passes(*hidden, "where == " + std::to_string(hashed(first_pointer))));
	EXPECT_TRUE(passes(*hidden, "on == true && on in (true) && on != false && on == 1"));
	EXPECT_FALSE(passes(*hidden, "on == false"));
	EXPECT_EQ(hidden->set_filter("on == yes"), ENOENT);
}

TEST_F(producer_kinds, a_burst_hides_pointers_from_readers_without_rights_alone)
{
	testdev source;
	host::reader open(source, attr_of(pointed::object));
	const auto hidden = without_rights(source, attr_of(pointed::object));

	pointed::emit_burst(5, [](u32 i, auto put) {
		return put(i, as_pointer(first_pointer + i), as_pointer(0), false);
	});

	const auto seen = payloads(open);
	const auto hashes = payloads(*hidden);

	ASSERT_EQ(seen.size(), 5u);
	ASSERT_EQ(hashes.size(), 5u);
	for (u32 i = 0; i < 5; i++) {
		EXPECT_EQ(seen[i].where, first_pointer + i);
		EXPECT_EQ(hashes[i].number, i);
		EXPECT_EQ(hashes[i].where, hashed(first_pointer + i));
		EXPECT_EQ(hashes[i].other, 0u) << "NULL is no secret";
	}
}

TEST_F(producer_kinds, a_hidden_pointer_is_zero_before_the_kernel_has_a_key)
{
	testdev source;
	const auto hidden = without_rights(source, attr_of(pointed::object));

	now.has_pointer_key = false;
	emit_pointed(1);

	const auto all = payloads(*hidden);

	ASSERT_EQ(all.size(), 1u);
	EXPECT_EQ(all[0].where, 0u);
}

TEST_F(producer_kinds, addresses_and_arrays_of_any_length_stand_where_the_layout_says)
{
	testdev source;
	host::reader open(source, attr_of(addressed::object));
	const auto hidden = without_rights(source, attr_of(addressed::object));
	constexpr u8 v4[4] = {10, 0, 0, 1}, v6[16] = {0x20, 1}, mac[6] = {2, 0, 0x5e},
		     uuid[16] = {0x12, 0x34};
	constexpr u16 shorts[3] = {1, 0xffff, 3};
	constexpr s64 wides[2] = {-1, 5};

	addressed::emit(as_pointer(first_pointer), v4, v6, mac, uuid, {shorts, 3}, "text",
			{wides, 2});
	addressed::emit(nullptr, v4, v6, mac, uuid, {nullptr, 0}, nullptr, {wides, 1});
	for (host::reader *of : {&open, hidden.get()}) {
		const auto all = of->records();

		ASSERT_EQ(all.size(), 2u);

		const raw_record &record = all[0];
		const size_t base = sizeof(u32);
		const auto bytes_of = [&](const raw_record &in, size_t at) {
			const u32 where = in.at<u32>(base + at);

			return std::string(&in.body[base + (where & 0xffff)], where >> 16);
		};
		const auto same = [&](size_t at, const u8 *bytes, size_t count) {
			return !std::memcmp(&record.body[base + at], bytes, count);
		};

		EXPECT_EQ(record.at<u64>(base + 8),
			  of == &open ? first_pointer : hashed(first_pointer));
		EXPECT_TRUE(same(16, v4, 4));
		EXPECT_TRUE(same(20, v6, 16));
		EXPECT_TRUE(same(36, mac, 6));
		EXPECT_TRUE(same(42, uuid, 16));
		EXPECT_EQ(bytes_of(record, 58),
			  std::string(reinterpret_cast<const char *>(shorts), 6));
		EXPECT_EQ(bytes_of(record, 62), std::string("text", 5));
		EXPECT_EQ(bytes_of(record, 66),
			  std::string(reinterpret_cast<const char *>(wides), 16));
		EXPECT_EQ(bytes_of(all[1], 58), "");
		EXPECT_EQ(bytes_of(all[1], 66),
			  std::string(reinterpret_cast<const char *>(wides), 8));
	}
	EXPECT_EQ(open.set_filter("message == text"), 0) << "the arrays before it count as parts";
	addressed::emit(nullptr, v4, v6, mac, uuid, {shorts, 3}, "text", {wides, 2});
	addressed::emit(nullptr, v4, v6, mac, uuid, {shorts, 3}, "other", {wides, 2});
	EXPECT_EQ(open.records().size(), 1u);
	for (const char *field : {"from", "to", "station", "volume", "shorts", "wides"})
		EXPECT_EQ(open.set_filter((std::string(field) + " == 1").c_str()), EINVAL) << field;
}

} // namespace
