// SPDX-License-Identifier: GPL-2.0
/* The functions of <cxxrt/platform.h> for the runtime's tests: they record their calls in
 * platform::now. */
#include "platform.hpp"

#include <cxxrt/platform.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace platform
{

state now;

namespace
{

struct deferred_object {
	void (*run)(void *);
};

int &as_count(void *raw)
{
	return *static_cast<int *>(raw);
}

} // namespace

void run_deferred()
{
	auto due = std::move(now.deferred);

	now.deferred.clear();
	for (void *raw : due)
		static_cast<deferred_object *>(raw)->run(raw);
}

} // namespace platform

using platform::now;

/* GoogleTest's objects come from the standard operator new, and go to the runtime's operator
 * delete: both end in malloc() and free(). */
extern "C" const char *__asan_default_options();
extern "C" const char *__asan_default_options()
{
	return "alloc_dealloc_mismatch=0";
}

void *cxxrt_alloc(unsigned long bytes, unsigned int gfp) noexcept
{
	now.last_gfp = gfp;
	if (now.out_of_memory)
		return nullptr;
	now.live_allocations++;
	return std::calloc(1, bytes);
}

void cxxrt_free(void *memory) noexcept
{
	if (memory)
		now.live_allocations--;
	std::free(memory);
}

void cxxrt_warn(const char *message) noexcept
{
	std::fprintf(stderr, "warning: %s\n", message);
}

void cxxrt_fatal(const char *message) noexcept
{
	std::fprintf(stderr, "fatal: %s\n", message);
	std::abort();
}

void cxxrt_mutex_init(void *mutex, const char *name, void *) noexcept
{
	std::memset(mutex, 0, 16);
	now.classes.push_back(name);
}

void cxxrt_mutex_lock(void *) noexcept
{
	now.locks.push_back("mutex_lock");
}

void cxxrt_mutex_unlock(void *) noexcept
{
	now.locks.push_back("mutex_unlock");
}

void cxxrt_mutex_assert_held(void *) noexcept
{
	now.locks.push_back("mutex_assert_held");
}

void cxxrt_mutex_destroy(void *) noexcept
{
	now.locks.push_back("mutex_destroy");
}

void cxxrt_spinlock_init(void *, const char *name, void *) noexcept
{
	now.classes.push_back(name);
}

unsigned long cxxrt_spinlock_lock(void *) noexcept
{
	now.locks.push_back("spinlock_lock");
	return 0x246;
}

void cxxrt_spinlock_unlock(void *, unsigned long flags) noexcept
{
	now.locks.push_back(flags == 0x246 ? "spinlock_unlock"
					   : "spinlock_unlock with other flags");
}

void cxxrt_refcount_set(void *count, int value) noexcept
{
	platform::as_count(count) = value;
}

void cxxrt_refcount_inc(void *count) noexcept
{
	platform::as_count(count)++;
}

int cxxrt_refcount_inc_not_zero(void *count) noexcept
{
	return platform::as_count(count) && ++platform::as_count(count);
}

int cxxrt_refcount_dec_and_test(void *count) noexcept
{
	return !--platform::as_count(count);
}

unsigned int cxxrt_refcount_read(const void *count) noexcept
{
	return *static_cast<const int *>(count);
}

void cxxrt_defer_init(void *raw, void (*run)(void *)) noexcept
{
	static_cast<platform::deferred_object *>(raw)->run = run;
}

void cxxrt_defer(void *raw) noexcept
{
	now.deferred.push_back(raw);
}
