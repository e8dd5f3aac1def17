// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses the memory of perfbuf.persist=, and reads its recorders.
#include "recorder/persisted.hpp"

#include <fmt/format.h>

#include "tracefile/crc32.hpp"

namespace perfbuf::recorder
{

reader::result<found_recorders> parse_persisted(std::vector<std::byte> image, uint64_t address)
{
	perfbuf_persist_header head;
	if (!load(image, 0, head) ||
	    std::memcmp(head.magic, PERFBUF_PERSIST_MAGIC, sizeof(head.magic)) != 0)
		return damaged("the memory of persist= held nothing of perfbuf's");
	// The rest of another version may be anything.
	if (head.version != PERFBUF_PERSIST_VERSION)
		return damaged(fmt::format("the memory of persist= was left by another perfbuf: it "
					   "is of version {}, this program reads version {}",
					   head.version, PERFBUF_PERSIST_VERSION));
	perfbuf_persist_header checked = head;
	checked.crc = 0;
	if (tracefile::crc32(std::as_bytes(std::span(&checked, 1))) != head.crc)
		return damaged("the memory of persist= is damaged: its header has another "
			       "checksum");
	if (head.address != address || head.bytes != image.size())
		return damaged(fmt::format("the memory of persist= was {:#x} bytes at {:#x} in the "
					   "boot before, and is now {:#x} bytes at {:#x}: give it "
					   "the same place in each boot",
					   head.bytes, head.address, image.size(), address));
	return find_recorders(memory::of_image(std::move(image), address));
}

} // namespace perfbuf::recorder
