/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call on another CPU that may wait for a grace period, in the middle of a write here: it runs up
 * to cxxrt_synchronize_rcu() at once, and the rest when the writer has left.
 */
#pragma once

#include <functional>
#include <memory>
#include <ucontext.h>

namespace perfbuf::host
{

class waiting_call
{
public:
	/* Runs @call up to its first wait, or its end. */
	explicit waiting_call(std::function<void()> call);
	/* The grace period is over: runs the rest. */
	~waiting_call();
	waiting_call(const waiting_call &) = delete;
	waiting_call &operator=(const waiting_call &) = delete;

	bool done() const { return done_; }

private:
	static void run();
	void resume();

	std::function<void()> call_;
	std::unique_ptr<char[]> stack_;
	ucontext_t here_, there_;
	bool done_ = false;
};

} // namespace perfbuf::host
