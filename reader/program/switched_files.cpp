// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "program/switched_files.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
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

} // namespace

const std::string &switched_files::add()
{
	auto now =
		std::chrono::floor<hundredths>(std::chrono::system_clock::now().time_since_epoch());
	std::string name = output_ + "." + digits_of(now);
	while (::renameat2(AT_FDCWD, output_.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE)) {
		if (errno != EEXIST)
			throw failure(exit_failed,
				      fmt::format("{} is complete and cannot be called {} ({}): "
						  "the recording ends",
						  output_, name, std::strerror(errno)));
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
