// SPDX-License-Identifier: GPL-2.0
#include "device/task_set.hpp"

#include "device/setup.hpp"

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

constinit cxxrt::lock_class table_lock_class{"perfbuf task table", {}};

constexpr u32 bucket_bits = 12;

/*
 * All members of all sets. A set's CPU goes into the hash: with an event for each CPU, as perf
 * record opens them, a task has as many members as there are CPUs, and a switch asks for one.
 */
class task_table
{
public:
	task_table() noexcept : lock(table_lock_class) {}

	rcu_list<task_member> &bucket(const pb_task *task, s32 cpu) noexcept
	{
		/* Fibonacci hashing; task structs are at least 64 bytes apart. */
		const u64 key = (reinterpret_cast<u64>(task) >> 6) + static_cast<u64>(cpu + 1);

		return buckets[key * 0x9e3779b97f4a7c15 >> (64 - bucket_bits)];
	}

	/* What @task is on @cpu: a member of sets of that CPU, and of sets of every CPU. */
	template <typename Call>
	void each_on(const pb_task *task, u32 cpu, Call &&call) noexcept
	{
		const s32 kinds[] = {static_cast<s32>(cpu), -1};

		for (s32 kind : kinds) {
			rcu_list<task_member> &list = bucket(task, kind);

			for (task_member *one = list.first(); one; one = list.next(*one)) {
				if (one->task() == task && one->set().cpu() == kind)
					call(*one);
			}
		}
	}

	cxxrt::spinlock lock; /* of changes to buckets and sets */
	rcu_list<task_member> buckets[1u << bucket_bits];
	rcu_list<task_set> sets;
};

/*
 * The table is there while a set is: made by the first, freed in the destructor of the last, which
 * is a grace period after its close(). The hooks may find it gone.
 */
constinit cxxrt::shared<task_table *> table;
constinit u32 table_users; /* under the setup lock */
constinit rcu_list<task_set> no_sets;

result<void> table_get() noexcept
{
	setup_guard held;

	if (!table_users)
		table.store_release(TRY(make<task_table>(gfp::kernel)).release());
	table_users++;
	return {};
}

void table_put() noexcept
{
	setup_guard held;

	if (--table_users)
		return;

	task_table *old = table.exchange(nullptr);

	/* No set is left, but a hook that is there for others may stand in an empty bucket. */
	cxxrt_synchronize_rcu();
	delete old;
}

} // namespace

task_set::task_set(event &owner) noexcept
	: event_(owner), cpu_(owner.cpu()), inherits_(owner.attr().inherit),
	  threads_only_(owner.attr().inherit_thread)
{
}

task_set::~task_set()
{
	if (has_table_)
		table_put();
}

result<void> task_set::open() noexcept
{
	/* The exit hook is in place before the first member: none outlives its task. */
	TRY(hooks_.take(hook::task_exit));
	TRY(hooks_.take(hook::task_switch));
	if (inherits_)
		TRY(hooks_.take(hook::task_fork));
	if (event_.attr().enable_on_exec)
		TRY(hooks_.take(hook::task_rename));

	unique_ptr<task_member> first = TRY(make<task_member>(gfp::kernel, *this, event_.target()));

	TRY(table_get());
	has_table_ = true;

	task_table &all = *table.load_acquire();
	{
		lock_guard held(all.lock);

		open_ = true;
		all.sets.push(*this);
	}
	add(*first.release());

	/*
	 * E, pairs with F in exiting(): the target may exit meanwhile. Either its hook sees the
	 * member, or PF_EXITING is seen here; if both, who comes second finds nothing to remove.
	 */
	cxxrt::smp_mb();
	if (pb_task_is_exiting(event_.target())) {
		pb_preempt_disable();
		task_member *left_over = find(event_.target());

		if (left_over)
			remove(*left_over);
		pb_preempt_enable();
	}
	return {};
}

void task_set::close() noexcept
{
	if (!has_table_)
		return;

	task_table &all = *table.load_acquire();
	{
		lock_guard held(all.lock);

		/* From here on a fork adds none. */
		open_ = false;
		all.sets.remove(*this);
	}
	for (rcu_list<task_member> &bucket : all.buckets) {
		/* A step for each lock: what is removed is retired without it. */
		for (;;) {
			task_member *mine;
			{
				lock_guard held(all.lock);

				mine = bucket.first();
				while (mine && &mine->set() != this)
					mine = bucket.next(*mine);
				if (mine)
					bucket.remove(*mine);
			}
			if (!mine)
				break;
			mine->retire();
		}
	}
}

const rcu_list<task_set> &task_set::all() noexcept
{
	task_table *now = table.load_acquire();

	return now ? now->sets : no_sets;
}

task_member *task_set::find(const pb_task *task) const noexcept
{
	rcu_list<task_member> &bucket = table.load_acquire()->bucket(task, cpu_);

	for (task_member *one = bucket.first(); one; one = bucket.next(*one)) {
		if (one->task() == task && &one->set() == this)
			return one;
	}
	return nullptr;
}

bool task_set::add(task_member &made) noexcept
{
	task_table &all = *table.load_acquire();
	lock_guard held(all.lock);

	if (!open_)
		return false;
	all.bucket(made.task(), cpu_).push(made);
	followed_++;
	return true;
}

/* By whoever finds it first: the task's exit, or open(). */
void task_set::remove(task_member &one) noexcept
{
	task_table &all = *table.load_acquire();
	bool was_last;
	{
		lock_guard held(all.lock);

		if (!open_ || find(one.task()) != &one)
			return;
		all.bucket(one.task(), cpu_).remove(one);
		was_last = !--followed_;
	}
	one.retire();
	if (was_last)
		event_.target_exited();
}

void task_set::switched(const pb_task *prev, const pb_task *next, u32 cpu) noexcept
{
	task_table *now = table.load_acquire();

	if (!now)
		return;

	now->each_on(prev, cpu, [=](task_member &one) { one.set().end_run(one, cpu); });
	now->each_on(next, cpu, [=](task_member &one) { one.set().begin_run(one, cpu); });
}

void task_set::forked(const pb_task *child, bool is_thread) noexcept
{
	const pb_task *parent = pb_task_current();

	for (task_set *one = all().first(); one; one = rcu_list<task_set>::next(*one)) {
		if (!one->inherits_ || (one->threads_only_ && !is_thread) || !one->find(parent))
			continue;

		/* Without memory the child is not followed; a fork is not made to fail for it. */
		result<unique_ptr<task_member>> made = make<task_member>(gfp::atomic, *one, child);

		if (!made)
			continue;

		unique_ptr<task_member> member = made.take();

		if (one->add(*member))
			member.release();
	}
}

void task_set::exiting(u32 cpu) noexcept
{
	const pb_task *task = pb_task_current();

	/* F, pairs with E in open(): the kernel has set PF_EXITING. */
	cxxrt::smp_mb();
	for (task_set *one = all().first(); one; one = rcu_list<task_set>::next(*one)) {
		task_member *member = one->find(task);

		if (!member)
			continue;
		if (one->is_for(cpu))
			one->end_run(*member, cpu);
		one->remove(*member);
	}
}

void task_set::executing(u32 cpu) noexcept
{
	const pb_task *task = pb_task_current();

	for (task_set *one = all().first(); one; one = rcu_list<task_set>::next(*one)) {
		if (!one->event_.attr().enable_on_exec)
			continue;

		task_member *member = one->find(task);

		if (member && one->event_.enable_on_exec() && one->is_for(cpu))
			one->begin_run(*member, cpu);
	}
}

} // namespace perfbuf
