// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Names of functions out of ELF files, with those that were inlined (libdw), and of the kernel out
 * of kallsyms. A file that is another than the one that was recorded gives no names.
 */
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <perfbuf/unique_fd.hpp>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "perfdata/build_id.hpp"
#include "tracefile/symbols.hpp"

namespace perfbuf::analysis
{

/** The function that an address is in, and before it those that were inlined there: innermost
 * first; empty: not known. */
using names = std::vector<std::string>;

class elf_symbols
{
public:
	/** @param path of the file @param inlines look for inlined functions: takes long */
	elf_symbols(const std::string &path, reader::unique_fd file, bool inlines);
	~elf_symbols();
	elf_symbols(const elf_symbols &) = delete;
	elf_symbols &operator=(const elf_symbols &) = delete;

	/** @param offset in the file */
	names find(uint64_t offset) const;

private:
	struct state;
	std::unique_ptr<state> state_;
	bool inlines_;
};

/** @return a C++ name as people write it; any other as it is */
std::string demangle(const char *name);

/** Finds the files of a recording, and keeps what it read. */
class symbol_files
{
public:
	explicit symbol_files(bool inlines) : inlines_(inlines) {}

	/**
	 * @param path  as MMAP records have it
	 * @param pid   whose root the path is looked up in first, while it lives
	 * @param identity,id which file it must be, as far as it is known
	 */
	names find(const std::string &path, uint32_t pid, const perfdata::file_identity &identity,
		   const perfdata::build_id *id, uint64_t offset);

private:
	std::shared_ptr<const elf_symbols> symbols_of(const std::filesystem::path &path,
						      reader::unique_fd file);

	bool inlines_;
	std::map<std::pair<std::string, perfdata::file_identity>,
		 std::shared_ptr<const elf_symbols>>
		files_;
	std::map<std::pair<dev_t, ino_t>, std::shared_ptr<const elf_symbols>> opened_;
};

} // namespace perfbuf::analysis
