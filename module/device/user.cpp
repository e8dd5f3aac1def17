// SPDX-License-Identifier: GPL-2.0
/* Charges files, rings and pages to the accounts of users, and refuses those beyond the limits. */
#include "device/user.hpp"

#include "device/task.h"
#include "glue/glue.h"

#include <cxxrt/alloc.hpp>
#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::lock_guard;
using cxxrt::result;

namespace
{

constinit cxxrt::lock_class accounts_lock_class{"perfbuf users", {}};
constinit cxxrt::lock_class pages_lock_class{"perfbuf user's pages", {}};

/* @percent of @all, which may be the largest number. */
u64 part_of(u64 all, u64 percent) noexcept
{
	return percent >= 100 ? all : all / 100 * percent + all % 100 * percent / 100;
}

/* Adds 1, up to @most unless the process may exceed limits. */
bool take_one(cxxrt::shared<u64> &count, u64 most) noexcept
{
	if (count.fetch_add(1) < most || pb_may_exceed_limits())
		return true;
	count.fetch_add(u64{0} - 1);
	return false;
}

} // namespace

/* ---------------------------------------------------------------- an account */

user_account::user_account(user_accounts &of, void *user) noexcept
	: of_(of), user_(user), is_root_(pb_user_is_root(user)), pages_mutex_(pages_lock_class)
{
}

user_account::~user_account()
{
	pb_user_put(user_);
}

result<void> user_account::take_event() noexcept
{
	if (!take_one(events_, pb_param_user_events_max()))
		return error(EMFILE);
	return {};
}

/*
 * Charges @pages as perf does: to the user within the parameter mlock_kb for each online CPU, the
 * rest to the mm within RLIMIT_MEMLOCK, which is one limit for all processes of the user. Fills
 * @out for pb_uncharge_pages(). EPERM: too many, and the caller may not lock more. Under
 * pages_mutex_.
 */
result<void> user_account::charge_locked(u64 pages, pb_charge &out) noexcept
{
	pb_locked_memory locked;

	pb_locked_memory_read(&locked);

	const u64 limit = (pb_param_mlock_kib() >> (PB_PAGE_SHIFT - 10)) * pb_online_cpus();
	const u64 used = cxxrt::min<u64>(locked.user_pages, limit);
	const u64 pinned = cxxrt::max<u64>(locked.mm_pages, pinned_);

	out.user_pages = cxxrt::min(pages, limit - used);
	out.mm_pages = pages - out.user_pages;
	if (pinned + out.mm_pages > locked.mm_limit && !pb_may_lock_memory())
		return error(EPERM);
	pb_charge_pages(&out);
	return {};
}

void user_account::put() noexcept
{
	user_accounts &of = of_;
	{
		auto all = of.accounts_.lock();

		if (--references_)
			return;

		user_account **link = &user_accounts::bucket(*all, user_);

		while (*link != this)
			link = &(*link)->next_;
		*link = next_;
	}
	delete this;
}

/* ---------------------------------------------------------------- all of them */

user_accounts::user_accounts() noexcept : accounts_(accounts_lock_class)
{
}

user_account *&user_accounts::bucket(accounts &all, const void *user) noexcept
{
	constexpr u64 bits = 6;
	static_assert(sizeof(all.buckets) / sizeof(*all.buckets) == 1u << bits);

	return all.buckets[(reinterpret_cast<u64>(user) >> 6) * 0x9e3779b97f4a7c15 >> (64 - bits)];
}

user_account *user_accounts::find(accounts &all, const void *user) noexcept
{
	user_account *account = bucket(all, user);

	while (account && account->user_ != user)
		account = account->next_;
	if (account)
		account->references_++;
	return account;
}

user_account *user_accounts::get_current() noexcept
{
	void *user = pb_user_get_current();

	if (user_account *found = find(*accounts_.lock(), user)) {
		pb_user_put(user);
		return found;
	}

	/* Not under the lock, which all users take: docs/limits.md. */
	auto *made = new (cxxrt::gfp::kernel) user_account(*this, user);

	if (!made) {
		pb_user_put(user);
		return nullptr;
	}

	user_account *other;
	{
		auto all = accounts_.lock();

		/* Another process of the user may have made it meanwhile. */
		other = find(*all, user);
		if (!other)
			made->next_ = std::exchange(bucket(*all, user), made);
	}
	if (!other)
		return made;
	delete made;
	return other;
}

/* Root may have all that there is; the others together not what is reserved for root. */
result<void> user_accounts::take_of_total(const user_account &by, u64 pages) noexcept
{
	const u64 total = pb_param_total_pages_max();
	const u64 for_others = total - part_of(total, pb_param_root_percent());

	if (!by.is_root_ && pages_of_others_.fetch_add(pages) + pages > for_others) {
		pages_of_others_.fetch_add(0 - pages);
		return error(ENOMEM);
	}
	if (total_pages_.fetch_add(pages) + pages > total) {
		total_pages_.fetch_add(0 - pages);
		if (!by.is_root_)
			pages_of_others_.fetch_add(0 - pages);
		return error(ENOMEM);
	}
	return {};
}

result<void> user_accounts::charge_account(user_account &to, u64 pages, bool is_ring,
					   pb_charge &out) noexcept
{
	lock_guard held(to.pages_mutex_);
	const u64 share = part_of(pb_param_total_pages_max(), pb_param_user_percent());

	TRY(to.charge_locked(pages, out));
	cxxrt::scope_guard uncharge([&] { pb_uncharge_pages(&out); });

	if (!to.is_root_ && to.pages_ + pages > share && !pb_may_exceed_limits())
		return error(EPERM);
	if (is_ring && !take_one(to.rings_, pb_param_user_rings_max()))
		return error(ENOSPC);

	result<void> taken = take_of_total(to, pages);

	if (!taken) {
		if (is_ring)
			to.rings_.fetch_add(u64{0} - 1);
		return taken;
	}
	to.pages_ += pages;
	to.pinned_ += out.mm_pages;
	uncharge.dismiss();
	return {};
}

result<void> user_accounts::charge(u64 area, u64 beside, u64 most, bool is_ring,
				   pb_charge &out) noexcept
{
	if (area > most)
		return error(ENOMEM);

	user_account *to = get_current();

	if (!to)
		return error(ENOMEM);

	result<void> charged = charge_account(*to, area + beside, is_ring, out);

	if (!charged) {
		to->put();
		return charged;
	}
	out.account = to;
	out.pages = area + beside;
	out.is_ring = is_ring;
	return {};
}

void user_accounts::uncharge(const pb_charge &charged) noexcept
{
	user_account &from = *static_cast<user_account *>(charged.account);
	{
		lock_guard held(from.pages_mutex_);

		from.pages_ -= charged.pages;
		from.pinned_ -= charged.mm_pages;
	}
	total_pages_.fetch_add(0 - charged.pages);
	if (!from.is_root_)
		pages_of_others_.fetch_add(0 - charged.pages);
	if (charged.is_ring)
		from.rings_.fetch_add(u64{0} - 1);
	pb_uncharge_pages(&charged);
	from.put();
}

} // namespace perfbuf
