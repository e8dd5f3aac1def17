// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Files are distinguished by device, inode and generation, or by the build-id that a record has: a
// file that took the place of the recorded one gives no names.
#include <cinttypes>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include <perfbuf/unique_fd.hpp>

#include "analysis/machine.hpp"
#include "analysis/symbols.hpp"
#include "perfdata/bytes.hpp"
#include "run_command.hpp"

using namespace perfbuf;
using perfdata::file_identity;

namespace
{

// The bytes of an MMAP2 record behind pid and tid, up to the name.
struct map_facts {
	uint64_t start = 0x1000;
	uint32_t major = 8;
	uint32_t minor = 1;
	uint64_t inode = 4711;
	uint64_t generation = 3;
};

perfdata::bytes map_record(const map_facts &of, const perfdata::build_id &id = {})
{
	perfdata::bytes record;
	record.put(perf_event_header{
		PERF_RECORD_MMAP2,
		static_cast<uint16_t>(PERF_RECORD_MISC_USER |
				      (id.empty() ? 0 : PERF_RECORD_MISC_MMAP_BUILD_ID)),
		8 + 8 + 24 + 24 + 8 + 8});
	record.put(uint32_t{7});
	record.put(uint32_t{7});
	record.put(of.start);
	record.put(uint64_t{0x1000});
	record.put(uint64_t{0});
	if (id.empty()) {
		record.put(of.major);
		record.put(of.minor);
		record.put(of.inode);
		record.put(of.generation);
	} else {
		record.put(static_cast<uint32_t>(id.size()));
		record.put_raw(id.data(), id.size());
		record.zeros(20 - id.size());
	}
	record.put(uint32_t{5}); // protection
	record.put(uint32_t{2}); // flags
	record.put_padded("/file", 8);
	return record;
}

perfdata::build_id id_of(const std::string &text)
{
	const auto bytes = std::as_bytes(std::span(text));
	return {bytes.begin(), bytes.end()};
}

struct own_code {
	std::string path;
	uint64_t offset;
	file_identity identity;
};

// Where this test's own code stands.
own_code find_own_code()
{
	const auto address = reinterpret_cast<uint64_t>(&find_own_code);
	std::ifstream maps("/proc/self/maps");
	for (std::string line; std::getline(maps, line);) {
		uint64_t start, end, offset, inode;
		unsigned major, minor;
		if (std::sscanf(line.c_str(),
				"%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %x:%x %" SCNu64, &start,
				&end, &offset, &major, &minor, &inode) == 6 &&
		    start <= address && address < end)
			return {std::filesystem::read_symlink("/proc/self/exe"),
				address - start + offset,
				{major, minor, inode}};
	}
	return {};
}

} // namespace

TEST(FileIdentity, a_record_with_a_build_id_in_place_of_an_inode_is_decoded_with_it)
{
	const reader::decoder by{perf_event_attr{}};
	const auto id = id_of("0123456789abcdef");
	const auto with_id = map_record({}, id);
	const auto event = by.decode(reader::record(with_id.view()));
	const auto *map = std::get_if<reader::mmap_event>(&event);
	ASSERT_TRUE(map);
	EXPECT_EQ(perfdata::build_id(map->build_id.begin(), map->build_id.end()), id);
	EXPECT_EQ(map->inode, 0u);
	EXPECT_EQ(map->filename, "/file");
	const auto with_inode = map_record({});
	const auto other = by.decode(reader::record(with_inode.view()));
	map = std::get_if<reader::mmap_event>(&other);
	ASSERT_TRUE(map);
	EXPECT_EQ(map->generation, 3u);
	EXPECT_TRUE(map->build_id.empty());
	// A size that cannot be.
	auto wrong = map_record({}, id);
	wrong.patch(40, uint8_t{255});
	const auto cut = by.decode(reader::record(wrong.view()));
	map = std::get_if<reader::mmap_event>(&cut);
	ASSERT_TRUE(map);
	EXPECT_EQ(map->build_id.size(), 20u);
}

TEST(FileIdentity, files_of_one_name_and_inode_on_two_devices_or_of_two_generations_are_two)
{
	analysis::machine of;
	const reader::decoder by{perf_event_attr{}};
	const auto file_at = [&](const perfdata::bytes &record) {
		of.add(reader::record(record.view()), by);
		return of.find(7, 0x1000)->file;
	};
	const uint32_t first = file_at(map_record({}));
	EXPECT_EQ(file_at(map_record({})), first);
	EXPECT_EQ(file_at(map_record({.start = 0x1000})), first);
	std::set<uint32_t> files{first};
	EXPECT_TRUE(files.insert(file_at(map_record({.minor = 2}))).second) << "in a container";
	EXPECT_TRUE(files.insert(file_at(map_record({.generation = 4}))).second);
	EXPECT_TRUE(files.insert(file_at(map_record({}, id_of("0123456789abcdef")))).second);
	EXPECT_TRUE(files.insert(file_at(map_record({}, id_of("0123456789abcdeF")))).second);
	EXPECT_EQ(of.file_identity(first).generation, 3u);
	EXPECT_EQ(of.file_identity(first).inode, 4711u);
}

TEST(FileIdentity, a_file_of_the_same_inode_and_another_generation_is_another_file)
{
	const file_identity recorded{8, 1, 4711, 3, {}};
	EXPECT_TRUE(perfdata::is_generation(3, recorded));
	EXPECT_FALSE(perfdata::is_generation(4, recorded));
	EXPECT_TRUE(perfdata::is_generation(std::nullopt, recorded)) << "overlayfs reports none";
	EXPECT_TRUE(perfdata::is_generation(4, {8, 1, 4711, 0, {}})) << "/proc reports none";
	EXPECT_TRUE(perfdata::is_generation(4, {}));
	EXPECT_TRUE(perfdata::is_generation(uint32_t{1} << 31, {8, 1, 1, ~0ULL << 31, {}}))
		<< "the ioctl has 32 bits";

	// A file of this machine: as its file system reports it.
	const tests::scratch_directory scratch;
	std::ofstream(scratch / "file") << "text";
	const reader::unique_fd fd(::open((scratch / "file").c_str(), O_RDONLY));
	struct stat status {
	};
	ASSERT_EQ(::fstat(fd.get(), &status), 0);
	unsigned generation = 0;
	const bool is_reported =
		::ioctl(fd.get(), FS_IOC_GETVERSION, &generation) == 0 && generation;
	file_identity identity{
		major(status.st_dev), minor(status.st_dev), status.st_ino, generation, {}};
	EXPECT_TRUE(perfdata::is_open_file(fd.get(), identity));
	identity.generation = uint64_t{generation} + 1;
	EXPECT_EQ(perfdata::is_open_file(fd.get(), identity), !is_reported);
	identity.inode++;
	EXPECT_FALSE(perfdata::is_open_file(fd.get(), identity));
	const reader::unique_fd directory(::open(scratch.path().c_str(), O_RDONLY));
	EXPECT_FALSE(perfdata::is_open_file(directory.get(), {}));
}

TEST(FileIdentity, a_file_with_another_build_id_than_its_record_gives_no_names)
{
	const own_code code = find_own_code();
	ASSERT_NE(code.offset, 0u);
	const auto id = perfdata::read_elf_build_id(code.path);
	ASSERT_TRUE(id);
	auto other = *id;
	other.front() ^= std::byte{1};
	analysis::symbol_files files(false);
	const auto names = [&](const file_identity &identity, const perfdata::build_id *recorded) {
		return files.find(code.path, 1, identity, recorded, code.offset).size();
	};
	const file_identity right{0, 0, 0, 0, *id};
	const file_identity wrong{0, 0, 0, 0, other};
	EXPECT_EQ(names(right, nullptr), 1u);
	EXPECT_EQ(names(wrong, nullptr), 0u);
	// The record's own is nearer than that of the name.
	EXPECT_EQ(names(right, &other), 1u);
	EXPECT_EQ(names(wrong, &*id), 0u);
	EXPECT_FALSE(perfdata::read_elf_build_id(code.path, wrong));
	EXPECT_EQ(perfdata::read_elf_build_id(code.path, right), *id);
}

TEST(FileIdentity, many_names_of_one_file_open_it_once)
{
	const own_code code = find_own_code();
	analysis::symbol_files files(false);
	const std::filesystem::path path(code.path);
	// Each of them would take some memory, and one of its descriptors.
	const auto descriptors = [] {
		return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
				     std::filesystem::directory_iterator());
	};
	ASSERT_EQ(files.find(path, 1, code.identity, nullptr, code.offset).size(), 1u);
	const auto before = descriptors();
	std::string dots;
	for (int number = 0; number < 100; number++) {
		dots += "./";
		const auto name = path.parent_path() / (dots + path.filename().string());
		ASSERT_EQ(files.find(name, 1, code.identity, nullptr, code.offset).size(), 1u);
	}
	EXPECT_EQ(descriptors(), before);
}
