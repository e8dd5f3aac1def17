// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Names of the kernel's functions. In the file, a chunk of symbols has the functions of one module
 * (of many, several chunks):
 *
 *   end | name of the module | functions, by address: distance from the one before | name
 *   number   string                                       number                     string
 *
 * `end` is the address behind the module's last function, 0 if it is not known. The first distance
 * is from 0. A string is a byte with its length, and as many bytes; the kernel's own functions are
 * of a module without a name.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perfbuf::tracefile
{

/** Of a table: several times what the largest kernel has. A file that names more is damaged. */
inline constexpr size_t most_symbols = size_t{1} << 21;

struct symbol {
	uint64_t address = 0;
	uint64_t end = 0; /**< behind it; 0: not known */
	std::string_view name;
	std::string_view module; /**< empty: the kernel itself */
};

class symbol_table
{
public:
	/** Where a name was not found in a table, its address stands for it. */
	std::optional<symbol> find(uint64_t address) const;

	/** "name", "name [module]" or "0xffff..." */
	std::string name_of(uint64_t address) const;

	/** Of several at one address the first one added is kept, as the kernel's own lookup does.
	 * @param end behind its module's last function, 0 if not known
	 * @return is there space for it? */
	bool add(uint64_t address, std::string_view name, std::string_view module, uint64_t end);

	/** After the last add(). */
	void sort();

	/** @return those whose address this table has and `other` has not, or under another name */
	symbol_table without(const symbol_table &other) const;

	/** @return the payloads of chunks that say the same */
	std::vector<std::string> payloads(size_t most) const;

	/** Take in such a payload. @return does it make sense? What does is kept. */
	bool add_payload(std::span<const std::byte> payload);

	size_t size() const noexcept { return entries_.size(); }
	bool empty() const noexcept { return entries_.empty(); }

private:
	struct entry {
		uint64_t address;
		uint32_t name; // in names_
		uint16_t length;
		uint32_t group; // of modules_
	};
	struct group {
		std::string name;
		uint64_t end;
	};

	uint32_t group_of(std::string_view module, uint64_t end);
	std::string_view name(const entry &of) const noexcept
	{
		return std::string_view(names_).substr(of.name, of.length);
	}

	std::vector<entry> entries_;
	std::vector<group> modules_;
	std::string names_;
};

/**
 * The functions that the running kernel shows.
 * @param kallsyms addresses are 0 there for those who may not see them: then the table is empty
 * @param modules  where they end
 */
symbol_table read_kernel_symbols(const std::filesystem::path &kallsyms = "/proc/kallsyms",
				 const std::filesystem::path &modules = "/proc/modules");

} // namespace perfbuf::tracefile
