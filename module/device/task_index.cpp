// SPDX-License-Identifier: GPL-2.0
/* The index of followed tasks, and the spare memory for the children of followed tasks. */
#include "device/task_index.hpp"

#include "device/setup.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::lock_guard;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constinit cxxrt::lock_class bucket_lock_class{"perfbuf task index", {}};
constinit cxxrt::lock_class spares_lock_class{"perfbuf spare tasks", {}};

/* About as many buckets as the kernel has task numbers by default. */
constexpr u32 buckets_min = 16384;
constexpr u32 buckets_per_cpu = 512;
constexpr u32 lock_count = 64;

/* A kernel with sleeping spinlocks cannot allocate in the fork hook, so all memory is allocated
 * before. */
#ifdef CONFIG_PREEMPT_RT
constexpr bool may_allocate_in_hooks = false;
constexpr u32 spares_wanted = 128;
/* Spares that forks of users with limits may not take. */
constexpr u32 spares_reserved = spares_wanted / 2;
#else
constexpr bool may_allocate_in_hooks = true;
constexpr u32 spares_wanted = 16;
constexpr u32 spares_reserved = 0;
#endif

} // namespace

/* ---------------------------------------------------------------- spares */

namespace
{

class index_table;

} // namespace

/* Memory for the children of followed tasks. A fork takes it; a work item allocates more, in
 * process context. */
class spare_tasks
{
public:
	explicit spare_tasks(index_table &owner) noexcept
		: owner_(owner), lock_(spares_lock_class), refill_(*this, refill)
	{
	}
	~spare_tasks()
	{
		while (first_)
			followed_task::free(pop());
	}

	/* Preemption off. */
	followed_task *take(u32 members, bool is_limited) noexcept
	{
		lock_guard held(lock_);
		followed_task *taken = nullptr;

		capacity_ = cxxrt::max(capacity_, std::bit_ceil(members));
		if (first_ && first_->capacity() >= members &&
		    count_ > (is_limited ? spares_reserved : 0))
			taken = pop();
		if ((!taken || count_ < spares_wanted / 2) && !refilling_) {
			refilling_ = true;
			refill_.start();
		}
		return taken;
	}

	/* Allocates spares until there are enough, or no memory. Process context. */
	void fill(u32 members) noexcept
	{
		u32 capacity;

		while ((capacity = missing(members))) {
			followed_task *made = followed_task::allocate(capacity, gfp::kernel);

			if (!made)
				return;

			lock_guard held(lock_);

			made->beside_ = std::exchange(first_, made);
			count_++;
		}
	}

	/*
	 * The table is going. True: the caller frees it; false: the running refill() will free it.
	 */
	bool close() noexcept
	{
		lock_guard held(lock_);

		closed_ = true;
		return !refilling_;
	}

private:
	static void refill(spare_tasks &self) noexcept;

	/* Returns the capacity of the next spare to allocate, or 0 if there are enough. Frees
	 * spares that are too small. */
	u32 missing(u32 members) noexcept
	{
		for (;;) {
			followed_task *small;
			{
				lock_guard held(lock_);

				capacity_ = cxxrt::max(capacity_, std::bit_ceil(members));
				if (!first_ || first_->capacity() >= capacity_)
					return closed_ || count_ >= spares_wanted ? 0 : capacity_;
				small = pop();
			}
			followed_task::free(small);
		}
	}

	followed_task *pop() noexcept
	{
		followed_task *followed = first_;

		first_ = std::exchange(followed->beside_, nullptr);
		count_--;
		return followed;
	}

	index_table &owner_;
	cxxrt::spinlock lock_;
	followed_task *first_ = nullptr;
	u32 count_ = 0;
	u32 capacity_ = 1;
	bool refilling_ = false;
	bool closed_ = false;
	cxxrt::deferred<spare_tasks> refill_;
};

/* ---------------------------------------------------------------- the index */

namespace
{

struct bucket_lock {
	bucket_lock() noexcept : lock(bucket_lock_class) {}

	cxxrt::spinlock lock;
};

class index_table
{
public:
	index_table() noexcept : spares(*this) {}
	~index_table() { cxxrt_free(buckets_); }

	result<void> open() noexcept
	{
		const u32 wanted =
			std::bit_ceil(cxxrt::max(buckets_min, pb_nr_cpu_ids() * buckets_per_cpu));

		bits_ = static_cast<u32>(std::bit_width(wanted)) - 1;
		buckets_ = static_cast<rcu_list<followed_task> *>(
			cxxrt_alloc(wanted * sizeof(*buckets_), PB_GFP_KERNEL));
		if (!buckets_)
			return error(ENOMEM);
		return {};
	}

	rcu_list<followed_task> &bucket(const pb_task *task) noexcept
	{
		return buckets_[hash(task) >> (64 - bits_)];
	}
	cxxrt::spinlock &lock_of(const pb_task *task) noexcept
	{
		return locks_[hash(task) / (~u64{0} / lock_count + 1)].lock;
	}

	spare_tasks spares;

private:
	/* Fibonacci hashing; task structs are at least 64 bytes apart. */
	static u64 hash(const pb_task *task) noexcept
	{
		return (reinterpret_cast<u64>(task) >> 6) * 0x9e3779b97f4a7c15;
	}

	rcu_list<followed_task> *buckets_ = nullptr;
	u32 bits_ = 0;
	bucket_lock locks_[lock_count];
};

constinit cxxrt::shared<index_table *> table;
constinit u32 table_users; /* under the setup lock */

/* No followed task is left, but a hook may still read an empty bucket. */
void free_table(index_table *old) noexcept
{
	cxxrt_synchronize_rcu();
	delete old;
}

} // namespace

void spare_tasks::refill(spare_tasks &self) noexcept
{
	bool closed;

	self.fill(1);
	{
		lock_guard held(self.lock_);

		self.refilling_ = false;
		closed = self.closed_;
	}
	if (closed)
		free_table(&self.owner_);
}

namespace
{

/* Adds a user if there is an index, or if @made is one; takes over @made in the second case. */
bool join_with(unique_ptr<index_table> &made) noexcept
{
	setup_guard held;

	if (!table_users && !made)
		return false;
	if (!table_users++)
		table.store_release(made.release());
	return true;
}

} // namespace

result<void> task_index::join() noexcept
{
	unique_ptr<index_table> made;

	if (join_with(made))
		return {};
	/* Not under the lock, which all users take: docs/limits.md. */
	made = TRY(make<index_table>(gfp::kernel));
	TRY(made->open());
	join_with(made);
	return {};
}

void task_index::leave() noexcept
{
	setup_guard held;

	if (--table_users)
		return;

	index_table *old = table.exchange(nullptr);

	if (old->spares.close())
		free_table(old);
}

followed_task *task_index::find(const pb_task *task) noexcept
{
	index_table *all = table.load_acquire();

	if (!all)
		return nullptr;
	for (followed_task *followed = all->bucket(task).first(); followed;
	     followed = rcu_list<followed_task>::next(*followed)) {
		if (followed->task() == task)
			return followed;
	}
	return nullptr;
}

followed_task &task_index::get(const pb_task *task, followed_task &made, u32 users) noexcept
{
	index_table &all = *table.load_acquire();
	lock_guard held(all.lock_of(task));
	followed_task *found = find(task);

	if (!found) {
		found = &made;
		found->task_ = task;
		all.bucket(task).push(*found);
	}
	found->users_.fetch_add(users);
	return *found;
}

void task_index::keep_beside(followed_task &followed, followed_task &unused) noexcept
{
	lock_guard held(table.load_acquire()->lock_of(followed.task()));

	unused.beside_ = std::exchange(followed.beside_, &unused);
}

void task_index::put(followed_task &followed, u32 users) noexcept
{
	index_table &all = *table.load_acquire();
	{
		lock_guard held(all.lock_of(followed.task()));

		if (followed.users_.fetch_add(0 - users) != users)
			return;
		rcu_list<followed_task>::remove(followed);
	}
	followed.reclaim_.start();
}

followed_task *task_index::take_spare(u32 members, bool is_limited) noexcept
{
	followed_task *taken = table.load_acquire()->spares.take(members, is_limited);

	if (!taken && may_allocate_in_hooks)
		taken = followed_task::allocate(members, gfp::atomic);
	return taken;
}

void task_index::prepare_spares(u32 members) noexcept
{
	table.load_acquire()->spares.fill(members);
}

} // namespace perfbuf
