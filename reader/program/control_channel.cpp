// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads commands to a running recording from a FIFO or descriptor, and acknowledges them.
#include "program/control_channel.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "program/failure.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

namespace
{

constexpr size_t longest_line = 256;

failure wrong(const std::string &text)
{
	return {exit_usage,
		fmt::format(
			"--control {}: give fifo:CONTROL or fifo:CONTROL,ANSWERS, which are named "
			"pipes, or fd:NUMBER,NUMBER",
			text)};
}

// Both ends of a named pipe, so that it does not end with the first writer.
reader::unique_fd open_pipe(const std::string &path, const std::string &text)
{
	reader::unique_fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
	if (!fd)
		throw failure(exit_usage, fmt::format("--control {}: {}: {}", text, path,
						      std::strerror(errno)));
	return fd;
}

// A copy of a descriptor of the caller's.
reader::unique_fd copy_of(const std::string &number, const std::string &text)
{
	int value = -1;
	const char *end = number.data() + number.size();
	const auto [stop, bad] = std::from_chars(number.data(), end, value);
	reader::unique_fd fd(bad == std::errc() && stop == end ? ::fcntl(value, F_DUPFD_CLOEXEC, 3)
							       : -1);
	if (!fd)
		throw wrong(text);
	::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
	return fd;
}

} // namespace

control_channel::control_channel(const std::string &text)
{
	const size_t colon = text.find(':');
	if (colon == std::string::npos)
		throw wrong(text);
	const std::string kind = text.substr(0, colon);
	const std::string names = text.substr(colon + 1);
	const size_t comma = names.find(',');
	const std::string first = names.substr(0, comma);
	const auto open = kind == "fifo" ? open_pipe : kind == "fd" ? copy_of : nullptr;
	if (!open || first.empty())
		throw wrong(text);
	commands_ = open(first, text);
	if (comma != std::string::npos)
		answers_ = open(names.substr(comma + 1), text);
}

std::vector<control_command> control_channel::read()
{
	using name = std::pair<std::string_view, control_command>;
	static constexpr std::array<name, 5> names{{{"enable", control_command::enable},
						    {"disable", control_command::disable},
						    {"snapshot", control_command::snapshot},
						    {"stop", control_command::stop},
						    {"ping", control_command::ping}}};
	// One read: poll(2) reports what is left, and a writer that never pauses stops no ring.
	std::array<char, 512> part;
	const ssize_t got = ::read(commands_.get(), part.data(), part.size());
	if (got > 0)
		rest_.append(part.data(), static_cast<size_t>(got));
	else if (got == 0)
		commands_.reset(); // the last writer has gone
	std::vector<control_command> found;
	for (size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1)) {
		const auto line = std::string_view(rest_).substr(0, end);
		const control_command *known = nullptr;
		for (const auto &[text, command] : names)
			if (text == line)
				known = &command;
		if (known)
			found.push_back(*known);
		else
			say("perfbuf: \"{}\" is no command of --control: give enable, disable, "
			    "snapshot, stop or ping\n",
			    line);
	}
	if (rest_.size() > longest_line)
		rest_.clear();
	return found;
}

void control_channel::answer(bool done) const noexcept
{
	const std::string_view answer = done ? "ack\n" : "failed\n";
	if (answers_)
		(void)!::write(answers_.get(), answer.data(), answer.size());
}

} // namespace perfbuf::program
