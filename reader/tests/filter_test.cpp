// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What is said of a text that is no filter. */
#include <gtest/gtest.h>
#include <linux/perfbuf.h>
#include <perfbuf/filter.hpp>

using namespace perfbuf::reader;

namespace
{

TEST(Filter, ASentenceNamesTheTokenAndSaysWhatToGive)
{
	const std::string text = "queue == 1 && latency > 5KB";
	const filter_check unit{EINVAL, PERFBUF_FILTER_UNIT, 25, 2};
	EXPECT_EQ(explain_filter(text, unit),
		  "\"KB\" is no unit of this field: a time takes ns, us, ms or s, an integer KiB, "
		  "MiB, GiB or TiB");
	EXPECT_EQ(point_at_filter(text, unit), text + "\n" + std::string(25, ' ') + "^~");
	const filter_check end{EINVAL, PERFBUF_FILTER_WANTS_VALUE, 8, 0};
	EXPECT_EQ(explain_filter("queue ==", end), "its end stands where a value should");
	EXPECT_EQ(point_at_filter("queue ==", end), "queue ==\n        ^");
	EXPECT_EQ(explain_filter("name == \"x", {EINVAL, PERFBUF_FILTER_QUOTE, 8, 2}),
		  "\"x has no quote at its end: close it");
	EXPECT_EQ(explain_filter("a == \xc3\xa4z", {EINVAL, PERFBUF_FILTER_WANTS_VALUE, 5, 1}),
		  "\"\xc3\xa4\" stands where a value should");
}

TEST(Filter, EachReasonHasASentenceOfItsOwn)
{
	std::vector<std::string> all;
	for (uint32_t reason = PERFBUF_FILTER_NO_FIELD; reason <= PERFBUF_FILTER_DEEP; reason++)
		all.push_back(explain_filter("a == 1", {EINVAL, reason, 0, 1}));
	for (size_t i = 0; i < all.size(); i++) {
		EXPECT_EQ(all[i].find("is not understood"), std::string::npos) << i + 1;
		for (size_t j = 0; j < i; j++)
			EXPECT_NE(all[i], all[j]) << i + 1;
	}
	EXPECT_NE(explain_filter("a == 1", {EINVAL, PERFBUF_FILTER_DEEP + 1, 0, 1})
			  .find("is not understood"),
		  std::string::npos);
}

TEST(Filter, TheCaretStandsUnderItsTokenBehindTabsLinesAndLongCharacters)
{
	EXPECT_EQ(point_at_filter("a\t==\n1 b", {EINVAL, 0, 7, 1}), "a\t== 1 b\n \t     ^");
	EXPECT_EQ(point_at_filter("n == \"\xc3\xa4\" b", {EINVAL, 0, 10, 1}),
		  "n == \"\xc3\xa4\" b\n         ^");
	EXPECT_EQ(point_at_filter("a", {EINVAL, 0, 99, 99}), "a\n ^") << "outside of the text";
}

} // namespace
