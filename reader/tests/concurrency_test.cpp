// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// A real writer and a real reader on two threads. Built once more with ThreadSanitizer, which sees
// a missing barrier even where the machine forgives it.
#include <gtest/gtest.h>
#include <perfbuf/ring.hpp>
#include <thread>

#include "simulated_kernel.hpp"

using namespace perfbuf::reader;
using namespace perfbuf::tests;

TEST(Concurrency, EveryRecordArrivesOnceAndWhole)
{
	constexpr uint64_t count = 100'000;
	simulated_kernel kernel(4096, UINT64_MAX - 100'007);
	ring ring(kernel.page(), kernel.data());
	// Made beforehand: the threads must share nothing but the ring. ThreadSanitizer (of GCC 12)
	// drops its reports about a thread that allocates.
	std::vector<std::vector<std::byte>> records;
	for (uint64_t kind = 0; kind < 600; kind++)
		records.push_back(numbered_record(kind, 8 + kind * 7 % 60 * 8));

	std::thread writer([&] {
		for (uint64_t number = 0; number < count;)
			if (kernel.write(records[number % records.size()]))
				number++;
			else
				std::this_thread::yield();
	});
	uint64_t number = 0;
	bool sound = true;
	while (number < count && sound) {
		if (ring.refresh() == 0)
			std::this_thread::yield();
		record found;
		step outcome;
		while ((outcome = ring.next(found)) == step::record) {
			const auto &expected = records[number % records.size()];
			sound &= found.size() == expected.size() &&
				 !std::memcmp(found.bytes().data(), expected.data(),
					      expected.size());
			number++;
		}
		sound &= outcome == step::empty;
		ring.release();
	}
	EXPECT_TRUE(sound) << "at record " << number;
	if (!sound)
		std::_Exit(1); // the writer would wait for us for ever
	writer.join();
	EXPECT_EQ(number, count);
}
