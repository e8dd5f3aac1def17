// SPDX-License-Identifier: GPL-2.0
/* cxxrt/platform.h and the irq_works and timers of ring/pages.h, on the host. */
#include "host.hpp"
#include "memory.hpp"

#include "ring/pages.h"

#include <cxxrt/platform.h>
#include <generated/offsets.h>

#include "../support.h"

#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string_view>
#include <time.h>
#include <utility>
#include <vector>

using namespace perfbuf::host;

void (*perfbuf::host::on_allocate)();
void (*perfbuf::host::on_raise)(const void *work);
void (*perfbuf::host::on_grace_period)();
void (*perfbuf::host::on_order_stores)(int cpu);

namespace
{

struct irq_work {
	void (*run)(void *);
	std::atomic<bool> raised;
};

struct deferred {
	void (*reclaim)(void *);
	std::atomic<bool> queued;
};

struct one_shot {
	void (*run)(void *);
	void *argument;
	bool armed;
};

struct named_mutex {
	std::mutex lock;
	bool is_shared;
};

static_assert(sizeof(named_mutex) <= PB_SIZEOF_MUTEX);
static_assert(sizeof(irq_work) <= PB_SIZEOF_IRQ_WORK);
static_assert(sizeof(deferred) <= PB_SIZEOF_RCU_WORK);
static_assert(sizeof(std::atomic<int>) == PB_SIZEOF_REFCOUNT);

/* Functions that wait to be run. Leaked on purpose: objects may outlive every other static object.
 */
struct waiting {
	std::mutex lock;
	std::vector<irq_work *> works;
	std::vector<deferred *> deferreds;
	std::vector<one_shot *> alarms;
};

waiting &all()
{
	static waiting &state = *new waiting;

	return state;
}

template <typename T>
T *take(std::vector<T *> waiting::*list)
{
	std::lock_guard lock(all().lock);
	auto &from = all().*list;

	if (from.empty())
		return nullptr;

	T *first = from.front();

	from.erase(from.begin());
	return first;
}

/* How many mutexes that other users take this thread holds. */
thread_local unsigned shared_locks;

std::atomic<unsigned> warnings;
std::atomic<bool> warnings_expected;

} // namespace

void perfbuf::host::shared_lock_taken()
{
	shared_locks++;
}

void perfbuf::host::shared_lock_released()
{
	shared_locks--;
}

void perfbuf::host::check_charge()
{
	if (shared_locks)
		cxxrt_fatal("memory is charged under a lock that other users take");
}

unsigned perfbuf::host::run_irq_works()
{
	unsigned ran = 0;

	while (irq_work *work = take(&waiting::works)) {
		/* As in the kernel: it may be raised again while it runs. */
		work->raised = false;
		work->run(work);
		ran++;
	}
	return ran;
}

bool perfbuf::host::is_raised(const void *work)
{
	return static_cast<const irq_work *>(work)->raised;
}

void perfbuf::host::expire_alarms()
{
	std::unique_lock lock(all().lock);
	std::vector<one_shot *> armed;

	for (one_shot *shot : all().alarms)
		if (std::exchange(shot->armed, false))
			armed.push_back(shot);
	lock.unlock();
	for (one_shot *shot : armed)
		shot->run(shot->argument);
}

void perfbuf::host::reclaim()
{
	while (deferred *work = take(&waiting::deferreds)) {
		work->queued = false;
		work->reclaim(work);
	}
}

void perfbuf::host::check_free(const void *memory, unsigned long bytes)
{
	const auto *from = static_cast<const char *>(memory);
	const auto is_inside = [=](const void *address) {
		return address >= from && address < from + bytes;
	};
	std::lock_guard lock(all().lock);

	for (const irq_work *work : all().works)
		if (is_inside(work))
			cxxrt_fatal("an irq_work that is raised is freed");
	for (const one_shot *alarm : all().alarms)
		if (is_inside(alarm->argument))
			cxxrt_fatal("what an alarm calls is freed");
}

void perfbuf::host::settle()
{
	run_irq_works();
	while (deferred *work = take(&waiting::deferreds)) {
		work->queued = false;
		work->reclaim(work);
		run_irq_works();
	}
}

extern "C" {

void cxxrt_warn(const char *message) noexcept
{
	if (warnings_expected) {
		warnings++;
		return;
	}
	std::fprintf(stderr, "%s\n", message);
	std::abort();
}

void cxxrt_fatal(const char *message) noexcept
{
	std::fprintf(stderr, "%s\n", message);
	std::abort();
}

void cxxrt_mutex_init(void *mutex, const char *name, void *) noexcept
{
	constexpr std::string_view of_one_file = "perfbuf file";

	new (mutex) named_mutex{{}, !std::string_view(name).starts_with(of_one_file)};
}

void cxxrt_mutex_lock(void *mutex) noexcept
{
	named_mutex &wanted = *static_cast<named_mutex *>(mutex);

	wanted.lock.lock();
	shared_locks += wanted.is_shared;
}

void cxxrt_mutex_unlock(void *mutex) noexcept
{
	named_mutex &held = *static_cast<named_mutex *>(mutex);

	shared_locks -= held.is_shared;
	held.lock.unlock();
}

void cxxrt_mutex_assert_held(void *mutex) noexcept
{
	std::mutex &lock = static_cast<named_mutex *>(mutex)->lock;

	if (lock.try_lock()) {
		lock.unlock();
		cxxrt_fatal("a mutex that should be held is not");
	}
}

void cxxrt_mutex_destroy(void *) noexcept
{
}

void cxxrt_spinlock_init(void *lock, const char *, void *) noexcept
{
	new (lock) std::atomic<int>(0);
}

unsigned long cxxrt_spinlock_lock(void *lock) noexcept
{
	while (static_cast<std::atomic<int> *>(lock)->exchange(1, std::memory_order_acquire))
		;
	return 0;
}

void cxxrt_spinlock_unlock(void *lock, unsigned long) noexcept
{
	static_cast<std::atomic<int> *>(lock)->store(0, std::memory_order_release);
}

/* refcount_t's rules (include/linux/refcount.h). */
static constexpr int saturated = INT_MIN / 2;

static void saturate(std::atomic<int> *count)
{
	*count = saturated;
	cxxrt_warn("a reference count saturated");
}

void cxxrt_refcount_set(void *count, int value) noexcept
{
	new (count) std::atomic<int>(value);
}

void cxxrt_refcount_inc(void *count) noexcept
{
	auto *counter = static_cast<std::atomic<int> *>(count);
	const int old = counter->fetch_add(1);

	if (old <= 0 || old == INT_MAX)
		saturate(counter);
}

int cxxrt_refcount_inc_not_zero(void *count) noexcept
{
	auto *counter = static_cast<std::atomic<int> *>(count);
	int old = *counter;

	do {
		if (!old)
			return 0;
	} while (!counter->compare_exchange_weak(old, static_cast<int>(old + 1u)));
	if (old < 0 || old == INT_MAX)
		saturate(counter);
	return 1;
}

int cxxrt_refcount_dec_and_test(void *count) noexcept
{
	auto *counter = static_cast<std::atomic<int> *>(count);
	const int old = counter->fetch_sub(1);

	if (old == 1)
		return 1;
	if (old <= 0)
		saturate(counter);
	return 0;
}

unsigned int cxxrt_refcount_read(const void *count) noexcept
{
	return static_cast<unsigned int>(*static_cast<const std::atomic<int> *>(count));
}

void cxxrt_defer_init(void *work, void (*reclaim)(void *)) noexcept
{
	new (work) deferred{reclaim, false};
}

void cxxrt_defer(void *work) noexcept
{
	auto *item = static_cast<deferred *>(work);

	if (item->queued.exchange(true))
		return;

	std::lock_guard lock(all().lock);

	all().deferreds.push_back(item);
}

void cxxrt_synchronize_rcu(void) noexcept
{
	if (on_grace_period)
		on_grace_period();
}

int pb_order_stores(int cpu) noexcept
{
	if (!on_order_stores)
		return 0;
	/* Where there is something to be ordered, all CPUs are too many. */
	if (cpu < 0)
		return -EOPNOTSUPP;
	on_order_stores(cpu);
	return 0;
}

void pb_irq_work_init(void *work, void (*run)(void *)) noexcept
{
	new (work) irq_work{run, false};
}

void pb_irq_work_raise(void *work) noexcept
{
	auto *item = static_cast<irq_work *>(work);

	if (on_raise)
		on_raise(work);
	if (item->raised.exchange(true))
		return;

	std::lock_guard lock(all().lock);

	all().works.push_back(item);
}

void pb_irq_work_sync(void *work) noexcept
{
	if (static_cast<irq_work *>(work)->raised)
		run_irq_works();
	/* Meanwhile whatever was started may fire. */
	expire_alarms();
}

void *pb_alarm_create(void (*run)(void *), void *argument) noexcept
{
	check_charge();
	if (allocation_fails())
		return nullptr;

	one_shot *made = new one_shot{run, argument, false};
	std::lock_guard lock(all().lock);

	all().alarms.push_back(made);
	note_allocated();
	return made;
}

void pb_alarm_start(void *alarm_, unsigned long long) noexcept
{
	if (!alarm_)
		cxxrt_fatal("an alarm is started that is not there");

	std::lock_guard lock(all().lock);

	static_cast<one_shot *>(alarm_)->armed = true;
}

void pb_alarm_destroy(void *alarm_) noexcept
{
	if (!alarm_)
		return;

	std::lock_guard lock(all().lock);

	std::erase(all().alarms, static_cast<one_shot *>(alarm_));
	delete static_cast<one_shot *>(alarm_);
	note_freed();
}

/* Goes on when it is looked at, so that the model's executions repeat. */
unsigned long long pb_duration_clock_ns(void) noexcept
{
	static unsigned long long now;

	return __atomic_add_fetch(&now, 1, __ATOMIC_RELAXED);
}

/* --- kunit/support.h, as far as it belongs here */

void pb_test_expect_warnings(void) noexcept
{
	warnings = 0;
	warnings_expected = true;
}

unsigned int pb_test_warnings(void) noexcept
{
	warnings_expected = false;
	return warnings;
}

void pb_test_settle(void) noexcept
{
	settle();
}

void pb_test_settle_wakeups(void) noexcept
{
	run_irq_works();
}

/* The host's clock stands still but here. */
void pb_test_sleep_us(unsigned long) noexcept
{
	run_irq_works();
	expire_alarms();
	run_irq_works();
}

} // extern "C"
