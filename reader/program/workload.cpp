// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Forks the command that is recorded, lets it execute, and collects its status.
#include "program/workload.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

struct pipe_ends {
	reader::unique_fd read;
	reader::unique_fd write;
};

pipe_ends make_pipe()
{
	int fds[2];
	if (::pipe2(fds, O_CLOEXEC) < 0)
		throw plain_failure(reader::system_error("cannot create a pipe"));
	return {reader::unique_fd(fds[0]), reader::unique_fd(fds[1])};
}

} // namespace

workload::workload(const std::vector<std::string> &command, const sigset_t &signals, bool to_stderr)
	: command_(command)
{
	auto go = make_pipe();
	auto failed = make_pipe();
	pid_ = ::fork();
	if (pid_ < 0)
		throw plain_failure(reader::system_error("cannot fork"));
	if (pid_ == 0) {
		go_ = std::move(go.read);
		failed_ = std::move(failed.write);
		go.write.reset();
		failed.read.reset();
		execute(signals, to_stderr);
	}
	go_ = std::move(go.write);
	failed_ = std::move(failed.read);
}

// In the child. What we ignore or block, the command must not inherit.
void workload::execute(const sigset_t &signals, bool to_stderr)
{
	::signal(SIGPIPE, SIG_DFL);
	::signal(SIGXFSZ, SIG_DFL);
	::sigprocmask(SIG_SETMASK, &signals, nullptr);
	if (to_stderr)
		::dup2(STDERR_FILENO, STDOUT_FILENO);

	std::vector<char *> arguments;
	for (auto &argument : command_)
		arguments.push_back(argument.data());
	arguments.push_back(nullptr);

	char byte;
	ssize_t got;
	do
		got = ::read(go_.get(), &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1) {
		::execvp(arguments[0], arguments.data());
		const int why = errno;
		[[maybe_unused]] const ssize_t written = ::write(failed_.get(), &why, sizeof(why));
	}
	::_exit(exit_not_found);
}

void workload::start()
{
	const char byte = 0;
	if (::write(go_.get(), &byte, 1) != 1)
		throw plain_failure(reader::system_error("cannot start " + command_[0]));
	int why = 0;
	ssize_t got;
	do
		got = ::read(failed_.get(), &why, sizeof(why));
	while (got < 0 && errno == EINTR);
	if (got != sizeof(why))
		return;
	const bool missing = why == ENOENT || why == ENOTDIR;
	throw failure(missing ? exit_not_found : exit_not_executable,
		      "cannot run " + command_[0] + ": " + std::strerror(why));
}

std::optional<int> workload::reap(bool wait)
{
	if (!status_) {
		int status = 0;
		pid_t got;
		do
			got = ::waitpid(pid_, &status, wait ? 0 : WNOHANG);
		while (got < 0 && errno == EINTR);
		if (got == pid_)
			status_ = status;
	}
	return status_;
}

void workload::stop() const
{
	if (!status_)
		::kill(pid_, SIGTERM);
}

workload::~workload()
{
	if (pid_ <= 0 || status_)
		return;
	go_.reset(); // one that still waits ends by itself
	stop();
	reap(true);
}

} // namespace perfbuf::program
