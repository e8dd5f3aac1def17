// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The command that is recorded. */
#pragma once

#include <optional>
#include <perfbuf/unique_fd.hpp>
#include <signal.h>
#include <string>
#include <sys/types.h>
#include <vector>

namespace perfbuf::program
{

/** Its life: forked and waiting; start() lets it execute; reap() or the destructor collects it. */
class workload
{
public:
	/**
	 * @param signals  the mask to execute with
	 * @param to_stderr its standard output is taken by the data
	 */
	workload(const std::vector<std::string> &command, const sigset_t &signals, bool to_stderr);
	workload(const workload &) = delete;
	workload &operator=(const workload &) = delete;
	~workload();

	pid_t pid() const noexcept { return pid_; }

	/** Throws `failure` with a shell's status if the command cannot be executed. */
	void start();

	/** @return its wait status once it has ended */
	std::optional<int> reap(bool wait = false);

	/** Ask it to end (SIGTERM). */
	void stop() const;

private:
	[[noreturn]] void execute(const sigset_t &signals, bool to_stderr);

	std::vector<std::string> command_;
	reader::unique_fd go_;	   // a byte, or nothing: do not execute
	reader::unique_fd failed_; // errno of execvp(3), or nothing: it executes
	pid_t pid_ = -1;
	std::optional<int> status_;
};

} // namespace perfbuf::program
