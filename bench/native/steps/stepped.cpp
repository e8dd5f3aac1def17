// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel sends SIGTRAP after each instruction while TF is set. The handler looks at the one
 * that comes next. Compiled without a red zone: TF is set and cleared through the stack.
 */
#include "stepped.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>

#include <ucontext.h>

namespace steps
{

namespace
{

stepped seen;
volatile bool counts;

/* Whether the instruction at @at locks: its legacy prefixes, or xchg with an operand in memory. */
bool is_locked(const unsigned char *at)
{
	bool lock = false;

	for (;; at++) {
		switch (*at) {
		case 0xf0:
			lock = true;
			continue;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0x66:
		case 0x67:
		case 0xf2:
		case 0xf3:
			continue;
		}
		break;
	}
	if ((*at & 0xf0) == 0x40)
		at++;
	return lock || ((*at == 0x86 || *at == 0x87) && at[1] >> 6 != 3);
}

void stepped_one(int, siginfo_t *, void *context)
{
	const greg_t ip = static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_RIP];

	if (!counts)
		return;
	seen.instructions++;
	seen.locked += is_locked(reinterpret_cast<const unsigned char *>(ip));
}

} // namespace

[[gnu::noinline]] stepped step_through(void (*fn)(void *), void *argument)
{
	struct sigaction action = {}, before;

	action.sa_sigaction = stepped_one;
	action.sa_flags = SA_SIGINFO;
	if (sigaction(SIGTRAP, &action, &before))
		abort();
	seen = {};
	counts = true;
	asm volatile("pushfq; orq $0x100, (%%rsp); popfq" : : : "memory", "cc");
	fn(argument);
	asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory", "cc");
	counts = false;
	if (sigaction(SIGTRAP, &before, nullptr))
		abort();
	return seen;
}

} // namespace steps
