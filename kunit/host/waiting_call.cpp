// SPDX-License-Identifier: GPL-2.0
/* A call that waits inside until a test resumes it. */
#include "waiting_call.hpp"

#include "host.hpp"

#include <utility>

namespace perfbuf::host
{

namespace
{

constexpr std::size_t stack_bytes = 256 << 10;

/* The call that runs now. */
waiting_call *running;

} // namespace

waiting_call::waiting_call(std::function<void()> call)
	: call_(std::move(call)), stack_(new char[stack_bytes])
{
	getcontext(&there_);
	there_.uc_stack = {.ss_sp = stack_.get(), .ss_flags = 0, .ss_size = stack_bytes};
	there_.uc_link = &here_;
	makecontext(&there_, run, 0);
	resume();
}

waiting_call::~waiting_call()
{
	while (!done_)
		resume();
}

void waiting_call::run()
{
	waiting_call *self = running;

	self->call_();
	self->done_ = true;
}

void waiting_call::resume()
{
	waiting_call *outer = std::exchange(running, this);
	auto *const before = std::exchange(on_grace_period, [] {
		running->waits_ = true;
		leave();
	});

	waits_ = false;
	swapcontext(&here_, &there_);
	on_grace_period = before;
	running = outer;
}

void waiting_call::leave()
{
	swapcontext(&running->there_, &running->here_);
}

} // namespace perfbuf::host
