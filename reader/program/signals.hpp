// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The signals that end a recording, as a descriptor to poll: the program completes its file
 * after any of them. */
#pragma once

#include <optional>
#include <perfbuf/unique_fd.hpp>
#include <signal.h>

namespace perfbuf::program
{

/** While it exists, SIGINT, SIGTERM, SIGHUP and SIGCHLD arrive at fd(), and a write to a full disk
 * or to a pipe without a reader fails with an errno. */
class signals
{
public:
	/** @param switches take SIGUSR2, too: it ends nothing */
	explicit signals(bool switches = false);
	signals(const signals &) = delete;
	signals &operator=(const signals &) = delete;
	~signals();

	int fd() const noexcept { return fd_.get(); }
	const sigset_t &before() const noexcept { return before_; }

	/** @return the next signal that is not SIGCHLD; does not wait */
	std::optional<int> next() const;

private:
	sigset_t before_;
	reader::unique_fd fd_;
};

} // namespace perfbuf::program
