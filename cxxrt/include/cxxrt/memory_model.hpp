/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Linux kernel memory model's accessors, for C++. A word that several contexts
 * access is a shared<T> (several CPUs, or the kernel and user space) or a local<T>
 * (one CPU at a time: task, softirq, irq and NMI nested on it), so it can only be
 * accessed by these functions.
 *
 * In the kernel they compile to the code of READ_ONCE() and the like (cxxrt/arch). On the host
 * they are __atomic builtins, so that sanitizers understand them, and with
 * CXXRT_MODEL each accessor reports to the test's scheduler, before the access,
 * the bytes that it will touch. A host program that measures the ring defines
 * CXXRT_AS_IN_KERNEL and gets the kernel's instructions: the builtins lock each
 * read-modify-write of a local<T>, and the module does not.
 */
#pragma once

#if defined(__KERNEL__) && !defined(CXXRT_AS_IN_KERNEL)
#define CXXRT_AS_IN_KERNEL
#endif

#include <cxxrt/arch.hpp>
#include <cxxrt/model_access.hpp>
#include <cxxrt/std.hpp>

#ifdef CXXRT_MODEL
#include <cxxrt_model.hpp>
#else
namespace cxxrt::model
{
/* Without a model the hook is empty. */
inline void before(access, const volatile void *, std::size_t) noexcept
{
}
} // namespace cxxrt::model
#endif

namespace cxxrt
{

template <typename T>
concept word = std::is_trivially_copyable_v<T> &&
	(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);

/* barrier(): the compiler does not move accesses across it. */
inline void barrier() noexcept
{
	model::before(model::access::barrier, nullptr, 0);
	asm volatile("" ::: "memory");
}

/* Other CPUs see the stores before it before the stores after it. */
inline void smp_wmb() noexcept
{
	model::before(model::access::wmb, nullptr, 0);
	arch::wmb();
}

/* The loads before it are done before the loads after it. */
inline void smp_rmb() noexcept
{
	model::before(model::access::rmb, nullptr, 0);
	arch::rmb();
}

/* All accesses before it are done, and seen by other CPUs, before those after it. */
inline void smp_mb() noexcept
{
	model::before(model::access::mb, nullptr, 0);
	arch::mb();
}

template <word T>
inline T read_once(const T &from) noexcept
{
	model::before(model::access::load, &from, sizeof(from));
	return arch::load(from);
}

template <word T>
inline void write_once(T &to, std::type_identity_t<T> value) noexcept
{
	model::before(model::access::store, &to, sizeof(to));
#ifdef CXXRT_AS_IN_KERNEL
	*static_cast<volatile T *>(&to) = value;
#else
	__atomic_store_n(&to, value, __ATOMIC_RELAXED);
#endif
}

template <word T>
inline T load_acquire(const T &from) noexcept
{
	model::before(model::access::acquire, &from, sizeof(from));
	return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
}

template <word T>
inline void store_release(T &to, std::type_identity_t<T> value) noexcept
{
	model::before(model::access::release, &to, sizeof(to));
	__atomic_store_n(&to, value, __ATOMIC_RELEASE);
}

/* read_once(from) == value, in one instruction where the architecture has one. */
template <word T>
inline bool equals_once(const T &from, std::type_identity_t<T> value) noexcept
{
	model::before(model::access::load, &from, sizeof(from));
	return arch::equals(from, value);
}

/* Likewise: read_once(from) - value >= 0 as signed numbers; the second ignores an overflow of the
 * difference, for positions that wrap. */
inline bool at_least_once(const u64 &from, s64 value) noexcept
{
	model::before(model::access::load, &from, sizeof(from));
	return arch::at_least(from, value);
}

inline bool not_before_once(const u64 &from, u64 value) noexcept
{
	model::before(model::access::load, &from, sizeof(from));
	return arch::not_before(from, value);
}

/* Likewise: value - read_once(from) >= 0, ignoring an overflow. */
inline bool not_after_once(const u64 &from, u64 value) noexcept
{
	model::before(model::access::load, &from, sizeof(from));
	return arch::not_after(from, value);
}

/* Likewise: read_once(from) + value. */
inline u64 plus_once(const u64 &from, u64 value) noexcept
{
	model::before(model::access::load, &from, sizeof(from));
	return arch::plus(from, value);
}

/*
 * Shared data that is larger than a word: plain accesses, which only barriers
 * order.
 */
inline void copy_plain(void *to, const void *from, std::size_t bytes) noexcept
{
	model::before(model::access::plain_store, to, bytes);
	arch::copy(to, from, bytes);
}

inline void zero_plain(void *to, std::size_t bytes) noexcept
{
	model::before(model::access::plain_store, to, bytes);
	__builtin_memset(to, 0, bytes);
}

/* A word that CPUs share. */
template <word T>
class shared
{
	static_assert(__atomic_always_lock_free(sizeof(T), nullptr));

public:
	constexpr shared() noexcept = default;
	constexpr explicit shared(T value) noexcept : value_(value) {}

	T read_once() const noexcept { return cxxrt::read_once(value_); }
	bool equals(T value) const noexcept { return cxxrt::equals_once(value_, value); }
	bool at_least(s64 value) const noexcept requires std::same_as<T, u64>
	{
		return cxxrt::at_least_once(value_, value);
	}
	/* Compare two positions in a stream, which may wrap. */
	bool not_before(u64 value) const noexcept requires std::same_as<T, u64>
	{
		return cxxrt::not_before_once(value_, value);
	}
	bool not_after(u64 value) const noexcept requires std::same_as<T, u64>
	{
		return cxxrt::not_after_once(value_, value);
	}
	void write_once(T value) noexcept { cxxrt::write_once(value_, value); }
	T load_acquire() const noexcept { return cxxrt::load_acquire(value_); }
	void store_release(T value) noexcept { cxxrt::store_release(value_, value); }

	/* Returns the old value. Fully ordered, with a lock prefix on x86: for slow paths. */
	T fetch_add(T by) noexcept requires std::integral<T>
	{
		model::before(model::access::rmw, &value_, sizeof(value_));
		const T was = __atomic_fetch_add(&value_, by, __ATOMIC_SEQ_CST);
		arch::after_rmw();
		return was;
	}

	/* The same. */
	T fetch_or(T bits) noexcept requires std::integral<T>
	{
		model::before(model::access::rmw, &value_, sizeof(value_));
		const T was = __atomic_fetch_or(&value_, bits, __ATOMIC_SEQ_CST);
		arch::after_rmw();
		return was;
	}

	T fetch_and(T bits) noexcept requires std::integral<T>
	{
		model::before(model::access::rmw, &value_, sizeof(value_));
		const T was = __atomic_fetch_and(&value_, bits, __ATOMIC_SEQ_CST);
		arch::after_rmw();
		return was;
	}

	/* True if the word was @expected and now is @desired. */
	bool try_cmpxchg(T expected, T desired) noexcept
	{
		model::before(model::access::rmw, &value_, sizeof(value_));
		const bool done = __atomic_compare_exchange_n(&value_, &expected, desired, false,
							      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
		arch::after_rmw();
		return done;
	}

	T exchange(T value) noexcept
	{
		model::before(model::access::rmw, &value_, sizeof(value_));
		const T was = __atomic_exchange_n(&value_, value, __ATOMIC_SEQ_CST);
		arch::after_rmw();
		return was;
	}

private:
	T value_{};
};

/*
 * A word that one CPU at a time writes, from nested contexts. A read-modify-write
 * is one instruction, so an interrupt or an NMI comes before or after it, and the
 * instruction needs no lock prefix. Other CPUs may read the word.
 */
template <word T>
requires(sizeof(T) == 8 || sizeof(T) == 4) class local
{
	static_assert(__atomic_always_lock_free(sizeof(T), nullptr));

public:
	constexpr local() noexcept = default;
	constexpr explicit local(T value) noexcept : value_(value) {}

	T read() const noexcept { return cxxrt::read_once(value_); }
	/* read() + @value. */
	u64 plus(u64 value) const noexcept requires std::same_as<T, u64>
	{
		return cxxrt::plus_once(value_, value);
	}
	bool equals(T value) const noexcept { return cxxrt::equals_once(value_, value); }
	/* Compares two positions in a stream, which may wrap. */
	bool not_before(T value) const noexcept requires std::same_as<T, u64>
	{
		return cxxrt::not_before_once(value_, value);
	}
	void set(T value) noexcept { cxxrt::write_once(value_, value); }

	void add(T by) noexcept
	{
		model::before(model::access::local_rmw, &value_, sizeof(value_));
		arch::local_add(value_, by);
	}

	/* Subtracts 1. True: the word is 0 now. */
	[[nodiscard]] bool dec_and_test() noexcept requires std::same_as<T, u32>
	{
		model::before(model::access::local_rmw, &value_, sizeof(value_));
		return arch::local_dec_and_test(value_);
	}

	void set_bits(T bits) noexcept requires std::same_as<T, u32>
	{
		model::before(model::access::local_rmw, &value_, sizeof(value_));
		arch::local_or(value_, bits);
	}

	/* True if the word was @expected and now is @desired; otherwise stores its value in
	 * @expected. */
	bool try_cmpxchg(T &expected, T desired) noexcept
	{
		model::before(model::access::local_rmw, &value_, sizeof(value_));
		return arch::local_cmpxchg(value_, expected, desired);
	}

	/* A loop, because xchg with memory always locks on x86. */
	T exchange(T desired) noexcept
	{
		T seen = read();

		while (!try_cmpxchg(seen, desired))
			;
		return seen;
	}

private:
	T value_{};
};

} // namespace cxxrt
