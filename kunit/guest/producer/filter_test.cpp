// SPDX-License-Identifier: GPL-2.0
/* PERF_EVENT_IOC_SET_FILTER on typed events. */
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/perfbuf.h>

#include "producer/source.hpp"

using namespace device_test;

namespace
{

class producer_filter : public source_test
{
protected:
	static int set(int fd, const std::string &text)
	{
		return ioctl_error(fd, PERF_EVENT_IOC_SET_FILTER, text.c_str());
	}
};

TEST_F(producer_filter, a_filter_passes_the_occurrences_that_match)
{
	struct {
		const char *text;
		const char *edges; /* of the events 0, 1 and 2: those that pass */
	} const rows[] = {
		{"a_u8 == 255", "1"},
		{"a_u8 == 0", "02"},
		{"a_u8 != 255", "02"},
		{"a_u64 > 0x7fffffffffffffff", "1"},
		{"a_u64 >= 18446744073709551615", "1"},
		{"a_s64 < 0", "2"},
		{"a_s64 <= -9223372036854775808", "2"},
		{"a_s64 > -1", "01"},
		{"a_s8 == -128", "2"},
		{"flags & 2", "1"},
		{"flags & last", "1"},
		{"flags == 0x80000003", "1"},
		{"state == none", "2"},
		{"state == \"running\"", "1"},
		{"state < 0 || state > 0", "12"},
		{"!(state < 0 || state > 0)", "0"},
		{"!state == 0", "12"},
		{"a_u8 == 255 && a_s8 == 127", "1"},
		{"a_u8 == 255 && a_s8 == 126", ""},
		{"a_u8 == 0 && (state == -1 || state == idle)", "02"},
		{"a_u8 == 255 || a_s8 == -128 && state == 5", "1"},
		{"name == \"exactly fifteen\"", "1"},
		{"name ~ \"exactly*\"", "1"},
		{"name ~ \"*fifteen\"", "1"},
		{"name ~ \"*fif*\"", "1"},
		{"name ~ \"*\"", "012"},
		{"name != \"\"", "1"},
		{"name == ''", "02"},
		{"message == message", "1"},
		{"message != message", "02"},
		{"message ~ \"(*\"", "0"},
		{"tail == tail", "1"},
		{"tail == tai", ""},
		{"tail == tails", ""},
		{"common_pid > 0", "012"},
		{"common_pid == 0", ""},
		{"  ( ( a_u8==255 ) )\t", "1"},
		{"a_u8 in (1, 255)", "1"},
		{"!(a_u8 in (1, 200..255))", "02"},
		{"state in (none, running)", "12"},
		{"message in (message, other)", "1"},
		{"a_u64 >= 4KiB", "1"},
	};
	for (const auto &row : rows) {
		event_reader reader(typed_attr("all"));
		ASSERT_EQ(set(reader.fd.get(), row.text), 0) << row.text;
		for (int edge : {0, 1, 2})
			ASSERT_EQ(command("all " + std::to_string(edge)), 0);
		std::string passed;
		for (const sample &s : reader.samples()) {
			const payload p(s);
			passed += p.at<uint8_t>(8) ? '1' : p.at<int8_t>(23) ? '2' : '0';
		}
		EXPECT_EQ(passed, row.edges) << row.text;
		EXPECT_EQ(read_value(reader.fd.get()), passed.size())
			<< "what it drops did not happen";
		EXPECT_EQ(attribute("lost"), "0");
	}
}

TEST_F(producer_filter, a_filter_that_is_no_expression_is_refused_with_its_errno)
{
	std::string deep, many = "a_u8 == 1";
	for (int i = 0; i < 40; i++) {
		deep += "(";
		many += " || a_u8 == 1";
	}
	struct {
		std::string text;
		int error;
	} const rows[] = {
		{"", EINVAL},
		{"a_u8", EINVAL},
		{"a_u8 ==", EINVAL},
		{"a_u8 = 1", EINVAL},
		{"== 1", EINVAL},
		{"a_u8 == 1 &&", EINVAL},
		{"a_u8 == 1 && &&", EINVAL},
		{"a_u8 && 1", EINVAL},
		{"(a_u8 == 1", EINVAL},
		{"a_u8 == 1)", EINVAL},
		{"a_u8 == 1 a_u8 == 2", EINVAL},
		{"a_u8 == 1x", EINVAL},
		{"a_u8 == word", EINVAL},
		{"a_u8 ~ 1", EINVAL},
		{"name > \"a\"", EINVAL},
		{"name & \"a\"", EINVAL},
		{"name ~ \"a*b\"", EINVAL},
		{"name == \"open", EINVAL},
		{"lanes == 1", EINVAL},
		{"blob == 1", EINVAL},
		{"nothing == 1", ENOENT},
		{"state == walking", ENOENT},
		{"a_u8 == 256", ERANGE},
		{"a_u8 == -1", ERANGE},
		{"a_s8 == 128", ERANGE},
		{"a_s8 == -129", ERANGE},
		{"a_u64 == 18446744073709551616", ERANGE},
		{"a_u64 == 0x10000000000000000", ERANGE},
		{"a_s64 == -9223372036854775809", ERANGE},
		{deep, E2BIG},
		{many, E2BIG},
		{"name == \"" + std::string(65, 'x') + "\"", E2BIG},
		{std::string(2000, ' '), EINVAL},
	};
	event_reader reader(typed_attr("all"));
	ASSERT_EQ(set(reader.fd.get(), "a_u8 == 255"), 0);
	for (const auto &row : rows)
		EXPECT_EQ(set(reader.fd.get(), row.text), row.error) << row.text;
	EXPECT_EQ(ioctl_error(reader.fd.get(), PERF_EVENT_IOC_SET_FILTER, 8UL), EFAULT);

	/* The one before is still there. */
	for (int edge : {0, 1, 2})
		ASSERT_EQ(command("all " + std::to_string(edge)), 0);
	EXPECT_EQ(reader.samples().size(), 1u);
}

TEST_F(producer_filter, check_reports_the_reason_and_the_token_and_changes_nothing)
{
	const struct {
		const char *text;
		uint32_t error, reason, at, bytes;
	} rows[] = {
		{"a_u8 in (1, 2)", 0, PERFBUF_FILTER_GOOD, 0, 0},
		{"nothing == 1", ENOENT, PERFBUF_FILTER_NO_FIELD, 0, 7},
		{"a_u8 == 1 && a_u64 > 5us", EINVAL, PERFBUF_FILTER_UNIT, 22, 2},
		{"a_u8 == 256", ERANGE, PERFBUF_FILTER_RANGE, 8, 3},
		{"a_u8 ==", EINVAL, PERFBUF_FILTER_WANTS_VALUE, 7, 0},
	};
	event_reader reader(typed_attr("all"));
	ASSERT_EQ(set(reader.fd.get(), "a_u8 == 255"), 0);
	for (const auto &row : rows) {
		perfbuf_filter_check check = {.text = reinterpret_cast<uintptr_t>(row.text),
					      .error = 99,
					      .reason = 99,
					      .at = 99,
					      .bytes = 99};
		ASSERT_EQ(ioctl_error(reader.fd.get(), PERFBUF_IOC_CHECK_FILTER, &check), 0);
		EXPECT_EQ(check.error, row.error) << row.text;
		EXPECT_EQ(check.reason, row.reason) << row.text;
		EXPECT_EQ(check.at, row.at) << row.text;
		EXPECT_EQ(check.bytes, row.bytes) << row.text;
	}
	for (int edge : {0, 1, 2})
		ASSERT_EQ(command("all " + std::to_string(edge)), 0);
	EXPECT_EQ(reader.samples().size(), 1u) << "the filter is still the first";

	const unique_fd fresh = open_source();
	perfbuf_filter_check good = {.text = reinterpret_cast<uintptr_t>(rows[0].text)};
	EXPECT_EQ(ioctl_error(fresh.get(), PERFBUF_IOC_CHECK_FILTER, &good), EBADFD);
	const unique_fd untyped = must_open(side::clock, clock_attr());
	EXPECT_EQ(ioctl_error(untyped.get(), PERFBUF_IOC_CHECK_FILTER, &good), EOPNOTSUPP);
}

/* Three pages: of the second only reading is allowed, of the third nothing. */
TEST_F(producer_filter, check_reads_and_writes_only_the_memory_that_the_process_may_access)
{
	event_reader reader(typed_attr("all"));
	char *pages = static_cast<char *>(mmap(nullptr, 3 * page_size(), PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ASSERT_NE(pages, MAP_FAILED);
	const auto check_at = [&](const void *text) {
		perfbuf_filter_check check = {.text = reinterpret_cast<uintptr_t>(text)};
		const int refused = ioctl_error(reader.fd.get(), PERFBUF_IOC_CHECK_FILTER, &check);
		return refused ? refused : check.error ? -static_cast<int>(check.reason) : 0;
	};
	const char text[] = "a_u8 == 1";
	char *last = pages + 2 * page_size();
	memcpy(last - sizeof(text), text, sizeof(text));
	const perfbuf_filter_check read_only = {.text = reinterpret_cast<uintptr_t>(text)};
	memcpy(pages + page_size(), &read_only, sizeof(read_only));
	ASSERT_EQ(mprotect(pages + page_size(), page_size(), PROT_READ), 0);
	ASSERT_EQ(mprotect(last, page_size(), PROT_NONE), 0);

	EXPECT_EQ(check_at(last - sizeof(text)), 0) << "ends with the page";
	EXPECT_EQ(check_at(last - 1), -PERFBUF_FILTER_WANTS_FIELD) << "an empty text";
	EXPECT_EQ(check_at(last), EFAULT);
	EXPECT_EQ(check_at(nullptr), EFAULT);
	EXPECT_EQ(check_at(reinterpret_cast<void *>(8)), EFAULT);
	EXPECT_EQ(check_at(reinterpret_cast<void *>(-1L << 47)), EFAULT) << "of the kernel";
	EXPECT_EQ(ioctl_error(reader.fd.get(), PERFBUF_IOC_CHECK_FILTER, pages + page_size()),
		  EFAULT);
	EXPECT_EQ(ioctl_error(reader.fd.get(), PERFBUF_IOC_CHECK_FILTER, last - 8), EFAULT);
	EXPECT_EQ(ioctl_error(reader.fd.get(), PERFBUF_IOC_CHECK_FILTER, 8UL), EFAULT);

	const std::string longest = std::string(1014, ' ') + text, endless(1 << 20, '(');
	EXPECT_EQ(check_at(longest.c_str()), 0);
	EXPECT_EQ(check_at((' ' + longest).c_str()), EINVAL);
	EXPECT_EQ(check_at(endless.c_str()), EINVAL);
	munmap(pages, 3 * page_size());
}

TEST_F(producer_filter, a_filter_holds_for_one_file_and_may_be_replaced)
{
	const perf_event_attr attr = typed_attr("all");
	event_reader first(attr), other(attr);
	ASSERT_EQ(set(first.fd.get(), "a_u8 == 255"), 0);
	for (int edge : {0, 1, 2})
		ASSERT_EQ(command("all " + std::to_string(edge)), 0);
	EXPECT_EQ(first.samples().size(), 1u);
	EXPECT_EQ(other.samples().size(), 3u);
	ASSERT_EQ(command("stream 1"), 0);
	for (int i = 0; i < 20; i++)
		ASSERT_EQ(set(first.fd.get(), i % 2 ? "a_u8 == 255" : "a_s8 == -128"), 0);
	ASSERT_EQ(command("stream 0"), 0);
	ASSERT_EQ(command("all 2"), 0);
	EXPECT_EQ(first.samples().size(), 1u);
}

/* Filtered records are copied from the side: they are the same. */
TEST_F(producer_filter, a_filter_does_not_change_the_bytes_of_a_record)
{
	const perf_event_attr attr = typed_attr("all", PERF_SAMPLE_RAW | PERF_SAMPLE_CALLCHAIN);
	event_reader first(attr), other(attr);
	ASSERT_EQ(set(first.fd.get(), "message == message"), 0);
	ASSERT_EQ(command("all 1"), 0);
	const auto a = first.samples(), b = other.samples();
	ASSERT_EQ(a.size(), 1u);
	ASSERT_EQ(b.size(), 1u);
	EXPECT_EQ(*a[0].raw, *b[0].raw);
}

TEST_F(producer_filter, a_filter_of_a_raw_event_sees_the_common_fields)
{
	event_reader reader(typed_attr("dump"));
	EXPECT_EQ(set(reader.fd.get(), "data == 1"), EINVAL);
	ASSERT_EQ(set(reader.fd.get(), "common_pid == 1"), 0);
	ASSERT_EQ(command("dump 10"), 0);
	EXPECT_EQ(reader.samples().size(), 0u);
	ASSERT_EQ(set(reader.fd.get(), "common_pid != 1"), 0);
	ASSERT_EQ(command("dump 10"), 0);
	EXPECT_EQ(reader.samples().size(), 3u);
}

} /* namespace */
