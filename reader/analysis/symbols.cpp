// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Looks functions up in the ELF files of programs and of the kernel.
#include "analysis/symbols.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <sys/stat.h>

namespace perfbuf::analysis
{

namespace
{

namespace fs = std::filesystem;

char *debug_path = nullptr; // libdw's own default

const Dwfl_Callbacks callbacks = {dwfl_build_id_find_elf, dwfl_standard_find_debuginfo,
				  dwfl_offline_section_address, &debug_path};

// By its build-id, that of the record itself before that of the recording; where none is known,
// only the very file will do. Nothing: it is another file.
reader::unique_fd open_that_file(const fs::path &path, const perfdata::file_identity &identity,
				 const perfdata::build_id *id)
{
	if (!identity.id.empty())
		id = &identity.id;
	auto fd = perfdata::open_regular(path);
	const bool is_it = fd && (id ? perfdata::elf_build_id(fd.get()) == *id
				     : perfdata::is_open_file(fd.get(), identity));
	return is_it ? std::move(fd) : reader::unique_fd();
}

} // namespace

std::string demangle(const char *name)
{
	if (name[0] != '_' || name[1] != 'Z')
		return name;
	int status = 0;
	const std::unique_ptr<char, decltype(&std::free)> plain(
		abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
	return plain ? plain.get() : name;
}

struct elf_symbols::state {
	Dwfl *dwfl = nullptr;
	Dwfl_Module *module = nullptr;

	~state()
	{
		if (dwfl)
			dwfl_end(dwfl);
	}

	// Where the byte of the file lies once the file is loaded at 0.
	std::optional<GElf_Addr> address_of(uint64_t offset) const
	{
		GElf_Addr bias = 0;
		Elf *elf = dwfl_module_getelf(module, &bias);
		size_t count = 0;
		if (!elf || elf_getphdrnum(elf, &count) < 0)
			return std::nullopt;
		for (size_t at = 0; at < count; at++) {
			GElf_Phdr header;
			if (gelf_getphdr(elf, static_cast<int>(at), &header) &&
			    header.p_type == PT_LOAD && offset >= header.p_offset &&
			    offset < header.p_offset + header.p_filesz)
				return offset - header.p_offset + header.p_vaddr + bias;
		}
		return std::nullopt;
	}

	void add_inlined(GElf_Addr address, names &to) const
	{
		Dwarf_Addr bias = 0;
		Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);
		if (!unit)
			return;
		Dwarf_Die *found = nullptr;
		if (dwarf_getscopes(unit, address - bias, &found) <= 0)
			return;
		const std::unique_ptr<Dwarf_Die, decltype(&std::free)> innermost(found, std::free);
		Dwarf_Die *chain = nullptr;
		const int count = dwarf_getscopes_die(innermost.get(), &chain);
		const std::unique_ptr<Dwarf_Die, decltype(&std::free)> scopes(chain, std::free);
		for (int at = 0; at < count; at++) {
			Dwarf_Die *scope = scopes.get() + at;
			if (dwarf_tag(scope) == DW_TAG_subprogram)
				return;
			if (dwarf_tag(scope) != DW_TAG_inlined_subroutine)
				continue;
			if (const char *name = dwarf_diename(scope))
				to.emplace_back(name);
		}
	}
};

elf_symbols::elf_symbols(const std::string &path, reader::unique_fd file, bool inlines)
	: state_(std::make_unique<state>()), inlines_(inlines)
{
	state_->dwfl = dwfl_begin(&callbacks);
	if (!state_->dwfl)
		return;
	dwfl_report_begin(state_->dwfl);
	state_->module =
		dwfl_report_elf(state_->dwfl, path.c_str(), path.c_str(), file.get(), 0, true);
	if (state_->module)
		file.release(); // it closes it
	dwfl_report_end(state_->dwfl, nullptr, nullptr);
}

elf_symbols::~elf_symbols() = default;

names elf_symbols::find(uint64_t offset) const
{
	names found;
	if (!state_->module)
		return found;
	const auto address = state_->address_of(offset);
	if (!address)
		return found;
	if (inlines_)
		state_->add_inlined(*address, found);
	GElf_Off distance = 0;
	GElf_Sym symbol;
	const char *name = dwfl_module_addrinfo(state_->module, *address, &distance, &symbol,
						nullptr, nullptr, nullptr);
	if (name)
		found.push_back(demangle(name));
	else
		found.clear(); // an inlined function alone has no place
	return found;
}

// A recording may have a thousand names of one file.
std::shared_ptr<const elf_symbols> symbol_files::symbols_of(const fs::path &path,
							    reader::unique_fd file)
{
	struct stat status {
	};
	if (::fstat(file.get(), &status) < 0)
		return nullptr;
	auto &opened = opened_[{status.st_dev, status.st_ino}];
	if (!opened)
		opened = std::make_shared<elf_symbols>(path.string(), std::move(file), inlines_);
	return opened;
}

names symbol_files::find(const std::string &path, uint32_t pid,
			 const perfdata::file_identity &identity, const perfdata::build_id *id,
			 uint64_t offset)
{
	const std::pair key(path, identity);
	auto found = files_.find(key);
	if (found == files_.end()) {
		std::shared_ptr<const elf_symbols> made;
		const fs::path in_root = fs::path("/proc") / std::to_string(pid) / "root" /
					 fs::path(path).relative_path();
		for (const auto &each : {in_root, fs::path(path)}) {
			auto file = open_that_file(each, identity, id);
			if (!file)
				continue;
			made = symbols_of(each, std::move(file));
			break;
		}
		found = files_.emplace(key, std::move(made)).first;
	}
	return found->second ? found->second->find(offset) : names();
}

} // namespace perfbuf::analysis
