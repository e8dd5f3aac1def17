// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Build-ids: they name the recorded binary when the file is read later or on another
 * machine. */
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <perfbuf/events.hpp>
#include <perfbuf/unique_fd.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "perfdata/bytes.hpp"
#include "perfdata/kernel_maps.hpp"

namespace perfbuf::perfdata
{

using build_id = std::vector<std::byte>;

/** @return the build-id in a run of ELF notes, such as /sys/kernel/notes */
std::optional<build_id> build_id_in_notes(std::span<const std::byte> notes);

/** @return the build-id of a file of notes */
std::optional<build_id> read_notes_file(const std::filesystem::path &path);

/** Which file it is, whatever its name; without an inode and a build-id: unknown. */
struct file_identity {
	uint32_t major = 0;
	uint32_t minor = 0;
	uint64_t inode = 0;
	/** Of the inode: another file may have its number later. 0: unknown. */
	uint64_t generation = 0;
	build_id id{}; /**< instead of the others, where a record has it */

	auto operator<=>(const file_identity &) const = default;
};

/** @return of the file that a record reports */
file_identity identity_of(const reader::mmap_event &map);

/** @return does the file have this device and inode? If `expected` has none: true */
bool is_file(const struct stat &status, const file_identity &expected) noexcept;

/** @return the generation of a file's inode; nothing: its file system does not report it */
std::optional<uint64_t> inode_generation(int fd);

/** @param found of inode_generation() @return can it be that of the file? Where either is unknown:
 * true */
bool is_generation(std::optional<uint64_t> found, const file_identity &expected) noexcept;

/** @return is it a regular file, and the one that a record reports, as far as device, inode and
 * generation say it? */
bool is_open_file(int fd, const file_identity &expected);

/** Opens a file to read it; nothing: it cannot be, or is no regular file. A path of a recording may
 * lead to a device, which to open may be all that it takes to start it. */
reader::unique_fd open_regular(const std::filesystem::path &path);

/** @return the build-id of an ELF file */
std::optional<build_id> elf_build_id(int fd);
/** The same; none if it is another than `expected`. */
std::optional<build_id> read_elf_build_id(const std::filesystem::path &path,
					  const file_identity &expected = {});

/**
 * The files that were mapped as code while recording. Each is read when it is first seen: then the
 * process is likely still there, by whose map and root it is found. The file that a path leads to
 * from here may be another: of another mount namespace, or built anew since.
 */
class mapped_files
{
public:
	explicit mapped_files(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}

	/** Takes note of a map; of names that are no file ("[vdso]", "//anon") it does not. */
	void add(const reader::mmap_event &map);
	/** By name. Nothing: it has none, the file that was mapped is no longer to be found, or
	 * several files were mapped by this name, of which perf.data can have one. */
	const std::map<std::string, std::optional<build_id>, std::less<>> &
	build_ids() const noexcept
	{
		return build_ids_;
	}

private:
	std::optional<build_id> find(const reader::mmap_event &map) const;

	std::filesystem::path proc_;
	std::map<std::string, std::optional<build_id>, std::less<>> build_ids_;
	std::map<std::string, std::set<file_identity>, std::less<>> files_; // of each name
};

/**
 * @return records of type HEADER_BUILD_ID, each a multiple of 8: the content of the feature, and
 * fit for a pipe
 * @param kernel  its map, if known; the build-id is that of the running kernel
 * @param modules as loaded; theirs come from /sys/module
 */
bytes build_id_records(const std::optional<kernel_map> &kernel,
		       const std::vector<kernel_map> &modules, const mapped_files &files);

} // namespace perfbuf::perfdata
