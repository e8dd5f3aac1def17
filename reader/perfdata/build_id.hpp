// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Build-ids: which binary it was, for whoever reads the file later or elsewhere. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
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

/** @return the build-id of an ELF file */
std::optional<build_id> read_elf_build_id(const std::filesystem::path &path);

/** The files that were mapped as code while recording. */
class mapped_files
{
public:
	/** Takes note of a path; of names that are no file ("[vdso]", "//anon") it does not. */
	void see(std::string_view name);
	const std::set<std::string, std::less<>> &names() const noexcept { return names_; }

private:
	std::set<std::string, std::less<>> names_;
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
