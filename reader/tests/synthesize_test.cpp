// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Tests of the records for processes that ran before the recording.
#include <array>
#include <elf.h>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <perfbuf/decoder.hpp>
#include <perfbuf/unique_fd.hpp>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "analysis/symbols.hpp"
#include "perfdata/build_id.hpp"
#include "perfdata/synthesize.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using namespace perfbuf::perfdata;
using namespace perfbuf::tests;

namespace
{

void write_text(const std::filesystem::path &path, const std::string &text)
{
	std::filesystem::create_directories(path.parent_path());
	std::ofstream(path) << text;
}

perf_event_attr make_attr()
{
	perf_event_attr attr{};
	attr.sample_type =
		PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;
	attr.sample_id_all = 1;
	return attr;
}

// The records, decoded; their strings live in the bytes.
std::vector<reader::event> decode_all(const bytes &records)
{
	const reader::decoder decoder(make_attr());
	std::vector<reader::event> events;
	for (auto left = records.view(); !left.empty();) {
		perf_event_header header;
		std::memcpy(&header, left.data(), sizeof(header));
		if (!reader::plausible_size(header.size, left.size())) {
			ADD_FAILURE() << "record of " << header.size << " bytes";
			break;
		}
		const reader::record record(left.first(header.size));
		events.push_back(decoder.decode(record));
		EXPECT_EQ(decoder.time_of(record), 0u) << "what was before has no time";
		left = left.subspan(header.size);
	}
	return events;
}

} // namespace

TEST(Synthesize, TheMapOfTheKernelIsItsText)
{
	const scratch_directory scratch;
	write_text(scratch / "kallsyms",
		   "0000000000000000 A fixed_percpu_data\nffffffff81000000 T _stext\n"
		   "ffffffff81000000 T _text\nffffffff81e01234 T _etext\n"
		   "ffffffffc0000000 t _text\t[liar]\n");
	const auto map = read_kernel_map(scratch / "kallsyms");
	ASSERT_TRUE(map);
	bytes records;
	synthesizer(records, reader::decoder(make_attr()).identity_size()).kernel(*map);
	const auto events = decode_all(records);
	ASSERT_EQ(events.size(), 1u);
	const auto &event = std::get<reader::mmap_event>(events[0]);
	EXPECT_EQ(event.pid, UINT32_MAX);
	EXPECT_EQ(event.start, 0xffffffff81000000u);
	EXPECT_EQ(event.length, 0xe01234u);
	EXPECT_EQ(event.offset, 0xffffffff81000000u);
	EXPECT_EQ(event.filename, "[kernel.kallsyms]_text");
}

TEST(Synthesize, AKernelWithHiddenAddressesHasNoMap)
{
	const scratch_directory scratch;
	write_text(scratch / "kallsyms", "0000000000000000 T _text\n0000000000000000 T _etext\n");
	EXPECT_FALSE(read_kernel_map(scratch / "kallsyms"));
	EXPECT_FALSE(read_kernel_map(scratch / "not-there"));
}

TEST(Synthesize, ModulesAreFoundByTheirFiles)
{
	const scratch_directory scratch;
	write_text(scratch / "modules", "nf_tables 311296 84 - Live 0xffffffffc0a00000\n"
					"perfbuf 65536 0 - Live 0xffffffffc0500000 (OE)\n"
					"hidden 4096 1 other, Live 0x0000000000000000\n");
	write_text(scratch / "tree/kernel/net/nf-tables.ko.xz", "");
	write_text(scratch / "tree/kernel/net/nf-tables.konfig", "");
	const auto maps = read_module_maps(scratch / "modules", scratch / "tree");
	ASSERT_EQ(maps.size(), 2u);
	EXPECT_EQ(maps[0].name, "[perfbuf]");
	EXPECT_EQ(maps[0].start, 0xffffffffc0500000u);
	EXPECT_EQ(maps[0].length, 65536u);
	EXPECT_EQ(maps[1].name, scratch / "tree/kernel/net/nf-tables.ko.xz");
	EXPECT_EQ(maps[1].module, "nf_tables");
}

// Since 6.4 a module has several areas: the size in /proc/modules is that of all, the address its
// text's.
TEST(Synthesize, ModuleEndsWhereTheNextBegins)
{
	const scratch_directory scratch;
	write_text(scratch / "modules", "user 28672 0 - Live 0xffffffffc0831000\n"
					"perfbuf 466944 1 user, Live 0xffffffffc0800000 (OE)\n"
					"last 16384 0 - Live 0xffffffffc0834000\n");
	const auto maps = read_module_maps(scratch / "modules", scratch / "tree");
	ASSERT_EQ(maps.size(), 3u);
	EXPECT_EQ(maps[0].length, 0x31000u) << maps[0].name;
	EXPECT_EQ(maps[1].length, 0x3000u) << maps[1].name;
	EXPECT_EQ(maps[2].length, 16384u) << maps[2].name;
}

TEST(Synthesize, ProcessIsItsThreadsAndMaps)
{
	const scratch_directory scratch;
	write_text(scratch / "77/status", "Name:\tx\nPPid:\t5\n");
	write_text(scratch / "77/task/77/comm", "main thread\n");
	write_text(scratch / "77/task/78/comm", "other thread\n");
	write_text(scratch / "77/maps",
		   "00400000-00410000 r-xp 00001000 fe:01 4711    /bin/with space\n"
		   "00410000-00420000 r--p 00011000 fe:01 4711    /bin/with space\n"
		   "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
		   "7f0000001000-7f0000002000 ---p 00000000 00:00 0 \n"
		   "7fff00000000-7fff00002000 r-xs 00000000 00:00 0    [vdso]\n");
	write_text(scratch / "self/maps", "not a number");
	const auto code = read_processes(maps::code, scratch.path());
	ASSERT_EQ(code.size(), 1u);
	EXPECT_EQ(code[0].maps.size(), 3u);
	const auto all = read_process(77, maps::all, scratch.path());
	ASSERT_TRUE(all);
	EXPECT_EQ(all->maps.size(), 4u);

	bytes records;
	synthesizer(records, reader::decoder(make_attr()).identity_size()).process(*all);
	const auto events = decode_all(records);
	ASSERT_EQ(events.size(), 8u); // FORK and COMM of two threads, four maps
	const auto &first = std::get<reader::fork_event>(events[0]);
	EXPECT_EQ(first.ppid, 5u);
	const auto &second = std::get<reader::fork_event>(events[2]);
	EXPECT_EQ(second.tid, 78u);
	EXPECT_EQ(second.ptid, 77u);
	EXPECT_EQ(std::get<reader::comm_event>(events[3]).name, "other thread");
	const auto &map = std::get<reader::mmap_event>(events[4]);
	EXPECT_EQ(map.filename, "/bin/with space");
	EXPECT_EQ(map.start, 0x400000u);
	EXPECT_EQ(map.length, 0x10000u);
	EXPECT_EQ(map.offset, 0x1000u);
	EXPECT_EQ(map.major, 0xfeu);
	EXPECT_EQ(map.inode, 4711u);
	EXPECT_EQ(map.protection, static_cast<uint32_t>(PROT_READ | PROT_EXEC));
	EXPECT_FALSE(map.data);
	EXPECT_TRUE(std::get<reader::mmap_event>(events[5]).data);
	EXPECT_EQ(std::get<reader::mmap_event>(events[6]).filename, "//anon");
	EXPECT_EQ(std::get<reader::mmap_event>(events[7]).flags, static_cast<uint32_t>(MAP_SHARED));
}

TEST(Synthesize, AProcessThatIsGoneGivesNoRecords)
{
	EXPECT_FALSE(read_process(UINT32_MAX - 1, maps::code));
}

TEST(Synthesize, ProcGivesTheParentAndMapsOfOurOwnProcess)
{
	const auto self = read_process(static_cast<uint32_t>(::getpid()), maps::code);
	ASSERT_TRUE(self);
	EXPECT_EQ(self->parent, static_cast<uint32_t>(::getppid()));
	EXPECT_FALSE(self->maps.empty());
}

// To open a device may be all that it takes to start it; a fifo shows whether it was opened.
TEST(BuildId, a_path_that_is_no_regular_file_is_not_opened)
{
	const scratch_directory scratch;
	const std::string fifo = scratch / "fifo";
	ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
	const reader::unique_fd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	ASSERT_GE(::inotify_add_watch(watch.get(), fifo.c_str(), IN_OPEN), 0);
	std::array<char, 512> seen;

	EXPECT_FALSE(read_elf_build_id(fifo));
	analysis::symbol_files files(false);
	EXPECT_TRUE(files.find(fifo, 0, {}, nullptr, 0).empty());
	EXPECT_LT(::read(watch.get(), seen.data(), seen.size()), 0) << "it was opened";

	EXPECT_TRUE(reader::unique_fd(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK)));
	EXPECT_GT(::read(watch.get(), seen.data(), seen.size()), 0) << "the watch sees it";
}

TEST(BuildId, BuildIdsAreReadFromNotesAndElfFiles)
{
	const auto id = read_elf_build_id("/proc/self/exe");
	const auto shell = read_elf_build_id("/bin/sh");
	ASSERT_TRUE(shell);
	EXPECT_EQ(shell->size(), 20u);
	EXPECT_FALSE(read_elf_build_id("/dev/null"));
	EXPECT_FALSE(read_elf_build_id("/etc/passwd"));
	EXPECT_FALSE(read_elf_build_id("/not/there"));
	// A length that lies beyond the end.
	const uint32_t lie[]{4, 0xffffffff, 3, 0x00554e47};
	EXPECT_FALSE(build_id_in_notes(std::as_bytes(std::span(lie))));
	const uint32_t empty[]{0, 0, 0};
	EXPECT_FALSE(build_id_in_notes(std::as_bytes(std::span(empty))));
}

// A recorded user maps any file, and root may record that user.
TEST(BuildId, NotesThatClaimToBeLongTakeNoMemory)
{
	struct {
		Elf64_Ehdr file{};
		Elf64_Phdr parts[3]{};
		Elf64_Nhdr note{4, 4, NT_GNU_BUILD_ID};
		char name[4] = "GNU";
		uint8_t id[4]{1, 2, 3, 4};
	} content;
	constexpr uint64_t claimed = 256 << 20;
	std::memcpy(content.file.e_ident, ELFMAG, SELFMAG);
	content.file.e_ident[EI_CLASS] = ELFCLASS64;
	content.file.e_ident[EI_DATA] =
		std::endian::native == std::endian::big ? ELFDATA2MSB : ELFDATA2LSB;
	content.file.e_ident[EI_VERSION] = EV_CURRENT;
	content.file.e_type = ET_DYN;
	content.file.e_version = EV_CURRENT;
	content.file.e_ehsize = sizeof(Elf64_Ehdr);
	content.file.e_phentsize = sizeof(Elf64_Phdr);
	content.file.e_phoff = offsetof(decltype(content), parts);
	content.file.e_phnum = std::size(content.parts);
	for (auto &part : content.parts) {
		part.p_type = PT_NOTE;
		part.p_offset = sizeof(content);
		part.p_filesz = claimed;
	}
	content.parts[1].p_filesz = UINT64_MAX - sizeof(content);
	content.parts[2].p_offset = offsetof(decltype(content), note);
	content.parts[2].p_filesz = sizeof(content) - offsetof(decltype(content), note);

	const scratch_directory scratch;
	const auto path = scratch / "elf";
	std::ofstream(path, std::ios::binary)
		.write(reinterpret_cast<const char *>(&content), sizeof(content));
	std::filesystem::resize_file(path, sizeof(content) + claimed); // holes
	rusage before{};
	rusage after{};
	::getrusage(RUSAGE_SELF, &before);
	const auto id = read_elf_build_id(path);
	::getrusage(RUSAGE_SELF, &after);
	ASSERT_TRUE(id);
	EXPECT_EQ(id->size(), 4u);
	EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 << 10) << "kB";
}

TEST(BuildId, OnlyMappingsOfRealFilesHaveABuildId)
{
	mapped_files files;
	for (const char *name : {"/bin/true", "/bin/true", "[vdso]", "//anon", "/memfd:x (deleted)",
				 "/dev/zero", "", "/SYSV0"}) {
		reader::mmap_event map;
		map.filename = name;
		files.add(map);
	}
	EXPECT_EQ(files.build_ids().size(), 1u);
}

namespace
{

// The mapping of a file as a record reports it.
reader::mmap_event map_of(const std::string &file, std::string_view name, uint32_t pid)
{
	struct stat status {
	};
	EXPECT_EQ(::stat(file.c_str(), &status), 0);
	reader::mmap_event map;
	map.pid = pid;
	map.start = 0x1000;
	map.length = 0x2000;
	map.major = major(status.st_dev);
	map.minor = minor(status.st_dev);
	map.inode = status.st_ino;
	map.filename = name;
	return map;
}

} // namespace

TEST(BuildId, TheBuildIdOfAnotherFileAtTheSamePathIsNotTaken)
{
	const tests::scratch_directory scratch;
	const std::string path = scratch / "tool";
	std::filesystem::copy_file("/bin/sh", path);
	auto map = map_of(path, path, 1);
	mapped_files right(scratch.path());
	right.add(map);
	EXPECT_EQ(right.build_ids().at(path), read_elf_build_id("/bin/sh"));

	// Built anew while it ran.
	std::filesystem::rename(path, scratch / "before");
	std::filesystem::copy_file("/proc/self/exe", path);
	mapped_files rebuilt(scratch.path());
	rebuilt.add(map);
	EXPECT_EQ(rebuilt.build_ids().at(path), std::nullopt);
	map.inode = 0;
	mapped_files unknown(scratch.path());
	unknown.add(map);
	EXPECT_EQ(unknown.build_ids().at(path), read_elf_build_id("/proc/self/exe"))
		<< "a record that does not say which file it is";
}

TEST(BuildId, TheBuildIdOfAProcessIsFoundByItsOwnMapAndRoot)
{
	const tests::scratch_directory scratch;
	const auto shell = read_elf_build_id("/bin/sh");
	const std::string outside = scratch / "tool";
	std::filesystem::copy_file("/proc/self/exe", outside);

	// In its root stands another file at the path of that one.
	const std::string inside = scratch.path() / "7/root" / outside.substr(1);
	std::filesystem::create_directories(std::filesystem::path(inside).parent_path());
	std::filesystem::copy_file("/bin/sh", inside);
	mapped_files in_container(scratch.path());
	in_container.add(map_of(inside, outside, 7));
	EXPECT_EQ(in_container.build_ids().at(outside), shell);

	// And by its map even what has no name any more.
	const std::string deleted = scratch.path() / "8/map_files/1000-3000";
	std::filesystem::create_directories(std::filesystem::path(deleted).parent_path());
	std::filesystem::copy_file("/bin/sh", deleted);
	mapped_files gone(scratch.path());
	gone.add(map_of(deleted, "/usr/bin/gone (deleted)", 8));
	EXPECT_EQ(gone.build_ids().at("/usr/bin/gone (deleted)"), shell);
}

// perf.data has one build-id of a name.
TEST(BuildId, TwoFilesOfOneNameHaveNoBuildId)
{
	const tests::scratch_directory scratch;
	const std::string path = scratch / "tool";
	std::filesystem::copy_file("/bin/sh", path);
	mapped_files files(scratch.path());
	files.add(map_of(path, path, 1));
	files.add(map_of(path, path, 2));
	EXPECT_EQ(files.build_ids().at(path), read_elf_build_id("/bin/sh")) << "one file, twice";
	std::filesystem::rename(path, scratch / "before");
	std::filesystem::copy_file("/proc/self/exe", path);
	files.add(map_of(path, path, 3));
	EXPECT_EQ(files.build_ids().at(path), std::nullopt);
	files.add(map_of(scratch / "before", path, 4));
	EXPECT_EQ(files.build_ids().at(path), std::nullopt) << "as it was";
}

TEST(BuildId, AFileOfTheSameNumberOnAnotherDeviceIsAnotherFile)
{
	struct stat status {
	};
	status.st_dev = makedev(8, 1);
	status.st_ino = 4711;
	EXPECT_TRUE(is_file(status, {8, 1, 4711}));
	EXPECT_FALSE(is_file(status, {8, 2, 4711}));
	EXPECT_FALSE(is_file(status, {8, 1, 4712}));
	EXPECT_TRUE(is_file(status, {})) << "the record does not say which";
	// overlayfs and btrfs show a map another device than stat(2) does.
	status.st_dev = makedev(0, 30);
	EXPECT_TRUE(is_file(status, {0, 31, 4711}));
	EXPECT_FALSE(is_file(status, {0, 31, 4712}));
}
