// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads commands to a running recording from a FIFO or descriptor, and acknowledges them.
#include "program/control_channel.hpp"

#include <algorithm>
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
#include "tracefile/show.hpp"

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

std::optional<control_command> command_named(std::string_view text)
{
	using name = std::pair<std::string_view, control_command>;
	static constexpr std::array<name, 5> names{{{"enable", control_command::enable},
						    {"disable", control_command::disable},
						    {"snapshot", control_command::snapshot},
						    {"stop", control_command::stop},
						    {"ping", control_command::ping}}};
	for (const auto &[known, command] : names)
		if (known == text)
			return command;
	return std::nullopt;
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

size_t control_channel::read()
{
	// One read: poll(2) reports what is left, and a writer that never pauses stops no ring.
	std::array<char, 512> part;
	const ssize_t got = ::read(commands_.get(), part.data(), part.size());
	if (got == 0)
		commands_.reset(); // the last writer has gone
	const auto size = static_cast<size_t>(std::max<ssize_t>(got, 0));
	rest_.append(part.data(), size);
	is_all_read_ = size < part.size();
	return size;
}

// A line, without its end. Only a known command may lack the end, as perf takes it.
std::optional<std::string> control_channel::next_line()
{
	const size_t end = rest_.find_first_of(std::string_view("\n\0", 2));
	if (end == std::string::npos) {
		if (!is_all_read_ || !command_named(rest_))
			return std::nullopt;
		return std::exchange(rest_, {});
	}
	std::string line = rest_.substr(0, end);
	rest_.erase(0, end + 1);
	return line;
}

std::optional<control_command> control_channel::next()
{
	while (const auto line = next_line()) {
		if (std::exchange(is_too_long_, false) || line->empty())
			continue; // the end of a line that is answered
		if (const auto known = command_named(*line))
			return known;
		refuse(*line);
	}
	if (rest_.size() > longest_line) {
		if (!std::exchange(is_too_long_, true))
			refuse(rest_);
		rest_.clear();
	}
	return std::nullopt;
}

void control_channel::refuse(const std::string &line) const
{
	say("perfbuf: {} is no command of --control: give enable, disable, snapshot, stop or "
	    "ping\n",
	    line.size() > longest_line ? fmt::format("a line of more than {} bytes", longest_line)
				       : fmt::format("\"{}\"", tracefile::printable(line)));
	answer(false);
}

void control_channel::answer_rest()
{
	// A pipe has at most one MiB unless root changes that.
	constexpr int most_reads = 4096;
	for (int reads = 0; reads < most_reads; reads++) {
		while (const auto command = next())
			answer(*command == control_command::stop ||
			       *command == control_command::disable);
		if (!read())
			break;
	}
	if (!rest_.empty() && !is_too_long_)
		refuse(rest_); // a line without an end
	rest_.clear();
}

void control_channel::answer(bool done) const noexcept
{
	const std::string_view answer = done ? "ack\n" : "failed\n";
	if (answers_)
		(void)!::write(answers_.get(), answer.data(), answer.size());
}

} // namespace perfbuf::program
