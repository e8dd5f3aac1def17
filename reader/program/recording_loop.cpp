// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Waits for records, signals and commands, and ends the recording.
#include "program/recording_loop.hpp"

#include <cerrno>
#include <cstdint>
#include <new>
#include <poll.h>
#include <sys/wait.h>

#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

int recording_loop::poll_timeout() const
{
	auto wait = std::chrono::milliseconds(-1);
	if (interval_)
		wait = *interval_;
	for (const auto &end : {deadline_, enable_at_, switch_at_}) {
		if (!end)
			continue;
		const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - clock::now());
		wait = std::max(std::chrono::milliseconds(0),
				wait.count() < 0 ? left : std::min(left, wait));
	}
	return static_cast<int>(std::min<int64_t>(wait.count(), INT32_MAX));
}

// @return is it over?
bool recording_loop::handle_signals()
{
	while (const auto number = signals_.next()) {
		if (*number == SIGUSR2) {
			is_switch_asked_ = true;
			continue;
		}
		signal_ = number;
		return true;
	}
	return child_ && child_->reap();
}

namespace
{

void enable_all(const std::vector<reader::file> &files)
{
	for (const auto &file : files)
		if (auto done = file.enable(); !done)
			throw explain_enable(done.error());
}

void disable_all(const std::vector<reader::file> &files)
{
	for (const auto &file : files)
		(void)file.disable();
}

} // namespace

// @return is it over?
bool recording_loop::handle_commands(const std::vector<reader::file> &files)
{
	bool over = false;
	control_->read();
	while (const auto command = control_->next()) {
		switch (*command) {
		case control_command::enable:
			if (over)
				break;
			try {
				enable_all(files);
			} catch (...) {
				control_->answer(false);
				throw;
			}
			break;
		case control_command::disable:
			disable_all(files);
			break;
		case control_command::snapshot:
			if (switches_) {
				is_switch_asked_ = true;
				snapshots_++;
				continue;
			}
			say("perfbuf: \"snapshot\" of --control is for --switch-output: give "
			    "that, too\n");
			control_->answer(false);
			continue;
		case control_command::stop:
			over = is_stopped_ = true;
			break;
		case control_command::ping:
			break;
		}
		// After "stop" nothing can be enabled, and nothing records.
		const bool ends =
			*command == control_command::stop || *command == control_command::disable;
		control_->answer(ends || !over);
	}
	return over;
}

void recording_loop::run(const std::vector<reader::file> &files, bool enabled_by_exec,
			 std::optional<std::chrono::nanoseconds> duration,
			 const std::function<bool(bool last)> &pass)
{
	if (!enabled_by_exec && !delay_ && !starts_disabled_)
		enable_all(files);
	if (child_)
		child_->start();
	if (duration)
		deadline_ = clock::now() + *duration;
	if (delay_)
		enable_at_ = clock::now() + *delay_;
	if (switch_every_)
		switch_at_ = clock::now() + *switch_every_;
	// Files that write into another's ring are polled too: they wake for that ring when the
	// other's thread has gone.
	std::vector<pollfd> wait{{signals_.fd(), POLLIN, 0},
				 {control_ ? control_->fd() : -1, POLLIN, 0}};
	for (const auto &file : files)
		wait.push_back({file.fd(), POLLIN, 0});
	size_t alive = files.size();

	for (bool over = false, more = true; !over && more;) {
		if (::poll(wait.data(), wait.size(), poll_timeout()) < 0 && errno != EINTR)
			throw plain_failure(reader::system_error("cannot wait for the rings"));
		over = handle_signals() || (deadline_ && clock::now() >= *deadline_);
		if (enable_at_ && clock::now() >= *enable_at_) {
			enable_at_.reset();
			enable_all(files);
		}
		if (control_) {
			over |= handle_commands(files);
			wait[1].fd = control_->fd();
		}
		for (size_t at = 2; at < wait.size(); at++)
			if (wait[at].fd >= 0 && wait[at].revents & (POLLHUP | POLLERR | POLLNVAL)) {
				wait[at].fd = -1;
				over |= --alive == 0;
			}
		if (switch_at_ && clock::now() >= *switch_at_) {
			is_switch_asked_ = true;
			switch_at_ = clock::now() + *switch_every_;
		}
		if (over)
			disable_all(files);
		more = pass(over);
		is_full_ |= !more;
	}
}

void recording_loop::answer_snapshots(bool complete) noexcept
{
	for (; snapshots_; snapshots_--)
		control_->answer(complete);
}

void recording_loop::end_commands() noexcept
{
	answer_snapshots(false);
	try {
		if (control_)
			control_->answer_rest();
	} catch (const std::bad_alloc &) {
		// Without an answer, as if the command had come later.
	}
}

int recording_loop::end_command()
{
	end_commands();
	if (!child_)
		return 0;
	child_->stop();
	// The file is complete. If the command does not stop, another Ctrl-C ends this process.
	::sigprocmask(SIG_SETMASK, &signals_.before(), nullptr);
	const int status = *child_->reap(true);
	if (WIFSIGNALED(status) && !signal_ && !deadline_ && !is_full_ && !is_stopped_)
		return 128 + WTERMSIG(status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

void end_by_signal(int number)
{
	::signal(number, SIG_DFL);
	::raise(number);
}

} // namespace perfbuf::program
