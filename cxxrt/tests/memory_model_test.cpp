// SPDX-License-Identifier: GPL-2.0
/* Host tests of cxxrt/memory_model.hpp: loads, stores and read-modify-write operations by their
 * order. */
#include <cxxrt/memory_model.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace
{

using cxxrt::u32;
using cxxrt::u64;

template <typename T>
class words : public testing::Test
{
};
using widths = testing::Types<u32, u64>;
TYPED_TEST_SUITE(words, widths);

TYPED_TEST(words, a_local_word_adds_and_exchanges)
{
	cxxrt::local<TypeParam> word(5);

	word.add(3);
	EXPECT_EQ(word.read(), TypeParam(8));
	word.add(TypeParam(-1));
	EXPECT_EQ(word.exchange(20), TypeParam(7));
	EXPECT_EQ(word.read(), TypeParam(20));
}

TYPED_TEST(words, local_compare_and_exchange_says_what_it_saw)
{
	cxxrt::local<TypeParam> word(5);
	TypeParam expected = 4;

	EXPECT_FALSE(word.try_cmpxchg(expected, 9));
	EXPECT_EQ(expected, TypeParam(5));
	EXPECT_TRUE(word.try_cmpxchg(expected, 9));
	EXPECT_EQ(word.read(), TypeParam(9));
}

TYPED_TEST(words, a_shared_word_adds_exchanges_and_compares)
{
	cxxrt::shared<TypeParam> word(1);

	EXPECT_EQ(word.fetch_add(2), TypeParam(1));
	EXPECT_EQ(word.exchange(10), TypeParam(3));
	EXPECT_FALSE(word.try_cmpxchg(3, 4));
	EXPECT_TRUE(word.try_cmpxchg(10, 4));
	EXPECT_EQ(word.read_once(), TypeParam(4));
}

constexpr u64 messages = 200000;

TEST(memory_model, release_publishes_what_was_written_before)
{
	u64 payload[64] = {};
	cxxrt::shared<u64> head(0), tail(0);
	std::thread writer([&] {
		for (u64 n = 1; n <= messages; n++) {
			while (n - tail.load_acquire() > 64)
				std::this_thread::yield();
			cxxrt::write_once(payload[n % 64], n);
			head.store_release(n);
		}
	});

	u64 wrong = 0;
	for (u64 n = 1; n <= messages; n++) {
		while (head.load_acquire() < n)
			std::this_thread::yield();
		wrong += cxxrt::read_once(payload[n % 64]) != n;
		tail.store_release(n);
	}
	writer.join();
	EXPECT_EQ(wrong, 0u);
}

TEST(memory_model, write_barrier_orders_two_words)
{
	cxxrt::shared<u64> first(0), second(0);
	std::thread writer([&] {
		for (u64 n = 1; n <= messages; n++) {
			first.write_once(n);
			cxxrt::smp_wmb();
			second.write_once(n);
		}
	});

	u64 wrong = 0, seen = 0;
	while (seen < messages) {
		seen = second.read_once();
		cxxrt::smp_rmb();
		wrong += first.read_once() < seen;
	}
	writer.join();
	EXPECT_EQ(wrong, 0u);
}

} // namespace
