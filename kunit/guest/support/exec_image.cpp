// SPDX-License-Identifier: GPL-2.0
/* Writes a small ELF program for tests of exec. */
#include "support/exec_image.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

namespace device_test
{
namespace
{

const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));

#ifdef __aarch64__
constexpr Elf64_Half machine = EM_AARCH64;
/* 1: mov x8, #73 (ppoll); mov x0 to x3, #0; svc #0; b 1b */
constexpr std::array<uint32_t, 7> sleep_forever = {0xd2800928, 0xd2800000, 0xd2800001, 0xd2800002,
						   0xd2800003, 0xd4000001, 0x17fffffa};
#else
constexpr Elf64_Half machine = EM_X86_64;
/* 1: mov $34 (pause), %eax; syscall; jmp 1b */
constexpr std::array<unsigned char, 9> sleep_forever = {0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};
#endif

Elf64_Phdr segment(uint32_t flags, uint64_t offset, uint64_t base, uint64_t size)
{
	return {
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = base + offset,
		.p_paddr = base + offset,
		.p_filesz = size,
		.p_memsz = size,
		.p_align = page,
	};
}

/* One page of headers, readable; one of code, executable; one of data. */
void write_elf(const std::string &path, uint64_t base, const std::string &interpreter)
{
	std::vector<unsigned char> file(3 * page);
	std::vector<Elf64_Phdr> segments;
	const size_t text_at = page / 2;

	if (!interpreter.empty()) {
		segments.push_back({
			.p_type = PT_INTERP,
			.p_flags = PF_R,
			.p_offset = text_at,
			.p_vaddr = base + text_at,
			.p_paddr = base + text_at,
			.p_filesz = interpreter.size() + 1,
			.p_memsz = interpreter.size() + 1,
			.p_align = 1,
		});
		memcpy(&file[text_at], interpreter.c_str(), interpreter.size() + 1);
	}
	segments.push_back(segment(PF_R, 0, base, page));
	segments.push_back(segment(PF_R | PF_X, page, base, page));
	segments.push_back(segment(PF_R | PF_W, 2 * page, base, page));

	Elf64_Ehdr header = {};
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_ident[EI_VERSION] = EV_CURRENT;
	header.e_type = base ? ET_EXEC : ET_DYN;
	header.e_machine = machine;
	header.e_version = EV_CURRENT;
	header.e_entry = base + page;
	header.e_phoff = sizeof(header);
	header.e_ehsize = sizeof(header);
	header.e_phentsize = sizeof(Elf64_Phdr);
	header.e_phnum = segments.size();

	memcpy(&file[0], &header, sizeof(header));
	memcpy(&file[sizeof(header)], segments.data(), segments.size() * sizeof(Elf64_Phdr));
	memcpy(&file[page], sleep_forever.data(), sizeof(sleep_forever));

	std::ofstream out(path, std::ios::binary);
	out.write(reinterpret_cast<const char *>(file.data()), file.size());
	out.close();
	if (!out || chmod(path.c_str(), 0755))
		throw std::runtime_error("cannot write " + path);
}

} /* namespace */

exec_image make_exec_image(const std::string &folder)
{
	exec_image image = {folder + "/program", folder + "/interpreter"};
	write_elf(image.interpreter, 0, "");
	write_elf(image.program, 0x10000000, image.interpreter);
	return image;
}

} /* namespace device_test */
