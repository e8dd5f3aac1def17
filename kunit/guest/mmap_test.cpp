// SPDX-License-Identifier: GPL-2.0
/* mmap(2): every size, offset, protection and flag. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/rights.hpp"

using namespace device_test;

namespace
{

constexpr int rw = PROT_READ | PROT_WRITE;

struct map_row {
	const char *name;
	size_t pages;
	answers perf;
	int prot = rw;
	int flags = MAP_SHARED;
	off_t page_offset = 0;
	answers own = {};
	const char *why = "";
};

void PrintTo(const map_row &row, std::ostream *out)
{
	print_row(row, out);
}

class mmap_table : public testing::TestWithParam<map_row>
{
};

TEST_P(mmap_table, each_mmap_answers_as_perf_does)
{
	const map_row &row = GetParam();
	check_both({row.perf, row.own, row.why}, [&](side s) {
		unique_fd fd = must_open(s, clock_attr());
		const int error = map_error(fd.get(), row.pages * page_size(), row.prot, row.flags,
					    row.page_offset * static_cast<off_t>(page_size()));
		/* Whatever it was, nothing of it is left. */
		EXPECT_EQ(map_error(fd.get(), 5 * page_size()), 0);
		return error;
	});
}

const map_row sizes[] = {
	{"page_0_alone", 1, {0}},
	{"1_data_page", 2, {0}},
	{"2_data_pages", 3, {0}},
	{"3_data_pages", 4, {EINVAL}},
	{"4_data_pages", 5, {0}},
	{"5_data_pages", 6, {EINVAL}},
	{"6_data_pages", 7, {EINVAL}},
	{"7_data_pages", 8, {EINVAL}},
	{"8_data_pages", 9, {0}},
	{"15_data_pages", 16, {EINVAL}},
	{"128_data_pages", 129, {0}},
	{"1024_data_pages", 1025, {0}},
	{"1025_data_pages", 1026, {EINVAL}},
	{"2_to_24_data_pages", (1UL << 24) + 1, {ENOMEM}},
	{"2_to_31_data_pages", (1UL << 31) + 1, {ENOMEM}},
	{"2_to_32_data_pages",
	 (1UL << 32) + 1,
	 {},
	 rw,
	 MAP_SHARED,
	 0,
	 {ENOMEM},
	 "perf takes 32 bits of the number, and maps no data at all"},
	{"2_to_24_and_not_a_power", (1UL << 24) + 2, {EINVAL}},
	/* Which of the two mistakes perf looks for first depends on its release: 7.2 on says
	   ENOMEM. */
	{"2_to_32_and_not_a_power",
	 (1UL << 32) + 3,
	 {EINVAL, ENOMEM},
	 rw,
	 MAP_SHARED,
	 0,
	 {EINVAL},
	 "no number of pages that is not a power of two is ever mapped"},
	/* Beyond the address space: mmap itself answers. */
	{"2_to_51_data_pages", (1UL << 51) + 1, {ENOMEM}},
	{"no_length", 0, {EINVAL}},
};

const map_row offsets[] = {
	{"offset_1", 4, {EINVAL}, rw, MAP_SHARED, 1},
	{"offset_1_of_one_page", 1, {EINVAL}, rw, MAP_SHARED, 1},
	{"offset_behind_the_data", 4, {EINVAL}, rw, MAP_SHARED, 5},
	{"offset_2_to_31", 1, {EINVAL}, rw, MAP_SHARED, 1L << 31},
	{"offset_2_to_40", 2, {EINVAL}, rw, MAP_SHARED, 1L << 40},
};

const map_row modes[] = {
	{"private", 5, {EINVAL}, rw, MAP_PRIVATE},
	{"private_read_only", 5, {EINVAL}, PROT_READ, MAP_PRIVATE},
	{"shared_validate", 5, {0}, rw, MAP_SHARED_VALIDATE},
	{"shared_validate_sync", 5, {EOPNOTSUPP}, rw, MAP_SHARED_VALIDATE | MAP_SYNC},
	{"read_only", 5, {0}, PROT_READ},
	{"write_only", 5, {0}, PROT_WRITE},
	{"no_access", 5, {0}, PROT_NONE},
	{"populated", 5, {0}, rw, MAP_SHARED | MAP_POPULATE},
	{"neither_shared_nor_private", 5, {EINVAL}, rw, 0},
};

INSTANTIATE_TEST_SUITE_P(sizes, mmap_table, testing::ValuesIn(sizes),
			 row_name<testing::TestParamInfo<map_row>>);
INSTANTIATE_TEST_SUITE_P(offsets, mmap_table, testing::ValuesIn(offsets),
			 row_name<testing::TestParamInfo<map_row>>);
INSTANTIATE_TEST_SUITE_P(modes, mmap_table, testing::ValuesIn(modes),
			 row_name<testing::TestParamInfo<map_row>>);

/* The same for an event that is mapped already. */
struct again_row {
	const char *name;
	size_t pages;
	answers perf;
	off_t page_offset = 0;
	int prot = rw;
};

void PrintTo(const again_row &row, std::ostream *out)
{
	print_row(row, out);
}

class mmap_again : public testing::TestWithParam<again_row>
{
};

TEST_P(mmap_again, a_second_mmap_of_a_file_answers_as_perf_does)
{
	const again_row &row = GetParam();
	check_both({row.perf}, [&](side s) {
		unique_fd fd = must_open(s, clock_attr());
		mapping first(fd.get(), 4);
		const int error = map_error(fd.get(), row.pages * page_size(), row.prot, MAP_SHARED,
					    row.page_offset * static_cast<off_t>(page_size()));
		EXPECT_EQ(first.page()->data_size, first.data_bytes());
		return error;
	});
}

const again_row agains[] = {
	{"same_size", 5, {0}},
	{"smaller", 3, {EINVAL}},
	{"larger", 9, {EINVAL}},
	{"page_0_alone", 1, {EINVAL}},
	{"not_a_power", 4, {EINVAL}},
	{"read_only", 5, {0}, 0, PROT_READ},
	{"as_aux", 4, {EINVAL}, 5},
	{"within_the_data", 1, {EINVAL}, 1},
	{"far_behind", 4, {EINVAL}, 4096},
};

INSTANTIATE_TEST_SUITE_P(sizes, mmap_again, testing::ValuesIn(agains),
			 row_name<testing::TestParamInfo<again_row>>);

/* The AUX fields of the user page are the user's claim; in pages. This event has no AUX. */
struct aux_row {
	const char *name;
	expectation expected;
	size_t said_offset, said_size, offset, size;
	int prot = rw;
	int flags = MAP_SHARED;
};

class mmap_of_aux : public testing::TestWithParam<aux_row>
{
};

TEST_P(mmap_of_aux, an_mmap_of_an_aux_area_answers_as_perf_does)
{
	const aux_row &row = GetParam();
	check_both(row.expected, [&](side s) {
		unique_fd fd = must_open(s, clock_attr(), target::every_process(0));
		mapping first(fd.get(), 4);
		first.page()->aux_offset = row.said_offset * page_size();
		first.page()->aux_size = row.said_size * page_size();
		return map_error(fd.get(), row.size * page_size(), row.prot, row.flags,
				 static_cast<off_t>(row.offset * page_size()));
	});
}

const aux_row aux_rows[] = {
	{"where_it_is", {{EOPNOTSUPP}}, 8, 4, 8, 4},
	{"read_only", {{EOPNOTSUPP}}, 8, 4, 8, 4, PROT_READ},
	{"right_behind", {{EOPNOTSUPP}}, 5, 1, 5, 1},
	{"private", {{EINVAL}}, 8, 4, 8, 4, rw, MAP_PRIVATE},
	{"not_said", {{EINVAL}}, 0, 0, 8, 4},
	{"elsewhere", {{EINVAL}}, 8, 4, 9, 4},
	{"larger", {{EINVAL}}, 8, 4, 8, 8},
	{"smaller", {{EINVAL}}, 8, 4, 8, 2},
	{"not_a_power", {{EINVAL}}, 8, 3, 8, 3},
	{"in_the_data", {{EINVAL}}, 4, 1, 4, 1},
	{"too_many_pages", {{ENOMEM}}, 8, 1ULL << 31, 8, 1ULL << 31},
};

INSTANTIATE_TEST_SUITE_P(places, mmap_of_aux, testing::ValuesIn(aux_rows),
			 row_name<testing::TestParamInfo<aux_row>>);

TEST(mmap, mapping_an_inherited_event_without_a_cpu_is_einval)
{
	check_both({{EINVAL}}, [](side s) {
		perf_event_attr attr = clock_attr();
		attr.inherit = 1;
		return map_error(must_open(s, attr).get(), 5 * page_size());
	});
}

TEST(mmap, mapping_an_inherited_event_on_a_cpu_is_allowed)
{
	check_both({{0}}, [](side s) {
		perf_event_attr attr = clock_attr();
		attr.inherit = 1;
		return map_error(must_open(s, attr, {0, 0}).get(), 5 * page_size());
	});
}

TEST(mmap, mapping_a_counting_event_is_allowed)
{
	check_both({{0}}, [](side s) {
		perf_event_attr attr = clock_attr(0);
		return map_error(must_open(s, attr).get(), 5 * page_size());
	});
}

TEST(mmap, mapping_a_duplicated_fd_shows_the_same_pages)
{
	check_both({{0}}, [](side s) {
		unique_fd fd = must_open(s, clock_attr());
		unique_fd copy(dup(fd.get()));
		mapping first(fd.get(), 4), second(copy.get(), 4);
		first.page()->data_tail = 64;
		EXPECT_EQ(second.page()->data_tail, 64u);
		return map_error(copy.get(), 3 * page_size()) == EINVAL ? 0 : -1;
	});
}

TEST(mmap, a_ring_may_have_another_size_after_the_last_unmap)
{
	check_both({{0}}, [](side s) {
		unique_fd fd = must_open(s, clock_attr());
		for (size_t pages : {4, 16, 1, 0, 8}) {
			mapping mapping(fd.get(), pages);
			EXPECT_EQ(mapping.page()->data_size, mapping.data_bytes());
			EXPECT_EQ(mapping.page()->data_head, 0u);
		}
		return 0;
	});
}

TEST(mmap, a_ring_beyond_the_locked_memory_is_eperm)
{
	check_both({{EPERM}}, [](side s) {
		int error = 0;
		const outcome done = run_in_child([&] {
			/* 16 MiB is beyond perf's own allowance too. */
			unique_fd fd = must_open(s, clock_attr());
			const rlimit limit = {64 * page_size(), 64 * page_size()};
			setrlimit(RLIMIT_MEMLOCK, &limit);
			drop_rights(CAP_IPC_LOCK);
			return map_error(fd.get(), 4097 * page_size());
		});
		error = done.signal ? -1 : done.code;
		return error;
	});
}

TEST(mmap, a_ring_within_the_locked_memory_is_allowed_and_credited)
{
	check_both({{0}}, [](side s) {
		const outcome done = run_in_child([&] {
			unique_fd fd = must_open(s, clock_attr());
			const rlimit limit = {64 * page_size(), 64 * page_size()};
			setrlimit(RLIMIT_MEMLOCK, &limit);
			drop_rights(CAP_IPC_LOCK);
			const long before = status_value("VmLck") + status_value("VmPin");
			for (int i = 0; i < 50; i++) {
				if (int error = map_error(fd.get(), 33 * page_size()))
					return error;
				/* A failure takes nothing. */
				if (map_error(fd.get(), 4097 * page_size()) != EPERM)
					return -2;
			}
			return status_value("VmLck") + status_value("VmPin") == before ? 0 : -3;
		});
		return done.signal ? -1 : done.code;
	});
}

} /* namespace */
