// SPDX-License-Identifier: GPL-2.0
/* Mapping an AUX area: which mappings are refused, what one is charged, and how it ends. */
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "aux/pattern_file.hpp"
#include "support/cgroup.hpp"

using namespace device_test;

namespace
{

struct aux_map : testing::Test {
	perf_event_attr attr = pattern_attr();
	unique_fd fd = open_pattern(attr);
	mapping ring{fd.get(), 4};
	const uint64_t page = page_size();
	const uint64_t behind = 5 * page_size();

	int error(uint64_t offset, uint64_t bytes, int prot = rw)
	{
		return aux_error(fd.get(), ring.page(), offset, bytes, prot);
	}
};

TEST_F(aux_map, an_area_of_a_possible_size_and_offset_is_mapped)
{
	for (uint64_t pages = 1; pages <= 1024; pages *= 2)
		EXPECT_EQ(error(behind, pages * page), 0) << pages;
	EXPECT_EQ(error(behind, 2 * page, PROT_READ), 0);
	EXPECT_EQ(error(behind + 7 * page, page), 0);
	EXPECT_EQ(error(1ULL << 39, page), 0);
}

TEST_F(aux_map, an_area_of_an_impossible_size_or_offset_is_einval)
{
	EXPECT_EQ(error(behind, 3 * page), EINVAL);
	EXPECT_EQ(error(behind, 6 * page), EINVAL);
	for (uint64_t i = 1; i < 5; i++)
		EXPECT_EQ(error(i * page, page), EINVAL) << i;

	const auto at = [&](uint64_t offset, uint64_t bytes) {
		return map_error(fd.get(), bytes, rw, MAP_SHARED, static_cast<off_t>(offset));
	};
	ring.page()->aux_offset = behind;
	ring.page()->aux_size = 4 * page;
	EXPECT_EQ(at(behind + page, 4 * page), EINVAL);
	EXPECT_EQ(at(behind, 2 * page), EINVAL);
	EXPECT_EQ(at(behind, 8 * page), EINVAL);
	ring.page()->aux_offset = behind + 1;
	EXPECT_EQ(at(behind, 4 * page), EINVAL);
	ring.page()->aux_offset = behind;
	for (uint64_t size :
	     {4 * page + 1, uint64_t{0}, ~uint64_t{0}, uint64_t{1} << 63, uint64_t{1} << 44}) {
		ring.page()->aux_size = size;
		EXPECT_EQ(at(behind, 4 * page), EINVAL) << size;
	}
	ring.page()->aux_size = 4 * page;
	EXPECT_EQ(map_error(fd.get(), 4 * page, rw, MAP_PRIVATE, static_cast<off_t>(behind)),
		  EINVAL);
	EXPECT_EQ(at(behind, 4 * page), 0);
}

TEST_F(aux_map, an_area_beyond_memory_or_its_limit_is_enomem)
{
	for (unsigned bits : {32u, 34u, 43u})
		EXPECT_EQ(error(1ULL << 44, 1ULL << bits), ENOMEM) << bits;
	/* More than all rings may have, too, is taken nowhere. */
	write_file("/sys/module/perfbuf/parameters/aux_pages_max", "8");
	EXPECT_EQ(error(behind, 16 * page), ENOMEM);
	EXPECT_EQ(error(behind, 8 * page), 0);
	write_file("/sys/module/perfbuf/parameters/aux_pages_max", "524288");
}

TEST_F(aux_map, an_area_that_is_mapped_before_the_data_is_einval)
{
	unique_fd other = open_pattern(attr);
	EXPECT_EQ(map_error(other.get(), page, rw, MAP_SHARED, static_cast<off_t>(behind)), EINVAL);
}

TEST_F(aux_map, a_second_mapping_of_an_area_has_the_size_and_offset_of_the_first)
{
	aux_mapping first(fd.get(), ring, 4);
	EXPECT_EQ(error(behind, 2 * page), EINVAL);
	EXPECT_EQ(error(behind, 8 * page), EINVAL);
	EXPECT_EQ(error(behind + page, 4 * page), EINVAL);
	aux_mapping second(fd.get(), ring, 4);
	first.unmap();
	EXPECT_EQ(error(behind, 8 * page), EINVAL);
	second.unmap();
	EXPECT_EQ(error(behind, 8 * page), 0);
}

TEST_F(aux_map, an_area_is_refused_on_a_source_without_one)
{
	unique_fd without = open_pattern(pattern_attr(PATTERN_NO_AUX));
	mapping ring_without(without.get(), 4);
	EXPECT_EQ(aux_error(without.get(), ring_without.page(), behind, page), EOPNOTSUPP);
	EXPECT_EQ(aux_error(without.get(), ring_without.page(), behind, 3 * page), EINVAL);

	unique_fd no_snapshots = open_pattern(pattern_attr(PATTERN_NO_OVERWRITE));
	mapping ring_of_it(no_snapshots.get(), 4);
	EXPECT_EQ(aux_error(no_snapshots.get(), ring_of_it.page(), behind, page, PROT_READ),
		  EOPNOTSUPP);
	EXPECT_EQ(aux_error(no_snapshots.get(), ring_of_it.page(), behind, page), 0);

	/* Its setup fails for this one; nothing stays, and the next succeeds. */
	const long pinned = status_value("VmPin");
	EXPECT_EQ(error(behind, page, PROT_READ), EIO);
	EXPECT_EQ(status_value("VmPin"), pinned);
	EXPECT_EQ(error(behind, page), 0);
}

TEST_F(aux_map, an_aux_watermark_is_refused_on_a_source_without_an_area)
{
	perf_event_attr wanted = pattern_attr(PATTERN_NO_AUX);
	wanted.aux_watermark = 4096;
	unique_fd other(::open(pattern_path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(configure(other.get(), &wanted, target::every_process(0)), EOPNOTSUPP);
	wanted.config = 0;
	EXPECT_EQ(configure(other.get(), &wanted, target::every_process(0)), 0);
}

/* Its source does not expect to be stopped by each switch. */
TEST_F(aux_map, an_event_that_can_have_an_area_follows_no_cgroup)
{
	ASSERT_TRUE(has_cgroups());
	cgroup_root root;
	const cgroup cgroup(root.path() + "/perfbuf-aux");
	const unique_fd directory = cgroup.open();
	perf_event_attr wanted = pattern_attr(0);
	unique_fd other(::open(pattern_path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(configure(other.get(), &wanted, tasks_of(directory.get(), 0)), EOPNOTSUPP);
	EXPECT_EQ(configure(other.get(), &wanted, target::every_process(0)), 0);
}

TEST_F(aux_map, an_area_is_charged_once_and_credited_at_its_end)
{
	/* Pages beyond the user's share are charged to the mm. */
	write_file("/sys/module/perfbuf/parameters/mlock_kb", "0");
	const long before = status_value("VmPin");
	{
		aux_mapping first(fd.get(), ring, 64);
		EXPECT_EQ(status_value("VmPin") - before, 64l * static_cast<long>(page) / 1024);
		aux_mapping second(fd.get(), ring, 64);
		EXPECT_EQ(status_value("VmPin") - before, 64l * static_cast<long>(page) / 1024);
		first.unmap();
		EXPECT_EQ(status_value("VmPin") - before, 64l * static_cast<long>(page) / 1024);
	}
	EXPECT_EQ(status_value("VmPin"), before);
	write_file("/sys/module/perfbuf/parameters/mlock_kb", "520");
}

TEST_F(aux_map, an_area_of_every_kind_of_memory_is_filled_and_read)
{
	for (uint64_t kind : {0ULL, PATTERN_VIRTUAL, PATTERN_ONE_CHUNK, PATTERN_LARGE}) {
		pattern_file file(pattern_attr(kind), 64);
		enable(file.fd.get());
		EXPECT_TRUE(file.consume_until(3 * 64 * page)) << kind;
	}
	/* No kernel has a chunk of 2^18 pages. */
	unique_fd fd = open_pattern(pattern_attr(PATTERN_ONE_CHUNK));
	mapping ring_of_it(fd.get(), 4);
	EXPECT_EQ(aux_error(fd.get(), ring_of_it.page(), behind, (1 << 18) * page), ENOMEM);
}

TEST_F(aux_map, an_area_can_be_moved_and_not_split_or_grown)
{
	aux_mapping area(fd.get(), ring, 4);
	EXPECT_EQ(munmap(area.base(), page), -1);
	EXPECT_EQ(mremap(area.base(), 4 * page, 8 * page, MREMAP_MAYMOVE), MAP_FAILED);
	void *hole = mmap(nullptr, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *moved = mremap(area.base(), 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, hole);
	ASSERT_EQ(moved, hole);
	EXPECT_EQ(error(behind, 8 * page), EINVAL) << "it is still there";
	munmap(moved, 4 * page);
	EXPECT_EQ(error(behind, 8 * page), 0);
}

TEST_F(aux_map, a_reader_cannot_write_to_an_area)
{
	const outcome written = run_in_child([&] {
		unique_fd own = open_pattern(attr);
		mapping own_ring(own.get(), 4);
		aux_mapping area(own.get(), own_ring, 4);
		*const_cast<volatile uint8_t *>(area.base()) = 1;
		return 0;
	});
	EXPECT_EQ(written.signal, SIGBUS);
}

TEST_F(aux_map, the_memory_of_a_new_area_is_zero)
{
	aux_mapping area(fd.get(), ring, 16);
	for (uint64_t at = 0; at < area.bytes(); at += 8)
		ASSERT_EQ(area.word(at), 0u);
}

} /* namespace */
