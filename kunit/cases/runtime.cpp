// SPDX-License-Identifier: GPL-2.0
/* The C++ runtime in the kernel: what cxxrt/tests shows on the host in more detail. */
#include "../case.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/deferred.hpp>
#include <cxxrt/guard.hpp>
#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>
#include <cxxrt/ref.hpp>
#include <cxxrt/result.hpp>

using cxxrt::error;
using cxxrt::result;
using cxxrt::u32;
using cxxrt::u64;

namespace
{

/* Counts itself. */
struct counted {
	explicit counted(int &alive, int value = 0) noexcept : alive(&alive), value(value)
	{
		++*this->alive;
	}
	counted(counted &&other) noexcept : alive(other.alive), value(other.value) { ++*alive; }
	~counted() { --*alive; }
	int *alive;
	int value;
};

result<counted> make_counted(int &alive, bool fails) noexcept
{
	if (fails)
		return error(ENOMEM);
	return counted(alive, 5);
}

result<int> value_plus_one(int &alive, bool fails) noexcept
{
	counted made = TRY(make_counted(alive, fails));

	return made.value + 1;
}

constinit cxxrt::lock_class a_mutex_class{"perfbuf test mutex", {}};
constinit cxxrt::lock_class a_spinlock_class{"perfbuf test spinlock", {}};

} // namespace

CASE(result, a_value_is_taken_and_an_error_returned)
{
	int alive = 0;

	{
		result<int> good = value_plus_one(alive, false);
		result<int> bad = value_plus_one(alive, true);

		EXPECT(good);
		EXPECT_EQ(good.take(), 6);
		EXPECT(!bad);
		EXPECT_EQ(bad.error().code(), ENOMEM);
		EXPECT_EQ(bad.error().as_return(), -ENOMEM);
	}
	EXPECT_EQ(alive, 0);
}

CASE(result, a_return_value_of_the_glue_becomes_a_result)
{
	EXPECT(cxxrt::from_return(0));
	EXPECT(cxxrt::from_return(3));
	EXPECT_EQ(cxxrt::from_return(-EINVAL).error().code(), EINVAL);
}

CASE(guard, a_guard_undoes_its_work_unless_it_is_dismissed)
{
	int undone = 0;

	{
		cxxrt::scope_guard undo([&] { undone++; });
	}
	EXPECT_EQ(undone, 1);
	{
		cxxrt::scope_guard undo([&] { undone++; });

		undo.dismiss();
	}
	EXPECT_EQ(undone, 1);
}

CASE(alloc, an_allocation_that_fails_runs_no_constructor)
{
	int alive = 0;

	pb_test_fail_allocation(1);
	result<cxxrt::unique_ptr<counted>> made =
		cxxrt::make<counted>(cxxrt::gfp::kernel, alive, 3);
	pb_test_fail_allocation(0);
	EXPECT(!made);
	EXPECT_EQ(alive, 0);
}

CASE(alloc, an_owner_frees_its_object_exactly_once)
{
	const long before = pb_test_live_allocations();
	int alive = 0;

	{
		result<cxxrt::unique_ptr<counted>> made =
			cxxrt::make<counted>(cxxrt::gfp::kernel, alive, 3);

		REQUIRE(made);

		cxxrt::unique_ptr<counted> first = made.take();
		cxxrt::unique_ptr<counted> second = std::move(first);

		EXPECT(!first);
		EXPECT_EQ(second->value, 3);
		EXPECT_EQ(alive, 1);
	}
	EXPECT_EQ(alive, 0);
	EXPECT_EQ(pb_test_live_allocations(), before);
}

CASE(locks, a_guard_holds_the_lock_that_owns_the_data)
{
	cxxrt::guarded<u64, cxxrt::mutex> under_mutex(a_mutex_class, 1u);
	cxxrt::guarded<u64, cxxrt::spinlock> under_spinlock(a_spinlock_class, 2u);

	for (u32 i = 0; i < 10; i++) {
		auto outer = under_mutex.lock();
		auto inner = under_spinlock.lock();

		*outer += 1;
		*inner += *outer;
	}
	EXPECT_EQ(under_mutex.unshared(), 11);
	EXPECT_EQ(under_spinlock.unshared(), 2 + 65);
}

CASE(memory_model, a_local_word_is_read_and_changed)
{
	cxxrt::local<u32> narrow(5);
	cxxrt::local<u64> wide(u64{1} << 40);
	u32 seen = 7;

	narrow.add(3);
	EXPECT_EQ(narrow.read(), 8);
	narrow.add(0u - 8u);
	EXPECT_EQ(narrow.read(), 0);
	EXPECT(!narrow.try_cmpxchg(seen, 9));
	EXPECT_EQ(seen, 0);
	EXPECT(narrow.try_cmpxchg(seen, 9));
	EXPECT_EQ(narrow.read(), 9);
	wide.add(u64{1} << 33);
	EXPECT_EQ(wide.read(), (u64{1} << 40) + (u64{1} << 33));
	wide.add(-(u64{1} << 40));
	EXPECT_EQ(wide.exchange(77), u64{1} << 33);
	EXPECT_EQ(wide.read(), 77);
}

CASE(memory_model, a_shared_word_is_read_and_changed)
{
	cxxrt::shared<u64> word(3);
	cxxrt::shared<cxxrt::u8> narrow(1);

	EXPECT_EQ(word.fetch_add(4), 3);
	EXPECT_EQ(word.read_once(), 7);
	EXPECT(!word.try_cmpxchg(3, 9));
	EXPECT(word.try_cmpxchg(7, 9));
	EXPECT_EQ(word.exchange(10), 9);
	word.store_release(11);
	EXPECT_EQ(word.load_acquire(), 11);
	narrow.write_once(200);
	EXPECT_EQ(narrow.read_once(), 200);
}

CASE(deferred, a_deferred_function_runs_once_after_a_grace_period)
{
	struct owner {
		explicit owner() noexcept : work(*this, run) {}
		static void run(owner &self) noexcept { self.ran.fetch_add(1); }
		cxxrt::shared<u32> ran;
		cxxrt::deferred<owner> work;
	};

	result<cxxrt::unique_ptr<owner>> made = cxxrt::make<owner>(cxxrt::gfp::kernel);

	REQUIRE(made);

	cxxrt::unique_ptr<owner> made_owner = made.take();

	made_owner->work.start();
	pb_test_settle();
	EXPECT_EQ(made_owner->ran.read_once(), 1);
	made_owner->work.start();
	pb_test_settle();
	EXPECT_EQ(made_owner->ran.read_once(), 2);
}
