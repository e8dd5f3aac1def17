// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the build-ids of files and of the kernel, and writes them as records.
#include "perfdata/build_id.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <fstream>
#include <gelf.h>
#include <iterator>
#include <linux/fs.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "perfdata/format.hpp"

namespace perfbuf::perfdata
{

namespace
{

constexpr size_t longest_build_id = 20; // what the record has space for
// Bytes of notes that are read of a file. A linker writes a few hundred; the recorded user wrote
// the file, and may claim more.
constexpr uint64_t most_notes = 256 * 1024;
constexpr uint32_t kernel_pid = UINT32_MAX;

constexpr size_t aligned(size_t size)
{
	return (size + 3) / 4 * 4;
}

void put_record(bytes &to, std::string_view name, const build_id &id, uint32_t pid, uint16_t misc)
{
	// header, pid, 20 + 4 bytes of build-id, name: the name's padding makes it a multiple of 8.
	constexpr size_t fixed = sizeof(perf_event_header) + sizeof(pid) + 24;
	const size_t size = (fixed + name.size() + 1 + 7) / 8 * 8;
	to.put(perf_event_header{record_header_build_id,
				 static_cast<uint16_t>(misc | misc_build_id_size),
				 static_cast<uint16_t>(size)});
	to.put(pid);
	std::array<std::byte, 24> field{};
	const size_t length = std::min(id.size(), longest_build_id);
	std::copy_n(id.begin(), length, field.begin());
	field[longest_build_id] = static_cast<std::byte>(length);
	to.put(field);
	to.put_raw(name.data(), name.size());
	to.zeros(size - fixed - name.size());
}

} // namespace

// Filesystems that are made of several (overlayfs, btrfs) show each map another device than stat(2)
// does; those devices have no major number.
bool is_file(const struct stat &status, const file_identity &expected) noexcept
{
	if (!expected.inode)
		return true;
	const bool same_device =
		major(status.st_dev) == expected.major && minor(status.st_dev) == expected.minor;
	return status.st_ino == expected.inode && (same_device || !major(status.st_dev));
}

file_identity identity_of(const reader::mmap_event &map)
{
	return {map.major, map.minor, map.inode, map.generation,
		build_id(map.build_id.begin(), map.build_id.end())};
}

// ext4, xfs, btrfs and f2fs report it; overlayfs and tmpfs do not.
std::optional<uint64_t> inode_generation(int fd)
{
	unsigned found = 0; // although the number of the ioctl says that it is a long
	if (::ioctl(fd, FS_IOC_GETVERSION, &found) < 0)
		return std::nullopt;
	return found;
}

// The kernel's own has 32 bits.
bool is_generation(std::optional<uint64_t> found, const file_identity &expected) noexcept
{
	return !found || !*found || !expected.inode || !expected.generation ||
	       static_cast<uint32_t>(*found) == static_cast<uint32_t>(expected.generation);
}

bool is_open_file(int fd, const file_identity &expected)
{
	struct stat status {
	};
	return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && is_file(status, expected) &&
	       is_generation(inode_generation(fd), expected);
}

std::optional<build_id> build_id_in_notes(std::span<const std::byte> notes)
{
	Elf64_Nhdr note; // the same in 32-bit files
	while (notes.size() >= sizeof(note)) {
		std::memcpy(&note, notes.data(), sizeof(note));
		const size_t name_at = sizeof(note);
		const size_t content_at = name_at + aligned(note.n_namesz);
		const size_t end = content_at + aligned(note.n_descsz);
		if (content_at + note.n_descsz > notes.size())
			return std::nullopt;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !std::memcmp(notes.data() + name_at, "GNU", 4) && note.n_descsz) {
			const auto content = notes.subspan(content_at, note.n_descsz);
			return build_id(content.begin(), content.end());
		}
		notes = notes.subspan(std::min(end, notes.size()));
	}
	return std::nullopt;
}

std::optional<build_id> read_notes_file(const std::filesystem::path &path)
{
	std::ifstream file(path, std::ios::binary);
	const std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
	return build_id_in_notes(std::as_bytes(std::span(all)));
}

reader::unique_fd open_regular(const std::filesystem::path &path)
{
	// The file that was found is the one that is opened, even if its name leads elsewhere by
	// then.
	const reader::unique_fd found(::open(path.c_str(), O_PATH | O_CLOEXEC));
	struct stat status {
	};
	if (!found || ::fstat(found.get(), &status) < 0 || !S_ISREG(status.st_mode))
		return {};
	const auto itself = "/proc/self/fd/" + std::to_string(found.get());
	return reader::unique_fd(::open(itself.c_str(), O_RDONLY | O_CLOEXEC));
}

std::optional<build_id> elf_build_id(int fd)
{
	static const bool ready = elf_version(EV_CURRENT) != EV_NONE;
	Elf *elf = ready ? elf_begin(fd, ELF_C_READ, nullptr) : nullptr;
	if (!elf)
		return std::nullopt;

	std::optional<build_id> found;
	size_t headers = 0;
	if (elf_kind(elf) == ELF_K_ELF && elf_getphdrnum(elf, &headers) == 0) {
		uint64_t space = most_notes;
		for (size_t at = 0; at < headers && !found; at++) {
			GElf_Phdr header;
			if (!gelf_getphdr(elf, static_cast<int>(at), &header) ||
			    header.p_type != PT_NOTE || header.p_filesz > space)
				continue;
			space -= header.p_filesz;
			const Elf_Data *data =
				elf_getdata_rawchunk(elf, static_cast<int64_t>(header.p_offset),
						     header.p_filesz, ELF_T_BYTE);
			if (data && data->d_buf)
				found = build_id_in_notes(
					{static_cast<const std::byte *>(data->d_buf),
					 data->d_size});
		}
	}
	elf_end(elf);
	return found;
}

std::optional<build_id> read_elf_build_id(const std::filesystem::path &path,
					  const file_identity &expected)
{
	const auto fd = open_regular(path);
	if (!fd || !is_open_file(fd.get(), expected))
		return std::nullopt;
	auto found = elf_build_id(fd.get());
	if (!expected.id.empty() && found != expected.id)
		return std::nullopt;
	return found;
}

std::optional<build_id> mapped_files::find(const reader::mmap_event &map) const
{
	const auto expected = identity_of(map);
	const auto home = proc_ / std::to_string(map.pid);
	// The very file, even if it was deleted since; for processes that may see this.
	char range[40];
	std::snprintf(range, sizeof(range), "%" PRIx64 "-%" PRIx64, map.start,
		      map.start + map.length);
	const std::filesystem::path name(map.filename);
	for (const auto &path :
	     {home / "map_files" / range, home / "root" / name.relative_path(), name})
		if (auto id = read_elf_build_id(path, expected))
			return id;
	return std::nullopt;
}

void mapped_files::add(const reader::mmap_event &map)
{
	const std::string_view name = map.filename;
	if (!name.starts_with('/') || name.starts_with("//") || name.starts_with("/dev/") ||
	    name.starts_with("/memfd:") || name.starts_with("/SYSV"))
		return;
	auto &known = files_.try_emplace(std::string(name)).first->second;
	if (!known.insert(identity_of(map)).second)
		return;
	auto found = find(map);
	const auto [at, is_first] = build_ids_.try_emplace(std::string(name), found);
	// Of another mount namespace, or built anew: none is better than a wrong one.
	if (!is_first && at->second != found)
		at->second.reset();
}

bytes build_id_records(const std::optional<kernel_map> &kernel,
		       const std::vector<kernel_map> &modules, const mapped_files &files)
{
	bytes all;
	if (kernel)
		if (const auto id = read_notes_file("/sys/kernel/notes"))
			put_record(all, "[kernel.kallsyms]", *id, kernel_pid,
				   PERF_RECORD_MISC_KERNEL);
	for (const auto &module : modules) {
		const auto notes = std::filesystem::path("/sys/module") / module.module /
				   "notes/.note.gnu.build-id";
		if (const auto id = read_notes_file(notes))
			put_record(all, module.name, *id, kernel_pid, PERF_RECORD_MISC_KERNEL);
	}
	for (const auto &[name, id] : files.build_ids())
		if (id)
			put_record(all, name, *id, kernel_pid, PERF_RECORD_MISC_USER);
	return all;
}

} // namespace perfbuf::perfdata
