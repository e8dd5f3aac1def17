// SPDX-License-Identifier: GPL-2.0
/* attr.size, the handshake between older and newer, and the address of attr. */
#include <climits>
#include <vector>

#include <sys/mman.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"

using namespace device_test;

namespace
{

struct size_row {
	const char *name;
	uint32_t size;
	/* A byte that is not zero, there; 0 for none. */
	uint32_t dirt_at;
	answers perf;
};

void PrintTo(const size_row &row, std::ostream *out)
{
	print_row(row, out);
}

/* An attribute with space before and behind it. */
class padded_attr
{
public:
	padded_attr() : bytes_(4 * page_size()) { attr() = clock_attr(); }
	perf_event_attr &attr() { return *reinterpret_cast<perf_event_attr *>(bytes_.data()); }
	uint8_t &operator[](size_t at) { return bytes_[at]; }

private:
	std::vector<uint8_t> bytes_;
};

class attr_size : public testing::TestWithParam<size_row>
{
};

TEST_P(attr_size, each_size_of_an_attribute_is_taken_or_refused_as_perf_does)
{
	const size_row &row = GetParam();
	uint32_t left[2] = {};
	check_both({row.perf}, [&](side s) {
		padded_attr space;
		space.attr().size = row.size;
		if (row.dirt_at)
			space[row.dirt_at] = 1;
		const int error = open_error(s, &space[0]);
		left[s == side::clock] = space.attr().size;
		return error;
	});
	if (GetParam().perf == answers{E2BIG})
		EXPECT_GE(left[0], uint32_t{PERF_ATTR_SIZE_VER7}) << "what perf knows";
	else
		EXPECT_EQ(left[0], row.size) << "perf has changed it";
	if (!perf_only())
		EXPECT_EQ(left[1], left[0]) << "the size that is written back";
}

const size_row size_rows[] = {
	{"zero_is_the_first_version", 0, 0, {0}},
	{"one", 1, 0, {E2BIG}},
	{"just_too_short", PERF_ATTR_SIZE_VER0 - 1, 0, {E2BIG}},
	{"version_0", PERF_ATTR_SIZE_VER0, 0, {0}},
	{"version_0_and_a_half", PERF_ATTR_SIZE_VER0 + 3, 0, {0}},
	{"version_1", PERF_ATTR_SIZE_VER1, 0, {0}},
	{"version_2", PERF_ATTR_SIZE_VER2, 0, {0}},
	{"version_3", PERF_ATTR_SIZE_VER3, 0, {0}},
	{"version_4", PERF_ATTR_SIZE_VER4, 0, {0}},
	{"version_5", PERF_ATTR_SIZE_VER5, 0, {0}},
	{"version_6", PERF_ATTR_SIZE_VER6, 0, {0}},
	{"version_7", PERF_ATTR_SIZE_VER7, 0, {0}},
	{"newer_and_zero", 256, 0, {0}},
	{"newer_and_odd", 257, 0, {0}},
	{"newer_and_not_zero", 256, 200, {E2BIG}},
	{"newer_and_not_zero_at_its_last_byte", 256, 255, {E2BIG}},
	{"not_zero_behind_the_end", 256, 256, {0}},
	{"a_page_of_zeros", 4096, 0, {0}},
	{"a_page_not_zero", 4096, 4095, {E2BIG}},
	{"more_than_a_page", 4097, 0, {E2BIG}},
	{"bit_31", 1U << 31, 0, {E2BIG}},
	{"all_ones", UINT_MAX, 0, {E2BIG}},
};

INSTANTIATE_TEST_SUITE_P(sizes, attr_size, testing::ValuesIn(size_rows),
			 row_name<testing::TestParamInfo<size_row>>);

TEST(attr_size, an_attribute_of_a_short_size_hides_the_fields_behind_it)
{
	/* A bad register mask, and a size that ends before it. */
	check_both({{EINVAL}}, [](side s) {
		padded_attr space;
		space.attr().sample_type |= PERF_SAMPLE_REGS_USER;
		space.attr().sample_regs_user = 1 << 3;
		space.attr().size = PERF_ATTR_SIZE_VER2;
		return open_error(s, &space[0]);
	});
	check_both({{0}}, [](side s) {
		padded_attr space;
		space.attr().use_clockid = 0;
		space.attr().__reserved_2 = 1;
		space.attr().size = PERF_ATTR_SIZE_VER2;
		return open_error(s, &space[0]);
	});
}

/* Two pages, of which the second is not there. */
class edge
{
public:
	edge()
	{
		base_ = static_cast<uint8_t *>(mmap(nullptr, 2 * page_size(),
						    PROT_READ | PROT_WRITE,
						    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		if (base_ == MAP_FAILED)
			fail_errno("mmap", errno);
		munmap(base_ + page_size(), page_size());
	}
	~edge() { munmap(base_, page_size()); }
	uint8_t *before(size_t n) { return base_ + page_size() - n; }
	void make_read_only() { mprotect(base_, page_size(), PROT_READ); }

private:
	uint8_t *base_;
};

TEST(attr_address, an_attribute_that_cannot_be_read_is_efault)
{
	for (uintptr_t address :
	     {uintptr_t{0}, uintptr_t{1}, uintptr_t{0x1000}, ~uintptr_t{0xfff}, uintptr_t{1} << 62})
		check_both({{EFAULT}}, [&](side s) {
			return open_error(s, reinterpret_cast<void *>(address));
		});
}

TEST(attr_address, an_attribute_whose_memory_ends_within_it_is_efault)
{
	edge space;
	const perf_event_attr attr = clock_attr();
	for (size_t there : {size_t{4}, size_t{8}, size_t{64}, sizeof(attr) - 1}) {
		memcpy(space.before(there), &attr, there);
		check_both({{EFAULT}}, [&](side s) { return open_error(s, space.before(there)); });
	}
}

TEST(attr_address, an_attribute_is_read_up_to_its_size_and_no_further)
{
	edge space;
	perf_event_attr attr = clock_attr();
	attr.size = PERF_ATTR_SIZE_VER0;
	memcpy(space.before(PERF_ATTR_SIZE_VER0), &attr, PERF_ATTR_SIZE_VER0);
	check_both({{0}}, [&](side s) { return open_error(s, space.before(PERF_ATTR_SIZE_VER0)); });
}

TEST(attr_address, an_attribute_of_unknown_size_in_read_only_memory_is_still_e2big)
{
	edge space;
	perf_event_attr attr = clock_attr();
	attr.size = 1;
	memcpy(space.before(sizeof(attr)), &attr, sizeof(attr));
	space.make_read_only();
	check_both({{E2BIG}}, [&](side s) { return open_error(s, space.before(sizeof(attr))); });
}

TEST(attr_address, an_attribute_at_an_odd_address_is_taken)
{
	padded_attr space;
	memmove(&space[13], &space[0], sizeof(perf_event_attr));
	check_both({{0}}, [&](side s) { return open_error(s, &space[13]); });
}

} /* namespace */
