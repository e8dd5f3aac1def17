// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "recorder/memory.hpp"

#include <algorithm>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool read_at(int fd, uint64_t offset, void *to, uint64_t bytes)
{
	auto *out = static_cast<char *>(to);
	while (bytes) {
		const ssize_t now = ::pread(fd, out, bytes, static_cast<off_t>(offset));
		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			return false;
		out += now;
		offset += static_cast<uint64_t>(now);
		bytes -= static_cast<uint64_t>(now);
	}
	return true;
}

// What of a run that the file claims is in the file.
uint64_t within(uint64_t offset, uint64_t bytes, uint64_t file_bytes)
{
	return offset >= file_bytes ? 0 : std::min(bytes, file_bytes - offset);
}

} // namespace

reader::result<memory> memory::open(const std::string &path)
{
	memory made(reader::unique_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
	if (made.fd_.get() < 0)
		return reader::system_error(path);
	if (auto done = made.find_segments(path); !done)
		return done.error();
	return made;
}

uint64_t memory::bytes() const noexcept
{
	uint64_t sum = 0;
	for (const auto &each : segments_)
		sum += each.bytes;
	return sum;
}

reader::result<void> memory::find_segments(const std::string &path)
{
	struct stat about;
	if (::fstat(fd_.get(), &about))
		return reader::system_error(path);
	const auto file_bytes = static_cast<uint64_t>(about.st_size);
	Elf64_Ehdr head{};
	if (!read_at(fd_.get(), 0, &head, std::min<uint64_t>(sizeof(head), file_bytes)))
		return reader::system_error(path, errno ? errno : EIO);
	constexpr std::string_view kdump = "KDUMP   ";
	if (std::memcmp(&head, kdump.data(), kdump.size()) == 0 ||
	    std::memcmp(&head, "makedumpfile", 12) == 0)
		return reader::system_error(
			path + " is a compressed dump: turn it into an ELF core "
			       "with makedumpfile -E, or take it with QEMU's "
			       "dump-guest-memory without -z",
			ENOTSUP);
	if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
		segments_.push_back({0, file_bytes, 0});
		return {};
	}
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    head.e_type != ET_CORE || head.e_phentsize != sizeof(Elf64_Phdr))
		return reader::system_error(path + " is an ELF file, but no core of a 64-bit "
						   "little-endian machine",
					    ENOTSUP);
	uint64_t count = head.e_phnum;
	if (count == PN_XNUM) {
		Elf64_Shdr first;
		if (!read_at(fd_.get(), head.e_shoff, &first, sizeof(first)))
			return damaged(path + " does not say how many segments it has");
		count = first.sh_info;
	}
	for (uint64_t at = 0; at < count; at++) {
		Elf64_Phdr each;
		if (!read_at(fd_.get(), head.e_phoff + at * sizeof(each), &each, sizeof(each)))
			break; // what is there counts
		const uint64_t bytes = within(each.p_offset, each.p_filesz, file_bytes);
		if (each.p_type == PT_LOAD && bytes)
			segments_.push_back({each.p_paddr, bytes, each.p_offset});
	}
	if (segments_.empty())
		return damaged(path + " is an ELF core without memory in it");
	return {};
}

bool memory::read(uint64_t physical, void *to, uint64_t bytes) const
{
	auto *out = static_cast<char *>(to);
	while (bytes) {
		const auto in =
			std::find_if(segments_.begin(), segments_.end(), [&](const segment &each) {
				return physical >= each.physical &&
				       physical - each.physical < each.bytes;
			});
		if (in == segments_.end())
			return false;
		const uint64_t from = physical - in->physical;
		const uint64_t now = std::min(bytes, in->bytes - from);
		if (!read_at(fd_.get(), in->offset + from, out, now))
			return false;
		out += now;
		physical += now;
		bytes -= now;
	}
	return true;
}

namespace
{

reader::result<contents> read_recorder(const memory &in, const perfbuf_recorder_page &head)
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

	if (of->bytes_per_cpu * of->cpus.size() > in.bytes())
		return damaged("its rings are larger than the dump");
	contents made{std::move(*of), {}};
	for (const auto &cpu : made.of.cpus) {
		ring one;
		one.cpu = cpu.cpu;
		if (!in.read(cpu.published_at, &one.published, sizeof(one.published)) ||
		    !in.read(cpu.reserved_at, &one.reserved, sizeof(one.reserved)) ||
		    !in.read(cpu.marks_at, one.marks.data(), sizeof(one.marks)))
			return damaged(
				fmt::format("the words of CPU {} are not in the dump", cpu.cpu));
		one.data.resize(cpu.frames.size() * page);
		for (size_t at = 0; at < cpu.frames.size(); at++)
			// A page that is missing is zeros, which are no records.
			if (cpu.frames[at] <= UINT64_MAX / page)
				(void)in.read(cpu.frames[at] * page, one.data.data() + at * page,
					      page);
		made.rings.push_back(std::move(one));
	}
	return made;
}

} // namespace

found_recorders find_recorders(const memory &in)
{
	found_recorders all;
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
				if (head.frame != physical / page)
					continue;
				if (all.recorders.size() + all.refused.size() >= most_recorders)
					return all;
				auto made = read_recorder(in, head);
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
