// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Stores and looks up the kernel's symbols of a function trace.
#include "tracefile/symbols.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <map>

namespace perfbuf::tracefile
{

namespace
{

// Where a module's end is not known: as far as its last function may reach.
constexpr uint64_t assumed_length = 64 * 1024;
constexpr size_t longest_name = 255;

void put_number(std::string &to, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		to += static_cast<char>(value | 0x80);
	to += static_cast<char>(value);
}

void put_string(std::string &to, std::string_view text)
{
	to += static_cast<char>(text.size());
	to += text;
}

struct parser {
	std::span<const std::byte> left;
	bool sound = true;

	uint64_t number()
	{
		uint64_t value = 0;
		for (unsigned shift = 0; shift < 64 && !left.empty(); shift += 7) {
			const auto next = std::to_integer<uint8_t>(left.front());
			left = left.subspan(1);
			value |= uint64_t{next & 0x7fU} << shift;
			if (!(next & 0x80))
				return value;
		}
		sound = false;
		return 0;
	}

	std::string_view string()
	{
		const size_t length =
			left.empty() ? SIZE_MAX - 1 : std::to_integer<size_t>(left.front());
		if (length + 1 > left.size()) {
			sound = false;
			return {};
		}
		const std::string_view text(reinterpret_cast<const char *>(left.data()) + 1,
					    length);
		left = left.subspan(length + 1);
		return text;
	}
};

} // namespace

uint32_t symbol_table::group_of(std::string_view module, uint64_t end)
{
	// They come one after the other.
	if (modules_.empty() || modules_.back().name != module || modules_.back().end != end)
		modules_.push_back({std::string(module), end});
	return static_cast<uint32_t>(modules_.size() - 1);
}

bool symbol_table::add(uint64_t address, std::string_view name, std::string_view module,
		       uint64_t end)
{
	name = name.substr(0, longest_name);
	module = module.substr(0, longest_name);
	if (entries_.size() >= most_symbols || names_.size() + name.size() > UINT32_MAX)
		return false;
	entries_.push_back({address, static_cast<uint32_t>(names_.size()),
			    static_cast<uint16_t>(name.size()), group_of(module, end)});
	names_ += name;
	return true;
}

void symbol_table::sort()
{
	const auto before = [](const entry &a, const entry &b) { return a.address < b.address; };
	const auto same = [](const entry &a, const entry &b) { return a.address == b.address; };
	std::stable_sort(entries_.begin(), entries_.end(), before);
	entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

std::optional<symbol> symbol_table::find(uint64_t address) const
{
	const auto above = std::upper_bound(
		entries_.begin(), entries_.end(), address,
		[](uint64_t value, const entry &each) { return value < each.address; });
	if (above == entries_.begin())
		return std::nullopt;
	const entry &found = *std::prev(above);
	const group &of = modules_[found.group];
	uint64_t end = of.end > found.address ? of.end : found.address + assumed_length;
	if (above != entries_.end())
		end = std::min(end, above->address);
	if (address >= end)
		return std::nullopt;
	return symbol{found.address, end, name(found), of.name};
}

std::string symbol_table::name_of(uint64_t address) const
{
	const auto found = find(address);
	if (!found)
		return fmt::format("{:#x}", address);
	return found->module.empty() ? std::string(found->name)
				     : fmt::format("{} [{}]", found->name, found->module);
}

symbol_table symbol_table::without(const symbol_table &other) const
{
	symbol_table rest;
	for (const auto &each : entries_) {
		const auto theirs = other.find(each.address);
		const auto &of = modules_[each.group];
		if (!theirs || theirs->address != each.address || theirs->name != name(each) ||
		    theirs->module != of.name)
			rest.add(each.address, name(each), of.name, of.end);
	}
	return rest;
}

std::vector<std::string> symbol_table::payloads(size_t most) const
{
	constexpr size_t longest_entry = 10 + 1 + longest_name;
	std::vector<std::string> all;
	const group *current = nullptr;
	uint64_t last = 0;
	for (const auto &each : entries_) {
		const group &of = modules_[each.group];
		if (!current || current->name != of.name || current->end != of.end ||
		    all.back().size() + longest_entry > most) {
			all.emplace_back();
			put_number(all.back(), of.end);
			put_string(all.back(), of.name);
			current = &of;
			last = 0;
		}
		put_number(all.back(), each.address - last);
		put_string(all.back(), name(each));
		last = each.address;
	}
	return all;
}

bool symbol_table::add_payload(std::span<const std::byte> payload)
{
	parser from{payload};
	const uint64_t end = from.number();
	const std::string_view module = from.string();
	uint64_t address = 0;
	while (from.sound && !from.left.empty()) {
		address += from.number();
		const std::string_view name = from.string();
		if (from.sound && !add(address, name, module, end))
			return false;
	}
	return from.sound;
}

symbol_table read_kernel_symbols(const std::filesystem::path &kallsyms,
				 const std::filesystem::path &modules)
{
	std::string line;
	std::map<std::string, uint64_t, std::less<>> ends;
	for (std::ifstream file(modules); std::getline(file, line);) {
		// "name size references users state 0xaddress", and perhaps taints.
		const size_t name = line.find(' ');
		const size_t at = line.find(" 0x");
		if (name == std::string::npos || at == std::string::npos)
			continue;
		uint64_t size = 0;
		uint64_t start = 0;
		const char *end = line.data() + line.size();
		std::from_chars(line.data() + name + 1, end, size);
		std::from_chars(line.data() + at + 3, end, start, 16);
		if (start)
			ends[line.substr(0, name)] = start + size;
	}

	symbol_table table;
	// Twice over the list's own: the end of the kernel's text stands behind its functions.
	std::vector<std::pair<uint64_t, std::string>> own;
	uint64_t text_end = 0;
	// A file that is no list of symbols may have no end, and no line either: the kernel's names
	// have 512 bytes at most.
	std::array<char, 4096> text;
	for (std::ifstream file(kallsyms); file.getline(text.data(), text.size());) {
		// "ffffffff81000000 T _text", and of a module a tab and "[name]".
		uint64_t address = 0;
		const char *end = text.data() + std::strlen(text.data());
		const auto [type, bad] = std::from_chars(text.data(), end, address, 16);
		if (bad != std::errc() || end - type < 4 || !address)
			continue;
		const std::string_view rest(type + 3, static_cast<size_t>(end - type) - 3);
		if (rest == "_etext")
			text_end = address;
		if (!std::strchr("tTwW", type[1]))
			continue;
		const size_t tab = rest.find('\t');
		if (tab == std::string_view::npos) {
			own.emplace_back(address, rest);
			continue;
		}
		std::string_view module = rest.substr(tab + 1);
		if (module.size() < 3 || module.front() != '[' || module.back() != ']')
			continue;
		module = module.substr(1, module.size() - 2);
		const auto known = ends.find(module);
		table.add(address, rest.substr(0, tab), module,
			  known == ends.end() ? 0 : known->second);
	}
	for (const auto &[address, name] : own)
		table.add(address, name, {}, address < text_end ? text_end : 0);
	table.sort();
	return table;
}

} // namespace perfbuf::tracefile
