// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Blocks the signals that end a recording, and reads them from a descriptor.
#include "program/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include "program/failure.hpp"

namespace perfbuf::program
{

signals::signals(bool switches)
{
	sigset_t handled;
	sigemptyset(&handled);
	sigaddset(&handled, SIGCHLD);
	// A script's shell has its background commands ignore SIGINT. As perf does, we end by it
	// all the same: blocked signals come, ignored or not. The command that is recorded ignores
	// it as the shell wants.
	sigaddset(&handled, SIGINT);
	sigaddset(&handled, SIGTERM);
	// nohup asks to outlive the terminal, and nothing else.
	struct sigaction hangup {
	};
	::sigaction(SIGHUP, nullptr, &hangup);
	if (hangup.sa_handler != SIG_IGN)
		sigaddset(&handled, SIGHUP);
	if (switches)
		sigaddset(&handled, SIGUSR2);
	::sigprocmask(SIG_BLOCK, &handled, &before_);
	::signal(SIGPIPE, SIG_IGN);
	::signal(SIGXFSZ, SIG_IGN);
	fd_.reset(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
	if (!fd_)
		throw plain_failure(reader::system_error("cannot watch for signals"));
}

signals::~signals()
{
	::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> signals::next() const
{
	signalfd_siginfo got;
	while (::read(fd_.get(), &got, sizeof(got)) == sizeof(got))
		if (got.ssi_signo != SIGCHLD)
			return static_cast<int>(got.ssi_signo);
	return std::nullopt;
}

} // namespace perfbuf::program
