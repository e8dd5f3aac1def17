// SPDX-License-Identifier: GPL-2.0
/* The cases under GoogleTest; kunit/kernel/suites.c is the same for KUnit. */
#include "../cases/list.h"
#include "../support.h"

#include "host.hpp"

#include <gtest/gtest.h>

extern "C" {

void pb_test_fail(void *, const char *file, int line, const char *expression,
		  unsigned long long got, unsigned long long wanted) noexcept
{
	ADD_FAILURE_AT(file, line)
		<< expression << ": got " << got << " (0x" << std::hex << got << "), wanted "
		<< std::dec << wanted << " (0x" << std::hex << wanted << ")";
}

void pb_test_preempt_off(void) noexcept
{
}

void pb_test_preempt_on(void) noexcept
{
}

} // extern "C"

#define DECLARE(suite, name) extern "C" void perfbuf_case_##suite##_##name(void *test) noexcept;
#define ENTRY(suite, name)   {#suite, #name, perfbuf_case_##suite##_##name},

PERFBUF_CASES(DECLARE)

namespace
{

struct entry {
	const char *suite;
	const char *name;
	void (*run)(void *test) noexcept;
};

/* Registered one by one: TEST() for each would take most of the time that the program compiles. */
constexpr entry entries[] = {PERFBUF_CASES(ENTRY)};

class listed_case : public testing::Test
{
public:
	explicit listed_case(const entry &of) : of_(of) {}

	void TestBody() override
	{
		of_.run(nullptr);
		perfbuf::host::settle();
	}

private:
	const entry &of_;
};

[[maybe_unused]] const bool registered = [] {
	for (const entry &each : entries) {
		testing::RegisterTest(
			each.suite, each.name, nullptr, nullptr, __FILE__, __LINE__,
			[&each]() -> testing::Test * { return new listed_case(each); });
	}
	return true;
}();

} // namespace
