// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Recorders, snapshots and dumps as the kernel and others write them, for tests that damage them.
#pragma once

#include <array>
#include <elf.h>
#include <endian.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <random>
#include <unistd.h>

#include "fuzz_outcomes.hpp"
#include "recorder/memory.hpp"
#include "recorder/show.hpp"
#include "tracefile/crc32.hpp"

namespace recorder_files
{

namespace recorder = perfbuf::recorder;
namespace tracefile = perfbuf::tracefile;

inline constexpr uint64_t page = PERFBUF_RECORDER_PAGE;
inline constexpr uint64_t ring_bytes = 2 * page;
inline constexpr uint64_t recorder_frame = 5;
inline constexpr uint16_t id = 1234;
inline const std::string format = R"(name: step
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
		record record;
		record.cpu = cpu;
		record.number = number;
		record.time = time;
		const auto *bytes = reinterpret_cast<const std::byte *>(&record);
		for (size_t at = 0; at < sizeof(record); at++)
			data[(head + at) % ring_bytes] = bytes[at];
		head += sizeof(record);
		if ((head - sizeof(record)) / 512 != head / 512)
			marks[head / 512 % marks.size()] = head;
	}
	recorder::ring copy() const { return {cpu, head, head, marks, data}; }
};

// Two CPUs, whose times interleave: numbers 0 to count - 1.
inline std::vector<written_ring> write_rings(uint32_t count)
{
	std::vector<written_ring> rings(2);
	rings[1].cpu = 1;
	for (uint32_t number = 0; number < count; number++)
		rings[number % 2].put(number, 1'000'000'000 + number);
	return rings;
}

inline memory_bytes describe(const std::vector<written_ring> &rings, uint64_t frame_base)
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

inline memory_bytes make_snapshot(const std::vector<written_ring> &rings)
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

// Makes the page of a recorder at `at` one that is read: what its description, on the page behind
// it, holds then is decided by its content alone.
inline void correct_page(memory_bytes &image, uint64_t at)
{
	perfbuf_recorder_page head;
	std::memcpy(&head, image.data() + at, sizeof(head));
	std::memcpy(head.magic, PERFBUF_RECORDER_MAGIC, sizeof(head.magic));
	head.version = PERFBUF_RECORDER_VERSION;
	head.frame = recorder_frame;
	head.description_crc = tracefile::crc32(std::span(image).subspan(
		at + page, std::min<uint64_t>(head.description_bytes, page)));
	head.crc = 0;
	head.crc = tracefile::crc32(std::as_bytes(std::span(&head, 1)));
	store(image, at, head);
}

// Changes bytes of the page of a recorder at `at`, its description, and the words and the data of
// its rings.
inline void damage_recorder(memory_bytes &image, uint64_t at, std::mt19937_64 &random)
{
	for (uint64_t flips = random() % 16; flips--;)
		image[at + random() % 12 * page + random() % 400] =
			static_cast<std::byte>(random());
	correct_page(image, at);
}

// The recorder's page is at its frame, the description behind it; `reserved`: beyond the head.
inline memory_bytes make_memory(const std::vector<written_ring> &rings, uint64_t reserved = 0)
{
	memory_bytes made(32 * page);
	const memory_bytes description = describe(rings, 10);
	std::memcpy(made.data() + (recorder_frame + 1) * page, description.data(),
		    description.size());
	perfbuf_recorder_page head{};
	head.description_bytes = description.size();
	head.frame_count = 1;
	head.frames[0] = recorder_frame + 1;
	store(made, recorder_frame * page, head);
	correct_page(made, recorder_frame * page);
	for (size_t at = 0; at < rings.size(); at++) {
		const uint64_t words = (10 + at * 3) * page;
		store(made, words, rings[at].head);
		store(made, words + 8, rings[at].head + reserved);
		store(made, words + 16, rings[at].marks);
		std::memcpy(made.data() + words + page, rings[at].data.data(), ring_bytes);
	}
	return made;
}

// `segments`: that many, each of all of the memory and at the same place in the file.
inline memory_bytes as_core(const memory_bytes &memory, uint64_t physical, uint16_t segments = 1)
{
	Elf64_Ehdr head{};
	std::memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	head.e_type = ET_CORE;
	head.e_phoff = sizeof(head);
	head.e_phentsize = sizeof(Elf64_Phdr);
	head.e_phnum = static_cast<uint16_t>(1 + segments);
	Elf64_Phdr note{}, load{};
	note.p_type = PT_NOTE;
	load.p_type = PT_LOAD;
	load.p_paddr = physical;
	load.p_offset = sizeof(head) + head.e_phnum * sizeof(note);
	load.p_filesz = memory.size();
	memory_bytes made(load.p_offset);
	store(made, 0, head);
	store(made, sizeof(head), note);
	for (uint64_t at = 1; at <= segments; at++)
		store(made, sizeof(head) + at * sizeof(note), load);
	made.insert(made.end(), memory.begin(), memory.end());
	return made;
}

// As makedumpfile -F and QEMU write a file: its pieces, here the last one first.
inline memory_bytes as_flattened(const memory_bytes &file)
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

inline uint32_t number_of(const recorder::recorded_event &of)
{
	return static_cast<uint32_t>(*of.event->format.find("number")->integer(of.payload));
}

// Without a gap and in order, up to `last`.
inline void expect_last(const std::vector<recorder::recorded_event> &events, uint32_t last)
{
	ASSERT_FALSE(events.empty());
	EXPECT_EQ(number_of(events.back()), last);
	for (size_t at = 1; at < events.size(); at++)
		ASSERT_LT(number_of(events[at - 1]), number_of(events[at]));
}

inline recorder::found_recorders find_in(const memory_bytes &memory)
{
	const dump_file file(memory);
	const auto in = recorder::memory::open(file.path());
	return in ? recorder::find_recorders(*in) : recorder::found_recorders{};
}

// Notes what was found.
inline void read_found(const recorder::found_recorders &found, fuzz_outcomes &to)
{
	for (const auto &each : found.recorders)
		to.read_all(each.rings, each.of);
	for (const auto &why : found.refused)
		to.note(why);
	if (found.recorders.empty() && found.refused.empty())
		to.note("no recorder in the dump");
}

inline void read_dump(const memory_bytes &dump, fuzz_outcomes &to)
{
	const dump_file file(dump);
	const auto in = recorder::memory::open(file.path());
	if (in)
		read_found(recorder::find_recorders(*in), to);
	else
		to.note(in.error().text);
}

} // namespace recorder_files
