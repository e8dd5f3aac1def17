// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads compressed crash dumps with libkdumpfile, if the build has it.
#include "recorder/compressed.hpp"

#ifdef PERFBUF_HAVE_KDUMPFILE

#include <algorithm>
#include <bit>
#include <libkdumpfile/kdumpfile.h>
#include <sys/stat.h>
#include <vector>

namespace perfbuf::recorder
{

namespace
{

struct free_context {
	void operator()(kdump_ctx_t *context) const { kdump_free(context); }
};
using context = std::unique_ptr<kdump_ctx_t, free_context>;

class kdump_backing final : public memory::backing
{
public:
	kdump_backing(reader::unique_fd fd, context of) : fd_(std::move(fd)), of_(std::move(of)) {}

	bool read(uint64_t physical, void *to, uint64_t bytes) const override
	{
		size_t done = bytes;
		return kdump_read(of_.get(), KDUMP_MACHPHYSADDR, physical, to, &done) == KDUMP_OK &&
		       done == bytes;
	}

private:
	reader::unique_fd fd_; // outlives what reads from it
	context of_;
};

// The pages that the dump has; those that makedumpfile left out are in no segment.
std::vector<memory::segment> segments_of(kdump_bmp_t *pages, uint64_t page_bytes)
{
	std::vector<memory::segment> all;
	kdump_addr_t at = 0;
	while (kdump_bmp_find_set(pages, &at) == KDUMP_OK) {
		kdump_addr_t end = at;
		if (kdump_bmp_find_clear(pages, &end) != KDUMP_OK || end <= at)
			break;
		all.push_back({at * page_bytes, (end - at) * page_bytes});
		at = end;
	}
	return all;
}

// libkdumpfile 0.5.1 copies as many bytes as a page claims to have, into a buffer of one page.
bool has_plausible_pages(int fd, const kdump_header &head, uint64_t file_bytes)
{
	const uint64_t block = head.block_bytes;
	const uint64_t begin = (1 + uint64_t{head.sub_header_blocks} + head.bitmap_blocks) * block;
	// No dump has more pages than the bitmap has bits; what stands behind them is data.
	const uint64_t half = head.bitmap_blocks * block / 2;
	std::vector<std::byte> piece(1 << 20);
	uint64_t pages = 0;
	for (uint64_t done = 0, now; done < half; done += now) {
		now = std::min<uint64_t>(piece.size(), half - done);
		if (!read_at(fd, begin - half + done, piece.data(), now))
			return false;
		for (uint64_t at = 0; at < now; at++)
			pages += std::popcount(static_cast<uint8_t>(piece[at]));
	}
	pages = std::min(pages, (file_bytes - begin) / sizeof(kdump_page));
	std::vector<kdump_page> places(1 << 15);
	for (uint64_t done = 0, now; done < pages; done += now) {
		now = std::min<uint64_t>(places.size(), pages - done);
		if (!read_at(fd, begin + done * sizeof(kdump_page), places.data(),
			     now * sizeof(kdump_page)))
			return false;
		for (uint64_t at = 0; at < now; at++)
			if (places[at].bytes > block)
				return false;
	}
	return true;
}

// The library allocates and reads as much as these say.
bool is_plausible(int fd)
{
	kdump_header head;
	kdump_sub_header sub{};
	struct stat file;
	if (::fstat(fd, &file) || !read_at(fd, 0, &head, sizeof(head)))
		return false;
	const auto bytes = static_cast<uint64_t>(file.st_size);
	const uint64_t block = head.block_bytes;
	if (block < 4096 || block > 65536 || !std::has_single_bit(block) || !head.bitmap_blocks ||
	    (1 + uint64_t{head.sub_header_blocks} + head.bitmap_blocks) * block > bytes)
		return false;
	// Of both bitmaps.
	const uint64_t frames = head.bitmap_blocks * block * 8;
	if (head.most_frames > frames)
		return false;
	if (head.sub_header_blocks) {
		if (!read_at(fd, block, &sub, sizeof(sub)) ||
		    (head.version >= 6 && sub.most_frames_64 > frames))
			return false;
		for (const auto &note : sub.notes)
			if (note.offset > bytes || note.bytes > bytes - note.offset)
				return false;
	}
	return has_plausible_pages(fd, head, bytes);
}

} // namespace

reader::result<memory> open_compressed(reader::unique_fd fd, const std::string &path)
{
	if (!is_plausible(fd.get()))
		return damaged(path + " is a compressed dump whose header makes no sense");
	context of(kdump_new());
	if (!of)
		return reader::system_error(path, ENOMEM);
	const auto refused = [&](const char *message) {
		return damaged(path + ": " + message + ": " + kdump_get_err(of.get()));
	};
	if (kdump_open_fd(of.get(), fd.get()) != KDUMP_OK)
		return refused("libkdumpfile does not read it");
	kdump_num_t page_bytes;
	if (kdump_get_number_attr(of.get(), KDUMP_ATTR_PAGE_SIZE, &page_bytes) != KDUMP_OK)
		return refused("it has no size of a page");
	kdump_attr_t pages;
	if (kdump_get_attr(of.get(), KDUMP_ATTR_FILE_PAGEMAP, &pages) != KDUMP_OK ||
	    pages.type != KDUMP_BITMAP)
		return refused("it does not say which pages it has");
	auto segments = segments_of(pages.val.bitmap, page_bytes);
	if (segments.empty())
		return damaged(path + " is a dump without memory in it");
	return memory(std::make_unique<kdump_backing>(std::move(fd), std::move(of)),
		      std::move(segments));
}

} // namespace perfbuf::recorder

#else

namespace perfbuf::recorder
{

reader::result<memory> open_compressed(reader::unique_fd, const std::string &path)
{
	return reader::system_error(
		path + " is a compressed dump, and this perfbuf was built without libkdumpfile: "
		       "turn it into an ELF core with makedumpfile -E",
		ENOTSUP);
}

} // namespace perfbuf::recorder

#endif
