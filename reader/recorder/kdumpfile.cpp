// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "recorder/compressed.hpp"

#ifdef PERFBUF_HAVE_KDUMPFILE

#include <libkdumpfile/kdumpfile.h>

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

} // namespace

reader::result<memory> open_compressed(reader::unique_fd fd, const std::string &path)
{
	context of(kdump_new());
	if (!of)
		return reader::system_error(path, ENOMEM);
	const auto refused = [&](const char *what) {
		return damaged(path + ": " + what + ": " + kdump_get_err(of.get()));
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
