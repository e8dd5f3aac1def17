/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is not to be had, at every allocation in turn, and copies that fault: the n-th of a
 * system call fails (/proc/thread-self/fail-nth), on kernels with fault injection.
 */
#pragma once

#include <cerrno>
#include <stdexcept>

#include <gtest/gtest.h>

#include "support/event.hpp"
#include "support/mapping.hpp"

namespace device_test
{

bool can_inject();
/* Also what could wait for memory fails, single pages, and copies from and to user space. */
void arm();

/* From now on, until arm(): of a context that may not sleep. */
void fail_only_what_cannot_wait();

/* While it lives, the user's allowance of locked memory is used up: the rest is in VmPin. */
class allowance_used_up
{
public:
	allowance_used_up();

private:
	unique_fd fd_;
	mapping used_;
};

/* The calling thread's countdown. Its own system calls are counted as well, so it stays open. */
class countdown
{
public:
	countdown();
	~countdown();

	void set(unsigned n) const;
	/* Something has failed since it was set, and not only now. */
	bool is_over() const;

private:
	unique_fd fd_;
};

/*
 * Calls @deed, which gives 0 or an errno, with the first allocation failing,
 * then the second, until it makes fewer than that. How many it made.
 */
template <typename Deed>
unsigned fail_each(Deed &&deed)
{
	const countdown failing;
	for (unsigned n = 1; n < 2000; n++) {
		failing.set(n);
		const int error = deed();
		const bool failed = failing.is_over();
		failing.set(0);
		EXPECT_TRUE(!error || error == ENOMEM || error == EFAULT)
			<< errno_name(error) << " at " << n;
		if (!failed)
			return n - 1;
	}
	throw std::runtime_error("it never stops to allocate");
}

} /* namespace device_test */
