/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call on another CPU, in the middle of a write here. It runs up to cxxrt_synchronize_rcu() at
 * once, and the rest when the writer has left; or it leaves by itself where it likes.
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
	/* It waits for a grace period. */
	bool waits() const { return waits_; }
	/* Runs it up to its next wait, leave(), or its end. */
	void resume();
	/* Called by the call itself: goes back to the caller of resume(). */
	static void leave();

private:
	static void run();

	std::function<void()> call_;
	std::unique_ptr<char[]> stack_;
	ucontext_t here_, there_;
	bool done_ = false;
	bool waits_ = false;
};

} // namespace perfbuf::host
