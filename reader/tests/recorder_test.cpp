// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Recorders in snapshots and in the memory of a crashed machine, and the same damaged by chance and
// on purpose.
#include <elf.h>
#include <endian.h>
#include <fstream>
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <random>
#include <unistd.h>

#include "recorder/memory.hpp"
#include "recorder/show.hpp"
#include "tracefile/crc32.hpp"

using namespace perfbuf;
using recorder::moment;

namespace
{

constexpr uint64_t page = PERFBUF_RECORDER_PAGE;
constexpr uint64_t ring_bytes = 2 * page;
constexpr uint16_t id = 1234;
const std::string format = R"(name: step
ID: 1234
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:u32 number;	offset:8;	size:4;	signed:0;
	field:u8 state;	offset:12;	size:1;	signed:0;
	field:u8 flags;	offset:13;	size:1;	signed:0;
	field:u16 address;	offset:14;	size:2;	signed:0;

print fmt: "number=%u state=%s flags=%s address=0x%x", REC->number, __print_symbolic(REC->state, { 0, "idle" }, { 1, "busy" }), __print_flags(REC->flags, "|", { 1, "ok" }, { 2, "late" }), REC->address
)";

using memory_bytes = std::vector<std::byte>;

template <typename T>
void store(memory_bytes &to, uint64_t at, const T &value)
{
	ASSERT_LE(at + sizeof(T), to.size());
	std::memcpy(to.data() + at, &value, sizeof(T));
}

struct record {
	perf_event_header header{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, sizeof(record)};
	uint32_t pid = 7, tid = 8;
	uint64_t time = 0;
	uint64_t cpu = 0;
	uint32_t raw_bytes = 20;
	uint16_t type = id;
	uint16_t common = 0;
	uint32_t common_pid = 8;
	uint32_t number = 0;
	uint8_t state = 1, flags = 3;
	uint16_t address = 0xabc;
	uint32_t padding = 0;
} __attribute__((packed));
static_assert(sizeof(record) == 56);

// A ring as the kernel writes it: a mark at each 512 bytes.
struct written_ring {
	uint32_t cpu = 0;
	uint64_t head = 0;
	memory_bytes data = memory_bytes(ring_bytes);
	std::array<uint64_t, PERFBUF_RECORDER_MARKS> marks{};

	void put(uint32_t number, uint64_t time)
	{
		record one;
		one.cpu = cpu;
		one.number = number;
		one.time = time;
		const auto *bytes = reinterpret_cast<const std::byte *>(&one);
		for (size_t at = 0; at < sizeof(one); at++)
			data[(head + at) % ring_bytes] = bytes[at];
		head += sizeof(one);
		if ((head - sizeof(one)) / 512 != head / 512)
			marks[head / 512 % marks.size()] = head;
	}
	recorder::ring copy() const { return {cpu, head, head, marks, data}; }
};

// Two CPUs, whose times interleave: numbers 0 to count - 1.
std::vector<written_ring> write_rings(uint32_t count)
{
	std::vector<written_ring> rings(2);
	rings[1].cpu = 1;
	for (uint32_t number = 0; number < count; number++)
		rings[number % 2].put(number, 1'000'000'000 + number);
	return rings;
}

memory_bytes describe(const std::vector<written_ring> &rings, uint64_t frame_base)
{
	perfbuf_recorder_description head{};
	const uint64_t cpus_at = sizeof(head);
	const uint64_t events_at = cpus_at + rings.size() * sizeof(perfbuf_recorder_cpu);
	const uint64_t frames_at = events_at + sizeof(perfbuf_recorder_event);
	const uint64_t text_at = frames_at + rings.size() * ring_bytes / page * 8;
	memory_bytes made((text_at + format.size() + 7) / 8 * 8);
	head.bytes = sizeof(head);
	head.version = PERFBUF_RECORDER_VERSION;
	std::strcpy(head.source, "mydev");
	head.number = 3;
	head.bytes_per_cpu = ring_bytes;
	head.cpu_count = static_cast<uint32_t>(rings.size());
	head.event_count = 1;
	head.cpus_at = static_cast<uint32_t>(cpus_at);
	head.events_at = static_cast<uint32_t>(events_at);
	store(made, 0, head);
	for (size_t at = 0; at < rings.size(); at++) {
		// A page of words, then the data, for each CPU.
		const uint64_t words = (frame_base + at * 3) * page;
		const uint64_t frames = frames_at + at * 16;
		store(made, cpus_at + at * sizeof(perfbuf_recorder_cpu),
		      perfbuf_recorder_cpu{rings[at].cpu, 2, words, words + 8, words + 16,
					   static_cast<uint32_t>(frames), 0});
		store(made, frames, uint64_t{frame_base + at * 3 + 1});
		store(made, frames + 8, uint64_t{frame_base + at * 3 + 2});
	}
	store(made, events_at,
	      perfbuf_recorder_event{id, static_cast<uint32_t>(text_at),
				     static_cast<uint32_t>(format.size()), 0});
	std::memcpy(made.data() + text_at, format.data(), format.size());
	return made;
}

memory_bytes make_snapshot(const std::vector<written_ring> &rings)
{
	const memory_bytes description = describe(rings, 0);
	perfbuf_snapshot_header head{};
	std::memcpy(head.magic, PERFBUF_SNAPSHOT_MAGIC, sizeof(head.magic));
	head.version = PERFBUF_RECORDER_VERSION;
	head.description_bytes = description.size();
	head.description_crc = tracefile::crc32(description);
	memory_bytes made(sizeof(head));
	made.insert(made.end(), description.begin(), description.end());
	for (const auto &ring : rings) {
		perfbuf_snapshot_cpu words{ring.cpu, ring_bytes / page, ring.head, ring.head, {}};
		std::memcpy(words.marks, ring.marks.data(), sizeof(words.marks));
		const auto *bytes = reinterpret_cast<const std::byte *>(&words);
		made.insert(made.end(), bytes, bytes + sizeof(words));
		made.insert(made.end(), ring.data.begin(), ring.data.end());
	}
	head.bytes = made.size();
	store(made, 0, head);
	return made;
}

// The recorder's page is at frame 5, the description behind it; `reserved`: beyond the head.
memory_bytes make_memory(const std::vector<written_ring> &rings, uint64_t reserved = 0)
{
	memory_bytes made(32 * page);
	const memory_bytes description = describe(rings, 10);
	std::memcpy(made.data() + 6 * page, description.data(), description.size());
	perfbuf_recorder_page head{};
	std::memcpy(head.magic, PERFBUF_RECORDER_MAGIC, sizeof(head.magic));
	head.version = PERFBUF_RECORDER_VERSION;
	head.frame = 5;
	head.description_bytes = description.size();
	head.description_crc = tracefile::crc32(description);
	head.frame_count = 1;
	head.frames[0] = 6;
	head.crc = tracefile::crc32(std::as_bytes(std::span(&head, 1)));
	store(made, 5 * page, head);
	for (size_t at = 0; at < rings.size(); at++) {
		const uint64_t words = (10 + at * 3) * page;
		store(made, words, rings[at].head);
		store(made, words + 8, rings[at].head + reserved);
		store(made, words + 16, rings[at].marks);
		std::memcpy(made.data() + words + page, rings[at].data.data(), ring_bytes);
	}
	return made;
}

memory_bytes as_core(const memory_bytes &memory, uint64_t physical)
{
	Elf64_Ehdr head{};
	std::memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	head.e_type = ET_CORE;
	head.e_phoff = sizeof(head);
	head.e_phentsize = sizeof(Elf64_Phdr);
	head.e_phnum = 2;
	Elf64_Phdr note{}, load{};
	note.p_type = PT_NOTE;
	load.p_type = PT_LOAD;
	load.p_paddr = physical;
	load.p_offset = sizeof(head) + 2 * sizeof(note);
	load.p_filesz = memory.size();
	memory_bytes made(load.p_offset);
	store(made, 0, head);
	store(made, sizeof(head), note);
	store(made, sizeof(head) + sizeof(note), load);
	made.insert(made.end(), memory.begin(), memory.end());
	return made;
}

// As makedumpfile -F and QEMU write a file: its pieces, here the last one first.
memory_bytes as_flattened(const memory_bytes &file)
{
	constexpr uint64_t piece = 5000;
	memory_bytes made(page);
	std::memcpy(made.data(), "makedumpfile", 12);
	const auto put = [&](uint64_t value) {
		value = htobe64(value);
		const auto *bytes = reinterpret_cast<const std::byte *>(&value);
		made.insert(made.end(), bytes, bytes + sizeof(value));
	};
	for (uint64_t end = file.size(); end; end -= std::min(end, piece)) {
		const uint64_t begin = end - std::min(end, piece);
		put(begin);
		put(end - begin);
		made.insert(made.end(), file.begin() + static_cast<ptrdiff_t>(begin),
			    file.begin() + static_cast<ptrdiff_t>(end));
	}
	put(UINT64_MAX);
	put(UINT64_MAX);
	return made;
}

class dump_file
{
public:
	explicit dump_file(const memory_bytes &content) : path_("/tmp/perfbuf-recorder-XXXXXX")
	{
		const int fd = ::mkstemp(path_.data());
		EXPECT_GE(fd, 0);
		EXPECT_EQ(::write(fd, content.data(), content.size()),
			  static_cast<ssize_t>(content.size()));
		::close(fd);
	}
	~dump_file() { ::unlink(path_.c_str()); }
	dump_file(const dump_file &) = delete;
	dump_file &operator=(const dump_file &) = delete;
	const std::string &path() const { return path_; }

private:
	std::string path_;
};

uint32_t number_of(const recorder::recorded_event &of)
{
	return static_cast<uint32_t>(*of.event->format.find("number")->integer(of.payload));
}

// Without a gap and in order, up to `last`.
void expect_last(const std::vector<recorder::recorded_event> &events, uint32_t last)
{
	ASSERT_FALSE(events.empty());
	EXPECT_EQ(number_of(events.back()), last);
	for (size_t at = 1; at < events.size(); at++)
		ASSERT_LT(number_of(events[at - 1]), number_of(events[at]));
}

recorder::found_recorders find_in(const memory_bytes &memory)
{
	const dump_file file(memory);
	const auto in = recorder::memory::open(file.path());
	return in ? recorder::find_recorders(*in) : recorder::found_recorders{};
}

} // namespace

TEST(RecorderSnapshot, gives_all_events_of_rings_that_were_not_full_in_order_of_time)
{
	const auto found = recorder::parse_snapshot(make_snapshot(write_rings(100)));
	ASSERT_TRUE(found) << found.error().text;
	recorder::omissions left_out;
	const auto events = recorder::events_of(found->rings, found->of, moment::live, left_out);
	ASSERT_EQ(events.size(), 100u);
	expect_last(events, 99);
	EXPECT_EQ(found->of.source, "mydev");
	EXPECT_EQ(recorder::printer().line("mydev", events[1]),
		  "1.000000001 cpu 1 tid 8 mydev:step number=1 state=busy flags=ok|late "
		  "address=0xabc");
}

TEST(RecorderSnapshot, begins_at_a_mark_where_the_ring_was_overwritten)
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

TEST(RecorderSnapshot, leaves_out_and_counts_what_writers_overwrote_meanwhile)
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

TEST(RecorderMemory, is_searched_for_recorders_as_raw_memory_and_as_an_ELF_core_and_flattened)
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

TEST(RecorderMemory, of_an_image_holds_the_recorder_at_the_address_where_the_image_was)
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
TEST(RecorderMemory, that_holds_a_copy_of_a_recorder_elsewhere_does_not_count_it)
{
	const auto memory = make_memory(write_rings(10));
	EXPECT_TRUE(find_in(as_core(memory, 7 * page)).recorders.empty());
}

TEST(RecorderMemory, without_a_recorder_or_of_another_kind_is_said)
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
TEST(RecorderMemory, of_a_writer_that_was_interrupted_has_the_records_of_who_interrupted_it)
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

TEST(RecorderMemory, whose_page_or_description_was_changed_is_refused_with_a_reason)
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

// Everything that can be asked of it; what it says does not matter.
void read_all(const std::vector<recorder::ring> &rings, const recorder::description &of)
{
	for (const auto when : {moment::live, moment::stopped}) {
		recorder::omissions left_out;
		recorder::printer printer;
		for (const auto &event : recorder::events_of(rings, of, when, left_out))
			ASSERT_FALSE(printer.line(of.source, event).empty());
	}
}

} // namespace

TEST(RecorderFuzz, of_snapshots_that_were_cut_and_flipped_never_reads_beyond_them)
{
	std::mt19937_64 random(1);
	const auto good = make_snapshot(write_rings(3000));
	for (int turn = 0; turn < 3000; turn++) {
		auto bad = good;
		for (uint64_t flips = random() % 8; flips--;)
			bad[random() % bad.size()] ^= static_cast<std::byte>(1 << random() % 8);
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
			read_all(found->rings, found->of);
	}
}

TEST(RecorderFuzz, of_rings_whose_words_and_data_lie_ends_and_stays_inside)
{
	std::mt19937_64 random(2);
	const auto rings = write_rings(3000);
	const auto of = recorder::parse_description(describe(rings, 0));
	ASSERT_TRUE(of);
	for (int turn = 0; turn < 3000; turn++) {
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
		read_all({bad}, *of);
	}
}

TEST(RecorderFuzz, of_dumps_whose_headers_and_recorders_lie_never_reads_beyond_them)
{
	std::mt19937_64 random(3);
	const auto memory = make_memory(write_rings(1000));
	for (int turn = 0; turn < 400; turn++) {
		auto bad = memory;
		for (uint64_t flips = random() % 16; flips--;)
			bad[(5 + random() % 12) * page + random() % 400] =
				static_cast<std::byte>(random());
		perfbuf_recorder_page head;
		std::memcpy(&head, bad.data() + 5 * page, sizeof(head));
		std::memcpy(head.magic, PERFBUF_RECORDER_MAGIC, sizeof(head.magic));
		head.version = PERFBUF_RECORDER_VERSION;
		head.frame = 5;
		head.description_crc = tracefile::crc32(std::span(bad).subspan(
			6 * page, std::min<uint64_t>(head.description_bytes, page)));
		head.crc = 0;
		head.crc = tracefile::crc32(std::as_bytes(std::span(&head, 1)));
		store(bad, 5 * page, head);
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
		for (const auto &found : find_in(core).recorders)
			read_all(found.rings, found.of);
	}
}
