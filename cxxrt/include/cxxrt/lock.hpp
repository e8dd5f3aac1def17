/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Typed locks. A lock owns the data that it guards: the data can be reached
 * only through the guard that lock() returns, and the guard's type says the
 * context it makes (process for a mutex, interrupts off for a spinlock).
 */
#pragma once

#include <cxxrt/platform.h>
#include <cxxrt/std.hpp>
#include <generated/offsets.h>

namespace cxxrt
{

/* Storage for a kernel object that C++ embeds but cannot name. */
template <std::size_t Size>
struct alignas(8) opaque {
	unsigned char bytes[Size ? Size : 1];
};

/*
 * One lock class for each call site that names one, as a static lock_class_key is in C. The name of
 * a lock that only the users of one open file take begins with "perfbuf file". While a task holds
 * any other mutex it allocates nothing that is charged to a memory cgroup: docs/limits.md.
 */
struct alignas(8) lock_class {
	const char *name;
	unsigned char key[64];
};

/* Process context; may sleep. Not recursive. */
class mutex
{
public:
	explicit mutex(lock_class &cls) noexcept { cxxrt_mutex_init(&raw_, cls.name, cls.key); }
	~mutex() { cxxrt_mutex_destroy(&raw_); }
	mutex(const mutex &) = delete;
	mutex &operator=(const mutex &) = delete;

	void lock() noexcept { cxxrt_mutex_lock(&raw_); }
	void unlock() noexcept { cxxrt_mutex_unlock(&raw_); }
	void assert_held() noexcept { cxxrt_mutex_assert_held(&raw_); }

private:
	opaque<PB_SIZEOF_MUTEX> raw_;
};

/* Process, softirq, irq; interrupts are off while it is held. Never from NMI. */
class spinlock
{
public:
	explicit spinlock(lock_class &cls) noexcept
	{
		cxxrt_spinlock_init(&raw_, cls.name, cls.key);
	}
	spinlock(const spinlock &) = delete;
	spinlock &operator=(const spinlock &) = delete;

	void lock() noexcept
	{
		unsigned long flags = cxxrt_spinlock_lock(&raw_);

		flags_ = flags;
	}

	void unlock() noexcept { cxxrt_spinlock_unlock(&raw_, flags_); }

private:
	opaque<PB_SIZEOF_SPINLOCK> raw_;
	unsigned long flags_ = 0; /* the holder's */
};

/* @Data under @Lock. */
template <typename Data, typename Lock>
class guarded
{
public:
	class [[nodiscard]] guard
	{
	public:
		explicit guard(guarded &owner) noexcept : owner_(owner) { owner_.lock_.lock(); }
		~guard() { owner_.lock_.unlock(); }
		guard(const guard &) = delete;
		guard &operator=(const guard &) = delete;

		Data *operator->() noexcept { return &owner_.data_; }
		Data &operator*() noexcept { return owner_.data_; }

	private:
		guarded &owner_;
	};

	template <typename... Args>
	explicit guarded(lock_class &cls, Args &&...args) noexcept
		: lock_(cls), data_(std::forward<Args>(args)...)
	{
	}

	guard lock() noexcept { return guard(*this); }

	/* Without the lock: only where no other CPU or context can have the object, in construction
	 * and at the last reference. */
	Data &unshared() noexcept { return data_; }

private:
	friend class guard;
	Lock lock_;
	Data data_;
};

/* A plain critical section, where the data is not one object. */
template <typename Lock>
class [[nodiscard]] lock_guard
{
public:
	explicit lock_guard(Lock &lock) noexcept : lock_(lock) { lock_.lock(); }
	~lock_guard() { lock_.unlock(); }
	lock_guard(const lock_guard &) = delete;
	lock_guard &operator=(const lock_guard &) = delete;

private:
	Lock &lock_;
};

/* Saturates instead of wrapping: a leak, not a use after free. */
class refcount
{
public:
	explicit refcount(int value) noexcept { cxxrt_refcount_set(&raw_, value); }
	refcount(const refcount &) = delete;
	refcount &operator=(const refcount &) = delete;

	void get() noexcept { cxxrt_refcount_inc(&raw_); }
	[[nodiscard]] bool get_unless_zero() noexcept { return cxxrt_refcount_inc_not_zero(&raw_); }
	[[nodiscard]] bool put() noexcept { return cxxrt_refcount_dec_and_test(&raw_); }
	unsigned int read() const noexcept { return cxxrt_refcount_read(&raw_); }

private:
	opaque<PB_SIZEOF_REFCOUNT> raw_;
};

} // namespace cxxrt
