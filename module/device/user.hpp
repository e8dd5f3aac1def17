/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accounts of the users of the module, and their limits: docs/limits.md.
 *
 * A user is a uid of the initial user namespace (struct user_struct), with all of its processes and
 * namespaces. Its account exists from its first file or ring to its last.
 *
 * Locks: users > nothing; an account's pages mutex > nothing. Both are innermost.
 */
#pragma once

#include "ring/abi.hpp"
#include "ring/pages.h"

#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class user_accounts;

class user_account
{
public:
	/* Takes over the reference to @user. */
	user_account(user_accounts &of, void *user) noexcept;
	~user_account();

	/* Whether this is the account of @user; NULL stands for every user. */
	bool is_of(const void *user) const noexcept { return !user || user_ == user; }

	/* EMFILE: the user has as many events as it may have. */
	cxxrt::result<void> take_event() noexcept;
	void give_event() noexcept { events_.fetch_add(u64{0} - 1); }
	/* The number of members of its events: see task_set_kind. */
	cxxrt::shared<u64> &members() noexcept { return members_; }

	void put() noexcept;

private:
	friend class user_accounts;

	cxxrt::result<void> charge_locked(u64 pages, pb_charge &out) noexcept;

	user_accounts &of_;
	void *const user_; /* of pb_user_get_current() */
	const bool is_root_;
	user_account *next_ = nullptr;
	u64 references_ = 1; /* under the lock of the accounts */
	cxxrt::shared<u64> events_;
	cxxrt::shared<u64> members_;
	cxxrt::shared<u64> rings_;
	cxxrt::mutex pages_mutex_;
	u64 pages_ = 0;	 /* of rings and AUX areas */
	u64 pinned_ = 0; /* those of them that were charged to an mm */
};

class user_accounts
{
public:
	user_accounts() noexcept;

	/* The account of the calling process, with a reference; nullptr: no memory. */
	user_account *get_current() noexcept;

	/*
	 * Charges an area of @area pages (at most @most) and @beside other pages to the calling
	 * user, to its memory limit and to the module's total. The charge it fills in goes to
	 * uncharge(). ENOMEM: more than @most, or more than the module has left for this user;
	 * EPERM: more than the user's limit; ENOSPC: too many rings of the user. Process context,
	 * may sleep.
	 */
	cxxrt::result<void> charge(u64 area, u64 beside, u64 most, bool is_ring,
				   pb_charge &out) noexcept;
	void uncharge(const pb_charge &charged) noexcept;

private:
	friend class user_account;

	cxxrt::result<void> charge_account(user_account &to, u64 pages, bool is_ring,
					   pb_charge &out) noexcept;
	cxxrt::result<void> take_of_total(const user_account &by, u64 pages) noexcept;

	struct accounts {
		user_account *buckets[64] = {};
	};
	static user_account *&bucket(accounts &all, const void *user) noexcept;
	/* With a reference; nullptr: there is none. */
	static user_account *find(accounts &all, const void *user) noexcept;

	cxxrt::guarded<accounts, cxxrt::mutex> accounts_;
	cxxrt::shared<u64> total_pages_;
	cxxrt::shared<u64> pages_of_others_; /* than root */
};

} // namespace perfbuf
