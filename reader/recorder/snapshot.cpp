// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses a recorder's snapshot.
#include "recorder/snapshot.hpp"

#include "tracefile/crc32.hpp"

namespace perfbuf::recorder
{

reader::result<contents> parse_snapshot(std::span<const std::byte> bytes)
{
	perfbuf_snapshot_header head;
	if (!load(bytes, 0, head) ||
	    std::memcmp(head.magic, PERFBUF_SNAPSHOT_MAGIC, sizeof(head.magic)) != 0)
		return damaged("this is no snapshot of a recorder");
	if (head.version != PERFBUF_RECORDER_VERSION)
		return damaged("the snapshot is of version " + std::to_string(head.version));
	if (head.description_bytes > bytes.size() - sizeof(head))
		return damaged("the snapshot is cut short");
	const auto text = bytes.subspan(sizeof(head), head.description_bytes);
	if (tracefile::crc32(text) != head.description_crc)
		return damaged("the description in the snapshot has another checksum");
	auto of = parse_description(text);
	if (!of)
		return of.error();

	contents made{std::move(*of), {}};
	uint64_t at = sizeof(head) + head.description_bytes;
	for (const auto &cpu : made.of.cpus) {
		perfbuf_snapshot_cpu words;
		const uint64_t size = made.of.bytes_per_cpu;
		if (!load(bytes, at, words) || words.cpu != cpu.cpu ||
		    uint64_t{words.page_count} * PERFBUF_RECORDER_PAGE != size)
			return damaged("the snapshot is cut short");
		at += sizeof(words);
		if (size > bytes.size() - at)
			return damaged("the snapshot is cut short");
		ring ring{cpu.cpu, words.published, words.reserved, {}, {}};
		std::memcpy(ring.marks.data(), words.marks, sizeof(words.marks));
		const auto data = bytes.subspan(at, size);
		ring.data.assign(data.begin(), data.end());
		made.rings.push_back(std::move(ring));
		at += size;
	}
	return made;
}

} // namespace perfbuf::recorder
