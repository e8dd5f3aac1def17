// SPDX-License-Identifier: GPL-2.0
/* The parameter persist, and the pages of the memory that it names. */
#include "recorder/persist_wish.hpp"
#include "recorder/region.hpp"
#include "ring/storage.hpp"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace perfbuf;

namespace
{

/* 0, or the errno of what parses and checks it. */
int parse(const char *text, persist_wish &out)
{
	const char *why = nullptr;
	const auto parsed = parse_persist(text, out, &why);
	const auto good = parsed && !out.name ? check_persist(out, &why) : parsed;

	EXPECT_TRUE(why && *why);
	return good ? 0 : good.error().code();
}

int parse(const char *text)
{
	persist_wish ignored;

	return parse(text, ignored);
}

class memory
{
public:
	explicit memory(u64 pages)
		: at_(static_cast<char *>(std::aligned_alloc(page_size, pages * page_size)))
	{
		std::memset(at_, 0x5a, pages * page_size);
	}
	~memory() { std::free(at_); }
	memory(const memory &) = delete;
	char *at() const { return at_; }

private:
	char *at_;
};

} // namespace

TEST(persist_parameter, a_size_and_an_address_are_parsed_as_those_of_memmap)
{
	persist_wish found;

	ASSERT_EQ(parse("1M@0x8000000", found), 0);
	EXPECT_EQ(found.bytes, 1u << 20);
	EXPECT_EQ(found.physical, 0x8000000u);
	EXPECT_EQ(found.name, nullptr);
	ASSERT_EQ(parse("8K@128M", found), 0);
	EXPECT_EQ(found.bytes, 8192u);
	EXPECT_EQ(found.physical, 128u << 20);
	ASSERT_EQ(parse("0x4000@0XaB000", found), 0);
	EXPECT_EQ(found.bytes, 0x4000u);
	EXPECT_EQ(found.physical, 0xab000u);
	ASSERT_EQ(parse("1G@4g", found), 0);
	EXPECT_EQ(found.bytes, u64{1} << 30);
	EXPECT_EQ(found.physical, u64{4} << 30);
}

TEST(persist_parameter, a_text_that_does_not_begin_with_a_digit_is_a_name)
{
	persist_wish found;

	ASSERT_EQ(parse("trace", found), 0);
	EXPECT_STREQ(found.name, "trace");
}

TEST(persist_parameter, a_text_that_makes_no_sense_is_refused)
{
	for (const char *bad : {"",
				"1M",
				"1M@",
				"1M@x",
				"@0x1000",
				"1M@0x",
				"0x@1M",
				"1M@1M,",
				"1MM@1M",
				"1M @1M",
				"1M@-1",
				"99999999999999999999@1M",
				"1M@0x10000000000000000",
				"17179869184G@1M",
				"1M@0x8000001",
				"8193@1M",
				"0@1M",
				"4096@1M",
				"8192@0xfffffffffffff000",
				"0x1.0@4096",
				"1T@1M",
				"trace@1M"})
		EXPECT_EQ(parse(bad), EINVAL) << bad;
	EXPECT_EQ(parse("1073745920@1M"), E2BIG);
}

TEST(persisted_region, pages_are_zero_and_do_not_overlap_and_are_given_again_once_they_are_free)
{
	constexpr u64 pages = 64;
	const memory behind(pages);
	region all(behind.at(), 0x8000000, pages * page_size);

	ASSERT_TRUE(all.set_up());
	std::mt19937 random(1);
	struct taken {
		char *at;
		u64 pages;
	};
	std::vector<taken> held;
	u64 used = 0;

	for (int turn = 0; turn < 2000; turn++) {
		if (random() % 2 && !held.empty()) {
			const size_t which = random() % held.size();

			used -= held[which].pages;
			all.give_back(held[which].at, held[which].pages);
			held.erase(held.begin() + static_cast<ptrdiff_t>(which));
		} else {
			const u64 wanted = 1 + random() % 16;
			auto *at = static_cast<char *>(all.take(wanted));

			if (!at)
				continue;
			for (u64 i = 0; i < wanted * page_size; i++)
				ASSERT_EQ(at[i], 0);
			std::memset(at, 0x77, wanted * page_size);
			for (const auto &other : held)
				ASSERT_TRUE(at + wanted * page_size <= other.at ||
					    other.at + other.pages * page_size <= at);
			ASSERT_GE(at, behind.at());
			ASSERT_LE(at + wanted * page_size, behind.at() + pages * page_size);
			ASSERT_EQ(all.physical(at), 0x8000000 + static_cast<u64>(at - behind.at()));
			held.push_back({at, wanted});
			used += wanted;
		}
		ASSERT_EQ(all.free_pages(), pages - used);
	}
	for (const auto &each : held)
		all.give_back(each.at, each.pages);
	EXPECT_EQ(all.take(pages + 1), nullptr);
	EXPECT_EQ(all.take(pages), behind.at()) << "all of it is free again";
	EXPECT_EQ(all.take(1), nullptr);
}
