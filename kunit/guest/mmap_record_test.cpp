// SPDX-License-Identifier: GPL-2.0
/* MMAP and MMAP2 records: what is mapped, by whom, from which file. */
#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "support/exec_image.hpp"
#include "support/session.hpp"

using namespace device_test;

namespace
{

perf_event_attr mapped_events()
{
	perf_event_attr attr = clock_attr(1'000'000'000'000, PERF_SAMPLE_TID | PERF_SAMPLE_TIME);
	attr.disabled = 0;
	attr.sample_id_all = 1;
	attr.mmap = attr.mmap2 = 1;
	return attr;
}

/* A file of four pages that may be executed. */
class code_file
{
public:
	code_file() : path(scratch() + "/code")
	{
		fd = unique_fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
		if (!fd.valid() || ftruncate(fd.get(), 4 * page_size()) || fstat(fd.get(), &about))
			fail_errno(path, errno);
	}
	void *map(size_t pages, int prot, int flags = MAP_PRIVATE, size_t first_page = 0) const
	{
		void *base = mmap(nullptr, pages * page_size(), prot, flags, fd.get(),
				  first_page * page_size());
		if (base == MAP_FAILED)
			fail_errno("mmap", errno);
		return base;
	}

	std::string path;
	unique_fd fd;
	struct stat about;
};

class mmap_records : public testing::TestWithParam<side>
{
protected:
	/* The record of a mapping at @base, awaited. */
	static map_record record_of(session &s, const void *base, uint32_t type = PERF_RECORD_MMAP2)
	{
		map_record found = {};
		EXPECT_TRUE(s.until_record(type,
					   [&](const record &r) {
						   const map_record m = parse_map(r, s.attr());
						   if (m.addr != reinterpret_cast<uintptr_t>(base))
							   return false;
						   found = m;
						   return true;
					   }))
			<< "no record of " << base;
		return found;
	}
	static bool has_record_of(session &s, const void *base)
	{
		for (const record &r : s.collect()) {
			if ((r.header.type == PERF_RECORD_MMAP2 ||
			     r.header.type == PERF_RECORD_MMAP) &&
			    parse_map(r, s.attr()).addr == reinterpret_cast<uintptr_t>(base))
				return true;
		}
		return false;
	}
	code_file code;
};

TEST_P(mmap_records, a_mapping_of_an_executable_file_is_recorded_in_every_detail)
{
	session s(GetParam(), mapped_events(), 0);
	void *base = code.map(2, PROT_READ | PROT_EXEC, MAP_PRIVATE, 1);
	const map_record m = record_of(s, base);
	EXPECT_EQ(m.pid, static_cast<uint32_t>(getpid()));
	EXPECT_EQ(m.tid, static_cast<uint32_t>(current_tid()));
	EXPECT_EQ(m.len, 2 * page_size());
	EXPECT_EQ(m.pgoff, page_size());
	EXPECT_EQ(m.filename, code.path);
	EXPECT_EQ(m.ino, code.about.st_ino);
	EXPECT_EQ(m.maj, major(code.about.st_dev));
	EXPECT_EQ(m.min, minor(code.about.st_dev));
	EXPECT_EQ(m.prot, static_cast<uint32_t>(PROT_READ | PROT_EXEC));
	EXPECT_EQ(m.flags, static_cast<uint32_t>(MAP_PRIVATE));
	EXPECT_EQ(m.misc & PERF_RECORD_MISC_CPUMODE_MASK, PERF_RECORD_MISC_USER);
	EXPECT_EQ(m.misc & PERF_RECORD_MISC_MMAP_DATA, 0);
	munmap(base, 2 * page_size());
}

TEST_P(mmap_records, the_record_of_a_shared_mapping_says_shared)
{
	session s(GetParam(), mapped_events(), 0);
	void *base = code.map(1, PROT_READ | PROT_EXEC, MAP_SHARED);
	EXPECT_EQ(record_of(s, base).flags, static_cast<uint32_t>(MAP_SHARED));
	munmap(base, page_size());
}

TEST_P(mmap_records, records_of_the_first_version_have_no_file_numbers)
{
	perf_event_attr attr = mapped_events();
	attr.mmap2 = 0;
	session s(GetParam(), attr, 0);
	void *base = code.map(2, PROT_READ | PROT_EXEC);
	const map_record m = record_of(s, base, PERF_RECORD_MMAP);
	EXPECT_EQ(m.len, 2 * page_size());
	EXPECT_EQ(m.pgoff, 0u);
	EXPECT_EQ(m.filename, code.path);
	EXPECT_EQ(count(s.collect(), PERF_RECORD_MMAP2), 0u);
	munmap(base, 2 * page_size());
}

TEST_P(mmap_records, a_data_mapping_is_recorded_only_with_mmap_data)
{
	perf_event_attr attr = mapped_events();
	session without(GetParam(), attr, 0);
	attr.mmap_data = 1;
	session with(GetParam(), attr, 0);
	void *data = code.map(1, PROT_READ);
	void *text = code.map(1, PROT_READ | PROT_EXEC);
	const map_record m = record_of(with, data);
	EXPECT_NE(m.misc & PERF_RECORD_MISC_MMAP_DATA, 0);
	EXPECT_EQ(m.prot, static_cast<uint32_t>(PROT_READ));
	EXPECT_EQ(record_of(with, text).misc & PERF_RECORD_MISC_MMAP_DATA, 0);
	record_of(without, text);
	EXPECT_FALSE(has_record_of(without, data));
	munmap(data, page_size());
	munmap(text, page_size());
}

TEST_P(mmap_records, mmap_data_alone_leaves_out_the_code)
{
	perf_event_attr attr = mapped_events();
	attr.mmap = attr.mmap2 = 0;
	attr.mmap_data = 1;
	session s(GetParam(), attr, 0);
	void *text = code.map(1, PROT_READ | PROT_EXEC);
	void *data = code.map(1, PROT_READ | PROT_WRITE);
	record_of(s, data, PERF_RECORD_MMAP);
	EXPECT_FALSE(has_record_of(s, text));
	munmap(data, page_size());
	munmap(text, page_size());
}

TEST_P(mmap_records, the_record_of_anonymous_code_has_the_name_of_anonymous_memory)
{
	session s(GetParam(), mapped_events(), 0);
	void *base = mmap(nullptr, page_size(), PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_NE(base, MAP_FAILED);
	const map_record m = record_of(s, base);
	EXPECT_EQ(m.filename, "//anon");
	EXPECT_EQ(m.ino, 0u);
	munmap(base, page_size());
}

TEST_P(mmap_records, memory_that_becomes_executable_is_recorded)
{
	/* As a just-in-time compiler does it. */
	session s(GetParam(), mapped_events(), 0);
	void *base = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_NE(base, MAP_FAILED);
	mprotect(base, page_size(), PROT_READ | PROT_EXEC);
	const map_record m = record_of(s, base);
	EXPECT_EQ(m.prot, static_cast<uint32_t>(PROT_READ | PROT_EXEC));
	EXPECT_EQ(m.filename, "//anon");
	munmap(base, page_size());
}

TEST_P(mmap_records, mappings_of_every_process_on_the_cpus_are_recorded)
{
	session s(GetParam(), mapped_events(), -1);
	gate done;
	child process([&] {
		code.map(3, PROT_READ | PROT_EXEC);
		done.wait();
		return 0;
	});
	EXPECT_TRUE(s.until_record(PERF_RECORD_MMAP2, [&](const record &r) {
		const map_record m = parse_map(r, s.attr());
		return m.pid == static_cast<uint32_t>(process.pid()) && m.filename == code.path &&
		       m.len == 3 * page_size();
	}));
	done.open();
	EXPECT_TRUE(process.wait().clean());
}

TEST_P(mmap_records, many_mappings_are_all_recorded_in_order)
{
	session s(GetParam(), mapped_events(), 0);
	std::vector<void *> bases;
	for (int i = 0; i < 200; i++)
		bases.push_back(code.map(1, PROT_READ | PROT_EXEC, MAP_PRIVATE, i % 4));
	record_of(s, bases.back());
	EXPECT_EQ(lost_in(s.collect()), 0u);
	EXPECT_GE(count(s.collect(), PERF_RECORD_MMAP2), 1u);
	for (void *base : bases) {
		EXPECT_TRUE(has_record_of(s, base)) << base;
		munmap(base, page_size());
	}
}

/* The lines of /proc/<pid>/maps that are code of a file. */
struct file_map {
	uint64_t start, end, offset;
	unsigned maj, min;
	uint64_t ino;
	std::string path;
};

std::vector<file_map> code_of(pid_t pid)
{
	std::istringstream in(read_file("/proc/" + std::to_string(pid) + "/maps"));
	std::vector<file_map> maps;
	std::string line;
	while (std::getline(in, line)) {
		file_map m = {};
		char mode[8] = {}, path[512] = {};
		unsigned long start, end, offset, ino;
		if (sscanf(line.c_str(), "%lx-%lx %7s %lx %x:%x %lu %511s", &start, &end, mode,
			   &offset, &m.maj, &m.min, &ino, path) < 7)
			continue;
		if (mode[2] != 'x' || !ino)
			continue;
		m.start = start, m.end = end, m.offset = offset, m.ino = ino, m.path = path;
		maps.push_back(m);
	}
	return maps;
}

TEST_P(mmap_records, an_exec_records_the_program_and_its_interpreter)
{
	const exec_image image = make_exec_image(scratch());
	gate go;
	child process([&] {
		go.wait();
		execl(image.program.c_str(), "program", nullptr);
		return 1;
	});
	perf_event_attr attr = mapped_events();
	attr.comm = 1;
	session s(GetParam(), attr, process.pid());
	go.open();
	ASSERT_TRUE(eventually([&] { return code_of(process.pid()).size() == 2; }));
	const std::vector<file_map> maps = code_of(process.pid());
	for (const file_map &expected : maps) {
		const map_record m = record_of(s, reinterpret_cast<void *>(expected.start));
		EXPECT_EQ(m.len, expected.end - expected.start);
		EXPECT_EQ(m.pgoff, expected.offset);
		EXPECT_EQ(m.ino, expected.ino);
		EXPECT_EQ(m.maj, expected.maj);
		EXPECT_EQ(m.min, expected.min);
		EXPECT_EQ(m.filename, expected.path);
		EXPECT_EQ(m.pid, static_cast<uint32_t>(process.pid()));
	}
	EXPECT_EQ(maps[0].path, image.program);
	EXPECT_EQ(maps[1].path, image.interpreter);

	/*
	 * The name comes first: what is mapped belongs to the new program. By the time, as the task
	 * may have been moved in between, and so have gone on in the ring of another processor.
	 */
	uint64_t named = 0, mapped = 0;
	for (const record &r : s.collect()) {
		if (r.header.type == PERF_RECORD_COMM && parse_comm(r, attr).exec)
			named = *parse_trailer(r, attr).time;
		if (r.header.type == PERF_RECORD_MMAP2 &&
		    parse_map(r, attr).filename == image.program)
			mapped = *parse_trailer(r, attr).time;
	}
	EXPECT_GT(named, 0u);
	EXPECT_LE(named, mapped);
}

INSTANTIATE_TEST_SUITE_P(on, mmap_records, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
