// SPDX-License-Identifier: GPL-2.0
/* Tests of system calls on a mapping, and of its lifetime. */
#include <csignal>

#include <sys/wait.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/session.hpp"
#include "support/workload.hpp"

using namespace device_test;

namespace
{

constexpr int rw = PROT_READ | PROT_WRITE;

int error_of(int result)
{
	return result < 0 ? errno : 0;
}

int error_of(const void *result)
{
	return result == MAP_FAILED ? errno : 0;
}

/* The signal that @access dies of, or 0. */
int signal_of(const std::function<void()> &access)
{
	return run_in_child([&] {
		       access();
		       return 0;
	       })
		.signal;
}

volatile uint8_t &byte(const mapping &m, size_t offset)
{
	return *(m.base() + offset);
}

/* An event with four data pages; each case is one thing done to them. */
struct deed_row {
	const char *name;
	int (*deed)(mapping &m, int fd);
	expectation expected;
};

void PrintTo(const deed_row &row, std::ostream *out)
{
	print_row(row, out);
}

class mapping_table : public testing::TestWithParam<deed_row>
{
};

TEST_P(mapping_table, each_operation_on_a_mapping_answers_as_perf_does)
{
	const deed_row &row = GetParam();
	check_both(row.expected, [&](side s) {
		unique_fd fd = must_open(s, clock_attr());
		mapping m(fd.get(), 4);
		const int error = row.deed(m, fd.get());
		if (m.mapped()) {
			/* It is still whole. */
			EXPECT_EQ(m.page()->data_size, m.data_bytes());
			m.page()->data_tail = 8;
			EXPECT_EQ(m.page()->data_tail, 8u);
		}
		return error;
	});
}

const deed_row deeds[] = {
	{"unmap_page_0",
	 [](mapping &m, int) { return error_of(munmap(m.base(), page_size())); },
	 {{EINVAL}}},
	{"unmap_the_data",
	 [](mapping &m, int) { return error_of(munmap(m.data(), m.data_bytes())); },
	 {{EINVAL}}},
	{"unmap_the_last_page",
	 [](mapping &m, int) {
		 return error_of(munmap(m.base() + m.bytes() - page_size(), page_size()));
	 },
	 {{EINVAL}}},
	{"unmap_in_the_middle",
	 [](mapping &m, int) { return error_of(munmap(m.base() + 2 * page_size(), page_size())); },
	 {{EINVAL}}},
	{"protect_all_for_reading",
	 [](mapping &m, int) {
		 const int error = error_of(mprotect(m.base(), m.bytes(), PROT_READ));
		 mprotect(m.base(), m.bytes(), rw);
		 return error;
	 },
	 {{0}}},
	{"protect_all_from_everything",
	 [](mapping &m, int) {
		 const int error = error_of(mprotect(m.base(), m.bytes(), PROT_NONE));
		 mprotect(m.base(), m.bytes(), rw);
		 return error;
	 },
	 {{0}}},
	{"protect_a_part",
	 [](mapping &m, int) { return error_of(mprotect(m.data(), page_size(), PROT_READ)); },
	 {{EINVAL}}},
	{"overlay_a_part",
	 [](mapping &m, int) {
		 return error_of(mmap(m.base() + page_size(), page_size(), rw,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	 },
	 {{ENOMEM, EINVAL}}},
	{"grow",
	 [](mapping &m, int) {
		 return error_of(mremap(m.base(), m.bytes(), 9 * page_size(), MREMAP_MAYMOVE));
	 },
	 {{EFAULT}}},
	{"shrink",
	 [](mapping &m, int) { return error_of(mremap(m.base(), m.bytes(), 3 * page_size(), 0)); },
	 {{EINVAL}}},
	{"move_a_part",
	 [](mapping &m, int) {
		 return error_of(
			 mremap(m.base() + page_size(), page_size(), page_size(), MREMAP_MAYMOVE));
	 },
	 /* Not moved, and not an error. */
	 {{0}}},
	{"copy_by_old_size_0",
	 [](mapping &m, int) { return error_of(mremap(m.base(), 0, m.bytes(), MREMAP_MAYMOVE)); },
	 {{EFAULT}}},
	{"forget_the_pages",
	 [](mapping &m, int) {
		 m.page()->data_tail = 24;
		 const int error = error_of(madvise(m.base(), m.bytes(), MADV_DONTNEED));
		 EXPECT_EQ(m.page()->data_tail, 24u);
		 return error;
	 },
	 /* perf of newer kernels (7.2) maps its pages at once and marks the mapping special. */
	 {{0, EINVAL}, {0, EINVAL}, "what counts is that the pages are there afterwards"}},
	{"inherit_over_fork",
	 [](mapping &m, int) { return error_of(madvise(m.base(), m.bytes(), MADV_DOFORK)); },
	 {{0, EINVAL}, {0, EINVAL}, "a mapping that is marked special refuses it"}},
	{"lock",
	 [](mapping &m, int) {
		 const int error = error_of(mlock(m.base(), m.bytes()));
		 munlock(m.base(), m.bytes());
		 return error;
	 },
	 {{0}}},
	{"synchronise",
	 [](mapping &m, int) { return error_of(msync(m.base(), m.bytes(), MS_SYNC)); },
	 {{EINVAL}, {0, EINVAL}, "there is nothing to write to"}},
	{"unmap_twice",
	 [](mapping &m, int) {
		 uint8_t *base = m.base();
		 const size_t bytes = m.bytes();
		 m.unmap();
		 return error_of(munmap(base, bytes));
	 },
	 {{0}}},
};

INSTANTIATE_TEST_SUITE_P(deeds, mapping_table, testing::ValuesIn(deeds),
			 row_name<testing::TestParamInfo<deed_row>>);

class mapping_of : public testing::TestWithParam<side>
{
protected:
	/* The event samples any task, and the spinner always runs. */
	spinner busy{0};
	unique_fd fd = must_open(GetParam(), clock_attr(100'000), target::every_process(0));
};

TEST_P(mapping_of, a_reader_writes_page_0_and_not_the_data)
{
	mapping m(fd.get(), 4);
	EXPECT_EQ(signal_of([&] {
			  mapping own(fd.get(), 4);
			  byte(own, 0) = 1;
			  own.page()->data_tail = 8;
		  }),
		  0);
	for (size_t page = 1; page <= 4; page++) {
		const int signal = signal_of([&] {
			mapping own(fd.get(), 4);
			byte(own, page * page_size()) = 1;
		});
		EXPECT_TRUE(signal == SIGBUS || signal == SIGSEGV)
			<< "page " << page << ": " << signal;
		/* Also one that was read before. */
		const int later = signal_of([&] {
			mapping own(fd.get(), 4);
			uint8_t value = byte(own, page * page_size());
			byte(own, page * page_size()) = value;
		});
		EXPECT_TRUE(later == SIGBUS || later == SIGSEGV)
			<< "page " << page << ": " << later;
	}
	EXPECT_EQ(m.page()->data_tail, 8u) << "another process's mapping is the same ring";
}

TEST_P(mapping_of, a_read_only_mapping_cannot_be_written)
{
	EXPECT_EQ(signal_of([&] {
			  mapping own(fd.get(), 4, PROT_READ);
			  byte(own, 0) = 1;
		  }),
		  SIGSEGV);
}

TEST_P(mapping_of, mprotect_cannot_make_the_data_writable)
{
	const int signal = signal_of([&] {
		mapping own(fd.get(), 4, PROT_READ);
		mprotect(own.base(), own.bytes(), rw);
		byte(own, page_size()) = 1;
	});
	EXPECT_TRUE(signal == SIGBUS || signal == SIGSEGV) << signal;
}

TEST_P(mapping_of, the_data_of_a_new_ring_is_zero)
{
	mapping m(fd.get(), 16);
	for (size_t i = 0; i < m.data_bytes(); i++)
		ASSERT_EQ(m.data()[i], 0) << i;
}

TEST_P(mapping_of, a_child_of_fork_has_no_mapping)
{
	mapping m(fd.get(), 4);
	EXPECT_EQ(signal_of([&] { [[maybe_unused]] const uint8_t value = byte(m, 0); }), SIGSEGV);
	EXPECT_EQ(m.page()->data_size, m.data_bytes());
}

TEST_P(mapping_of, a_mapping_can_be_moved_only_as_a_whole)
{
	mapping m(fd.get(), 4);
	/* Out of the object's hands: it is unmapped at its new place. */
	const size_t bytes = m.bytes();
	void *space = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(space, MAP_FAILED);
	void *moved = mremap(m.base(), bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, space);
	ASSERT_EQ(moved, space);
	auto *page = static_cast<volatile perf_event_mmap_page *>(moved);
	EXPECT_EQ(page->data_size, 4 * page_size());
	enable(fd.get());
	EXPECT_TRUE(eventually([&] { return page->data_head > 0; }));
	disable(fd.get());
	EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1), 0) << "mapped";
	EXPECT_EQ(munmap(moved, bytes), 0);
	EXPECT_EQ(ioctl_error(fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1), EINVAL) << "unmapped";
}

TEST_P(mapping_of, a_second_mapping_outlives_the_first)
{
	auto first = std::make_unique<mapping>(fd.get(), 4);
	ring second(fd.get(), 4);
	first.reset();
	enable(fd.get());
	EXPECT_TRUE(eventually([&] { return second.unread() > 0; }));
	disable(fd.get());
}

TEST_P(mapping_of, a_ring_is_written_on_after_its_file_is_closed)
{
	spinner busy(0);
	recorder r(GetParam(), clock_attr(), target::every_process(0));
	enable(r.fd.get());
	ASSERT_TRUE(eventually([&] { return r.buffer.unread() > 0; }));
	r.fd.reset();
	/* The mapping holds the file. */
	r.buffer.drain(r.records);
	const size_t before = r.records.size();
	EXPECT_TRUE(eventually([&] {
		r.buffer.drain(r.records);
		return r.records.size() > before + 20;
	}));
}

TEST_P(mapping_of, an_unmap_ends_the_ring_and_not_the_event)
{
	ring first(fd.get(), 4);
	enable(fd.get());
	ASSERT_TRUE(eventually([&] { return first.unread() > 0; }));
	first.unmap();
	const uint64_t before = read_value(fd.get());
	EXPECT_TRUE(eventually([&] { return read_value(fd.get()) > before; }));
	ring second(fd.get(), 8);
	EXPECT_TRUE(eventually([&] { return second.unread() > 0; }));
}

INSTANTIATE_TEST_SUITE_P(on, mapping_of, testing::ValuesIn(sides()),
			 side_name<testing::TestParamInfo<side>>);

} /* namespace */
