// SPDX-License-Identifier: GPL-2.0
/*
 * The functions to which g++ emits calls with -fno-exceptions -fno-rtti. Plain
 * operator new, __cxa_guard_* and __cxa_atexit stay undefined: modpost then
 * reports the code that needs them.
 *
 * No class with a vtable may stand in this file: g++ declares
 * __cxa_pure_virtual weak where a vtable names it, and a weak definition could
 * be dropped.
 */
#include <cxxrt/alloc.hpp>
#include <cxxrt/platform.h>

void *operator new(std::size_t bytes, cxxrt::gfp tag) noexcept
{
	return cxxrt_alloc(bytes, static_cast<unsigned int>(tag));
}

void operator delete(void *memory) noexcept
{
	cxxrt_free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
	cxxrt_free(memory);
}

extern "C" [[noreturn]] void __cxa_pure_virtual();

extern "C" [[noreturn]] void __cxa_pure_virtual()
{
	cxxrt_fatal("perfbuf: pure virtual function called");
	__builtin_trap();
}

/*
 * A compiler with KCSAN calls these for each access to a vtable pointer, but the kernel does not
 * define them. So the access is checked as one to any other word.
 */
#ifdef CONFIG_KCSAN
extern "C" void __tsan_read8(void *at);
extern "C" void __tsan_write8(void *at);
extern "C" void __tsan_vptr_read(void *at);
extern "C" void __tsan_vptr_update(void *at, void *to);

extern "C" void __tsan_vptr_read(void *at)
{
	__tsan_read8(at);
}

extern "C" void __tsan_vptr_update(void *at, void *)
{
	__tsan_write8(at);
}
#endif
