// SPDX-License-Identifier: GPL-2.0
/* Kinds of fields that stand for more than their bytes, as C macros store them; and pointers, which
 * not all readers see. */
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "producer/source.hpp"

using namespace device_test;

namespace
{

/* Where the fields of TEST_KINDS lie. */
enum at {
	on = 8,
	where = 9,
	src = 17,
	dst = 21,
	station = 37,
	volume = 43,
	shorts = 59,
	label = 63,
	wides = 67,
	last = 71,
};

class producer_kinds : public source_test
{
protected:
	static std::string bytes(const payload &of, size_t offset, size_t count)
	{
		std::string all;

		for (size_t i = 0; i < count; i++)
			all += of.at<char>(offset + i);
		return all;
	}

	static uint64_t hashed()
	{
		std::string text;

		std::getline(
			std::ifstream("/sys/module/perfbuf_test_source/parameters/where_hashed"),
			text);
		return std::stoull(text, nullptr, 16);
	}
};

TEST_F(producer_kinds, c_macros_store_each_kind_as_its_format_says)
{
	event_reader reader(typed_attr("kinds"));
	ASSERT_EQ(command("kinds 1"), 0);
	ASSERT_EQ(command("kinds 0"), 0);
	const auto all = reader.samples();
	ASSERT_EQ(all.size(), 2u);
	const payload p(all[0]);
	EXPECT_EQ(p.at<uint8_t>(on), 1);
	EXPECT_EQ(p.at<uint64_t>(where), source_parameter("where_is"));
	EXPECT_EQ(bytes(p, src, 4), std::string("\x0a\0\0\x01", 4));
	EXPECT_EQ(bytes(p, dst, 16), std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16));
	EXPECT_EQ(bytes(p, station, 6), std::string("\x02\0\x5e\x10\0\xff", 6));
	EXPECT_EQ(bytes(p, volume, 4), "\x12\x34\x56\x78");
	EXPECT_EQ(p.dynamic(shorts), std::string("\x01\0\xff\xff\x03\0", 6));
	EXPECT_EQ(p.dynamic(label), std::string("kinds", 6));
	EXPECT_EQ(p.dynamic(wides), std::string("\0\0\0\0\0\0\0\x80\x05\0\0\0\0\0\0\0", 16));
	EXPECT_EQ(p.at<uint32_t>(last), 7u);

	const payload nothing(all[1]);
	for (size_t i = on; i < shorts; i++)
		EXPECT_EQ(nothing.at<uint8_t>(i), 0) << i;
	EXPECT_EQ(nothing.dynamic(shorts), "");
	EXPECT_EQ(nothing.dynamic(wides), "");
}

TEST_F(producer_kinds, a_reader_without_cap_perfmon_gets_what_the_kernel_prints_for_a_pointer)
{
	ASSERT_EQ(chmod(testdev_path, 0666), 0);
	event_reader root(typed_attr("kinds"));
	/* Rights are those with which a file was opened. */
	ASSERT_EQ(seteuid(65534), 0);
	event_reader nobody(typed_attr("kinds", PERF_SAMPLE_RAW | PERF_SAMPLE_TIME));
	ASSERT_EQ(seteuid(0), 0);
	ASSERT_EQ(ioctl_error(nobody.fd.get(), PERF_EVENT_IOC_SET_FILTER,
			      "where <= 0xffffffff && where > 0 && on == true"),
		  0);
	ASSERT_EQ(command("kinds 1"), 0);
	const auto hidden = nobody.samples(), seen = root.samples();
	ASSERT_EQ(hidden.size(), 1u);
	ASSERT_EQ(seen.size(), 1u);
	EXPECT_EQ(payload(hidden[0]).at<uint64_t>(where), hashed());
	EXPECT_EQ(payload(seen[0]).at<uint64_t>(where), source_parameter("where_is"));
	EXPECT_EQ(payload(hidden[0]).at<uint32_t>(last), 7u);
}

} /* namespace */
