// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Names and removes the finished files of --switch-output.
#include "program/switched_files.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <perfbuf/unique_fd.hpp>
#include <unistd.h>

#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

using hundredths = std::chrono::duration<int64_t, std::centi>;

std::string digits_of(hundredths time)
{
	const auto whole = static_cast<time_t>(time.count() / 100);
	tm day{};
	::localtime_r(&whole, &day);
	return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}{:02}", day.tm_year + 1900,
			   day.tm_mon + 1, day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec,
			   time.count() % 100);
}

// Takes a name that no file has. Every file system can do this, and not every one RENAME_NOREPLACE.
// @return 0 or an errno
int move_to_new(const std::string &from, const std::string &to)
{
	if (!reader::unique_fd(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)))
		return errno;
	if (::rename(from.c_str(), to.c_str()) == 0)
		return 0;
	const int why = errno;
	::unlink(to.c_str());
	return why;
}

} // namespace

const std::string &switched_files::add()
{
	auto now =
		std::chrono::floor<hundredths>(std::chrono::system_clock::now().time_since_epoch());
	std::string name = output_ + "." + digits_of(now);
	while (const int why = move_to_new(output_, name)) {
		if (why != EEXIST)
			throw failure(exit_failed,
				      fmt::format("{} is complete and cannot be called {} ({}): "
						  "the recording ends",
						  output_, name, std::strerror(why)));
		name = output_ + "." + digits_of(++now);
	}
	names_.push_back(std::move(name));
	if (most_ && names_.size() > most_) {
		::unlink(names_.front().c_str());
		names_.pop_front();
	}
	return names_.back();
}

std::string switched_files::names() const
{
	std::string all;
	for (size_t at = 0; at < names_.size(); at++)
		all += (!at ? "" : at + 1 == names_.size() ? " and " : ", ") + names_[at];
	return all;
}

} // namespace perfbuf::program
