// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the file of a function trace: its facts, chunks and names.
#include "tracefile/reader.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <perfbuf/functrace.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tracefile/crc32.hpp"

namespace perfbuf::tracefile
{

namespace
{

reader::error no_trace(std::string sentence)
{
	return reader::system_error(std::move(sentence), EPROTO);
}

facts parse_facts(std::span<const std::byte> text)
{
	facts found;
	std::string_view rest(reinterpret_cast<const char *>(text.data()), text.size());
	while (!rest.empty()) {
		const auto line = rest.substr(0, rest.find('\n'));
		rest.remove_prefix(std::min(rest.size(), line.size() + 1));
		const size_t blank = line.find(' ');
		if (blank != std::string_view::npos)
			found.emplace_back(line.substr(0, blank), line.substr(blank + 1));
	}
	return found;
}

} // namespace

std::string find_fact(const facts &in, std::string_view name)
{
	for (const auto &[each, value] : in)
		if (each == name)
			return value;
	return {};
}

// False: the file is shorter.
bool reader_file::load(uint64_t at, std::span<std::byte> to) const
{
	while (!to.empty()) {
		const ssize_t got =
			::pread(fd_.get(), to.data(), to.size(), static_cast<off_t>(at));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += static_cast<uint64_t>(got);
		to = to.subspan(static_cast<size_t>(got));
	}
	return true;
}

std::optional<chunk_header> reader_file::header_at(uint64_t at) const
{
	chunk_header header;
	const auto bytes = std::as_writable_bytes(std::span(&header, 1));
	if (size_ - at < sizeof(header) || !load(at, bytes) || header.mark != chunk_mark ||
	    header.size > most_payload || header.header_check != header_check_of(header))
		return std::nullopt;
	return header;
}

// The first at or behind a place that holds; the end of the file if there is none.
uint64_t reader_file::next_chunk(uint64_t at) const
{
	constexpr size_t most = size_t{1} << 20;
	std::vector<std::byte> window;
	// Small at first: where damage is short and often, it is not read over and over.
	for (size_t size = 512; at < size_; at += size, size = std::min(size * 2, most)) {
		size = std::min<uint64_t>(size, size_ - at);
		window.resize(size);
		if (!load(at, window))
			break;
		for (size_t in = 0; in + chunk_unit <= size; in += chunk_unit) {
			uint32_t mark;
			std::memcpy(&mark, window.data() + in, sizeof(mark));
			if (mark == chunk_mark && header_at(at + in))
				return at + in;
		}
	}
	return size_;
}

// @return does its payload hold? That of bytes is looked at when they are read.
bool reader_file::use_chunk(const chunk_header &header, uint64_t at)
{
	if (header.type == static_cast<uint16_t>(chunk_type::bytes)) {
		if (header.cpu >= reader::functrace::most_cpus ||
		    (!streams_.contains(header.stream) && streams_.size() >= most_streams))
			return false;
		streams_[header.stream].push_back({at, header.position, header.size, header.cpu,
						   (header.flags & chunk_was_full) != 0});
		return true;
	}
	std::vector<std::byte> payload(header.size);
	if (!load(at + sizeof(header), payload) || crc32(payload) != header.check)
		return false;
	switch (static_cast<chunk_type>(header.type)) {
	case chunk_type::about:
		about_ = parse_facts(payload);
		return true;
	case chunk_type::symbols:
		return symbols_.add_payload(payload);
	case chunk_type::end:
		end_ = parse_facts(payload);
		damage_.unfinished = false;
		return true;
	default:
		return true; // of a later version's kind: nothing that we need
	}
}

reader::result<void> reader_file::index()
{
	uint32_t number = 0;
	damage_.unfinished = true;
	for (uint64_t at = sizeof(file_header); at < size_;) {
		const auto header = header_at(at);
		if (!header) {
			const uint64_t found = next_chunk(at + chunk_unit);
			damage_.cut |= found >= size_;
			damage_.bad_bytes += found - at;
			at = found;
			continue;
		}
		if (header->number > number)
			damage_.missing_chunks += header->number - number;
		number = header->number + 1;
		const uint64_t length = sizeof(*header) + padded(header->size);
		if (size_ - at < sizeof(*header) + header->size) {
			damage_.cut = true;
			damage_.bad_bytes += size_ - at;
			break;
		}
		if (!use_chunk(*header, at))
			damage_.bad_bytes += length;
		at += length;
	}
	symbols_.sort();
	return {};
}

reader::result<reader_file> reader_file::open(reader::unique_fd from, const std::string &name)
{
	reader_file file(std::move(from));
	struct stat status {
	};
	if (::fstat(file.fd_.get(), &status) < 0)
		return reader::system_error("cannot read " + name);
	if (S_ISDIR(status.st_mode))
		return no_trace(name + " is a directory: give a file in it");
	if (!S_ISREG(status.st_mode))
		return no_trace(name + " is no file that can be read from its end: write it to a "
				       "file first");
	file.size_ = static_cast<uint64_t>(status.st_size);

	file_header header;
	header.magic = {};
	const auto bytes = std::as_writable_bytes(std::span(&header, 1));
	const size_t there = std::min<uint64_t>(sizeof(header), file.size_);
	if (!file.load(0, bytes.first(there)))
		return reader::system_error("cannot read " + name, EIO);
	if (std::string_view(header.magic.data(), header.magic.size()) == "PERFILE2")
		return no_trace(fmt::format("{0} is a recording for perf: its function trace, if "
					    "it has one, is {0}.functrace",
					    name));
	if (there < sizeof(header) || header.magic != file_magic)
		return no_trace(name + " is no function trace: give a file that perfbuf trace -o "
				       "or perfbuf record -e functrace wrote");
	if (header.version != file_version || header.size != sizeof(header))
		return no_trace(fmt::format("{} is of version {}, and this perfbuf knows version "
					    "{}: read it with the perfbuf that wrote it",
					    name, header.version, file_version));
	if (auto done = file.index(); !done)
		return done.error();
	return file;
}

bool reader_file::read(const chunk_place &of, std::vector<std::byte> &to)
{
	const size_t before = to.size();
	const auto header = header_at(of.at);
	if (header) {
		to.resize(before + header->size);
		const auto payload = std::span(to).subspan(before);
		if (load(of.at + sizeof(*header), payload) && crc32(payload) == header->check)
			return true;
	}
	to.resize(before);
	damage_.bad_bytes += sizeof(chunk_header) + padded(of.size);
	return false;
}

} // namespace perfbuf::tracefile
