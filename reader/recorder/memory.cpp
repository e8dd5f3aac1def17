// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads physical memory out of ELF cores and raw images, and finds recorders in it.
#include "recorder/memory.hpp"

#include <algorithm>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <sys/stat.h>

#include "recorder/compressed.hpp"
#include "tracefile/crc32.hpp"

namespace perfbuf::recorder
{

namespace
{

constexpr uint64_t page = PERFBUF_RECORDER_PAGE;
// Read at once while recorders are looked for.
constexpr uint64_t piece = uint64_t{1} << 20;
// A dump of more recorders than this lies.
constexpr size_t most_recorders = 1024;

// The part of a claimed run that is in the file.
uint64_t within(uint64_t offset, uint64_t bytes, uint64_t file_bytes)
{
	return offset >= file_bytes ? 0 : std::min(bytes, file_bytes - offset);
}

// A range of physical memory, and where it is in the file.
struct placed_segment {
	memory::segment of;
	uint64_t offset;
};

class file_backing final : public memory::backing
{
public:
	file_backing(reader::unique_fd fd, std::vector<placed_segment> segments)
		: fd_(std::move(fd)), segments_(std::move(segments))
	{
	}

	bool read(uint64_t physical, void *to, uint64_t bytes) const override
	{
		auto *out = static_cast<char *>(to);
		while (bytes) {
			// Segments may overlap: the kernel's text has one of its own.
			const auto in = std::find_if(
				segments_.begin(), segments_.end(), [&](const auto &each) {
					return physical >= each.of.physical &&
					       physical - each.of.physical < each.of.bytes;
				});
			if (in == segments_.end())
				return false;
			const uint64_t from = physical - in->of.physical;
			const uint64_t now = std::min(bytes, in->of.bytes - from);
			if (!read_at(fd_.get(), in->offset + from, out, now))
				return false;
			out += now;
			physical += now;
			bytes -= now;
		}
		return true;
	}

private:
	reader::unique_fd fd_;
	std::vector<placed_segment> segments_;
};

class image_backing final : public memory::backing
{
public:
	image_backing(std::vector<std::byte> image, uint64_t physical)
		: image_(std::move(image)), physical_(physical)
	{
	}

	bool read(uint64_t physical, void *to, uint64_t bytes) const override
	{
		if (physical < physical_ || physical - physical_ > image_.size() ||
		    bytes > image_.size() - (physical - physical_))
			return false;
		std::memcpy(to, image_.data() + (physical - physical_), bytes);
		return true;
	}

private:
	std::vector<std::byte> image_;
	uint64_t physical_;
};

memory in_file(reader::unique_fd fd, std::vector<placed_segment> placed)
{
	std::vector<memory::segment> segments;
	for (const auto &each : placed)
		segments.push_back(each.of);
	return {std::make_unique<file_backing>(std::move(fd), std::move(placed)),
		std::move(segments)};
}

reader::result<memory> open_core(reader::unique_fd fd, const Elf64_Ehdr &head, uint64_t file_bytes,
				 const std::string &path)
{
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    head.e_type != ET_CORE || head.e_phentsize != sizeof(Elf64_Phdr))
		return reader::system_error(path + " is an ELF file, but no core of a 64-bit "
						   "little-endian machine",
					    ENOTSUP);
	uint64_t count = head.e_phnum;
	if (count == PN_XNUM) {
		Elf64_Shdr first;
		if (!read_at(fd.get(), head.e_shoff, &first, sizeof(first)))
			return damaged(path + " does not say how many segments it has");
		count = first.sh_info;
	}
	std::vector<placed_segment> placed;
	uint64_t sum = 0;
	for (uint64_t at = 0; at < count; at++) {
		Elf64_Phdr each;
		if (!read_at(fd.get(), head.e_phoff + at * sizeof(each), &each, sizeof(each)))
			break; // what is there counts
		const uint64_t bytes = within(each.p_offset, each.p_filesz, file_bytes);
		if (each.p_type != PT_LOAD || !bytes)
			continue;
		sum += bytes;
		if (sum > 2 * file_bytes)
			return damaged(path + " has segments that are larger than its file");
		placed.push_back({{each.p_paddr, bytes}, each.p_offset});
	}
	if (placed.empty())
		return damaged(path + " is an ELF core without memory in it");
	return in_file(std::move(fd), std::move(placed));
}

} // namespace

reader::result<memory> memory::open(const std::string &path)
{
	reader::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (fd.get() < 0)
		return reader::system_error(path);
	if (is_flattened(fd.get())) {
		auto file = rearrange(fd.get(), path);
		if (!file)
			return file.error();
		fd = std::move(*file);
	}
	struct stat about;
	if (::fstat(fd.get(), &about))
		return reader::system_error(path);
	const auto file_bytes = static_cast<uint64_t>(about.st_size);
	Elf64_Ehdr head{};
	if (!read_at(fd.get(), 0, &head, std::min<uint64_t>(sizeof(head), file_bytes)))
		return reader::system_error(path, errno ? errno : EIO);
	if (std::memcmp(&head, kdump_signature.data(), kdump_signature.size()) == 0)
		return open_compressed(std::move(fd), path);
	if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0)
		return open_core(std::move(fd), head, file_bytes, path);
	return in_file(std::move(fd), {{{0, file_bytes}, 0}});
}

memory memory::of_image(std::vector<std::byte> image, uint64_t physical)
{
	std::vector<segment> all{{physical, image.size()}};
	return {std::make_unique<image_backing>(std::move(image), physical), std::move(all)};
}

uint64_t memory::bytes() const noexcept
{
	uint64_t sum = 0;
	for (const auto &each : segments_)
		sum += each.bytes;
	return sum;
}

namespace
{

// @param space for rings and descriptions: no two recorders have the same memory
reader::result<contents> read_recorder(const memory &in, const perfbuf_recorder_page &head,
				       uint64_t &space)
{
	perfbuf_recorder_page checked = head;
	checked.crc = 0;
	if (tracefile::crc32(std::as_bytes(std::span(&checked, 1))) != head.crc)
		return damaged("its page has another checksum");
	if (head.version != PERFBUF_RECORDER_VERSION)
		return damaged(fmt::format("it is of version {}, this program reads version {}",
					   head.version, PERFBUF_RECORDER_VERSION));
	const uint64_t pages = head.frame_count;
	if (pages > PERFBUF_RECORDER_FRAMES || head.description_bytes > pages * page)
		return damaged("its page makes no sense");
	std::vector<std::byte> text(pages * page);
	for (uint64_t at = 0; at < pages; at++)
		if (head.frames[at] > UINT64_MAX / page ||
		    !in.read(head.frames[at] * page, text.data() + at * page, page))
			return damaged("a page of its description is not in the dump");
	text.resize(head.description_bytes);
	if (tracefile::crc32(text) != head.description_crc)
		return damaged("its description has another checksum");
	auto of = parse_description(text);
	if (!of)
		return of.error();

	const uint64_t bytes = of->bytes_per_cpu * of->cpus.size() + pages * page;
	if (bytes > space)
		return damaged(space == in.bytes() ? "it is larger than the dump"
						   : "it and the recorders before it are larger "
						     "than the dump");
	contents made{std::move(*of), {}};
	for (const auto &cpu : made.of.cpus) {
		ring ring;
		ring.cpu = cpu.cpu;
		if (!in.read(cpu.published_at, &ring.published, sizeof(ring.published)) ||
		    !in.read(cpu.reserved_at, &ring.reserved, sizeof(ring.reserved)) ||
		    !in.read(cpu.marks_at, ring.marks.data(), sizeof(ring.marks)))
			return damaged(
				fmt::format("the words of CPU {} are not in the dump", cpu.cpu));
		ring.data.resize(cpu.frames.size() * page);
		for (size_t at = 0; at < cpu.frames.size(); at++)
			// A page that is missing is zeros, which are no records.
			if (cpu.frames[at] <= UINT64_MAX / page)
				(void)in.read(cpu.frames[at] * page, ring.data.data() + at * page,
					      page);
		made.rings.push_back(std::move(ring));
	}
	space -= bytes;
	return made;
}

} // namespace

found_recorders find_recorders(const memory &in)
{
	found_recorders all;
	std::set<uint64_t> seen; // segments may overlap
	uint64_t space = in.bytes();
	std::vector<std::byte> buffer(piece);
	for (const auto &segment : in.segments()) {
		const uint64_t skipped = (page - segment.physical % page) % page;
		for (uint64_t at = skipped; at < segment.bytes; at += piece) {
			const uint64_t now = std::min(piece, segment.bytes - at);
			if (!in.read(segment.physical + at, buffer.data(), now))
				continue;
			for (uint64_t in_piece = 0; in_piece + page <= now; in_piece += page) {
				const std::byte *here = buffer.data() + in_piece;
				if (std::memcmp(here, PERFBUF_RECORDER_MAGIC, 16) != 0)
					continue;
				perfbuf_recorder_page head;
				std::memcpy(&head, here, sizeof(head));
				const uint64_t physical = segment.physical + at + in_piece;
				// A copy of a page, in a file's cache or in another dump.
				if (head.frame != physical / page || seen.contains(head.frame))
					continue;
				if (all.recorders.size() + all.refused.size() >= most_recorders)
					return all;
				seen.insert(head.frame);
				auto made = read_recorder(in, head, space);
				if (made)
					all.recorders.push_back(std::move(*made));
				else
					all.refused.push_back(fmt::format("at {:#x}: {}", physical,
									  made.error().text));
			}
		}
	}
	return all;
}

} // namespace perfbuf::recorder
