// SPDX-License-Identifier: GPL-2.0
/* Host tests of cxxrt/alloc.hpp: objects on the kernel's heap, and an allocation that fails. */
#include "platform.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/deferred.hpp>
#include <cxxrt/ref.hpp>

#include <gtest/gtest.h>

/* Called by hand: the compiler sees through a call that would end there. */
extern "C" void __cxa_pure_virtual();

namespace
{

using platform::now;

int constructed, destroyed;

struct counted_object {
	explicit counted_object(int v) : value(v) { constructed++; }
	~counted_object() { destroyed++; }

	int value;
};

/* Counts are relative: GoogleTest's own deletes come through the runtime too. */
class alloc : public testing::Test
{
protected:
	alloc()
	{
		constructed = destroyed = 0;
		now.out_of_memory = false;
	}
	~alloc() override { now.out_of_memory = false; }
};

TEST_F(alloc, make_constructs_and_its_owner_destroys)
{
	{
		auto made = cxxrt::make<counted_object>(cxxrt::gfp::atomic, 7);

		EXPECT_EQ(now.last_gfp, unsigned(PB_GFP_ATOMIC));
		ASSERT_TRUE(made);
		auto owner = made.take();
		EXPECT_EQ(owner->value, 7);
		EXPECT_EQ(destroyed, 0);
	}
	EXPECT_EQ(constructed, 1);
	EXPECT_EQ(destroyed, 1);
}

TEST_F(alloc, no_constructor_runs_when_there_is_no_memory)
{
	now.out_of_memory = true;
	auto made = cxxrt::make<counted_object>(cxxrt::gfp::kernel, 7);
	bool failed = !made;
	int code = failed ? made.error().code() : 0;
	now.out_of_memory = false;

	EXPECT_TRUE(failed);
	EXPECT_EQ(code, ENOMEM);
	EXPECT_EQ(constructed, 0);
}

TEST_F(alloc, moving_a_unique_ptr_moves_its_object)
{
	cxxrt::unique_ptr<counted_object> first(new (cxxrt::gfp::kernel) counted_object(1));
	cxxrt::unique_ptr<counted_object> second = std::move(first);

	EXPECT_FALSE(first);
	EXPECT_EQ(second->value, 1);
	second = cxxrt::unique_ptr<counted_object>(new (cxxrt::gfp::kernel) counted_object(2));
	EXPECT_EQ(destroyed, 1);
	second.reset();
	EXPECT_EQ(destroyed, 2);
}

TEST_F(alloc, a_unique_ptr_releases_its_object_to_the_caller)
{
	cxxrt::unique_ptr<counted_object> owner(new (cxxrt::gfp::kernel) counted_object(1));
	counted_object *raw = owner.release();

	owner.reset();
	EXPECT_EQ(destroyed, 0);
	delete raw;
	EXPECT_EQ(destroyed, 1);
}

struct shared_object {
	int references = 1;

	void get() noexcept { references++; }
	void put() noexcept { references--; }
};

TEST(ref, share_counts_and_adopt_does_not)
{
	shared_object object;
	{
		auto adopted = cxxrt::ref<shared_object>::adopt(&object);
		EXPECT_EQ(object.references, 1);
		auto shared = cxxrt::ref<shared_object>::share(&object);
		EXPECT_EQ(object.references, 2);
		auto moved = std::move(shared);
		EXPECT_EQ(object.references, 2);
		EXPECT_FALSE(shared);
	}
	EXPECT_EQ(object.references, 0);
}

TEST(ref, releasing_a_reference_leaves_the_count_as_it_is)
{
	shared_object object;
	{
		auto adopted = cxxrt::ref<shared_object>::adopt(&object);

		EXPECT_EQ(adopted.release(), &object);
	}
	EXPECT_EQ(object.references, 1);
	EXPECT_FALSE(cxxrt::ref<shared_object>::share(nullptr));
}

struct deferring {
	int runs = 0;
	cxxrt::deferred<deferring> later{*this, [](deferring &self) { self.runs++; }};
};

TEST(deferred, a_deferred_function_runs_after_the_grace_period_and_not_before)
{
	deferring owner;

	owner.later.start();
	EXPECT_EQ(owner.runs, 0);
	platform::run_deferred();
	EXPECT_EQ(owner.runs, 1);
	platform::run_deferred();
	EXPECT_EQ(owner.runs, 1);
}

TEST(pure_virtual_DeathTest, a_call_of_a_pure_virtual_function_stops_the_program)
{
	EXPECT_DEATH(__cxa_pure_virtual(), "pure virtual function called");
}

} // namespace
