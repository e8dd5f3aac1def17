// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Follows the threads of recorded processes with files of their own.
#include "program/threads.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <string_view>

#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

enum class answer { follows, ended, cannot };

answer follow(const reader::file &file, pid_t thread)
{
	const auto done = file.follow(thread);
	if (done)
		return answer::follows;
	switch (done.error().code.value()) {
	case ESRCH:
		return answer::ended;
	case EOPNOTSUPP:
	case ENOTTY: // perf's own events, or an older module
	case EINVAL: // an event without inheritance
		return answer::cannot;
	default:
		throw plain_failure(done.error());
	}
}

} // namespace

std::vector<pid_t> threads_of(const std::vector<pid_t> &pids)
{
	std::vector<pid_t> threads;
	for (const pid_t pid : pids) {
		const size_t before = threads.size();
		std::error_code ignored;
		for (fs::directory_iterator walk(fs::path("/proc") / std::to_string(pid) / "task",
						 ignored);
		     !ignored && walk != fs::directory_iterator(); walk.increment(ignored)) {
			const std::string name = walk->path().filename();
			pid_t tid = 0;
			std::from_chars(name.data(), name.data() + name.size(), tid);
			threads.push_back(tid);
		}
		if (threads.size() == before)
			throw failure(
				exit_usage,
				fmt::format("there is no process {}: see ps -e for those there are",
					    pid));
	}
	return threads;
}

std::vector<pid_t> processes_of(const std::vector<pid_t> &tids)
{
	std::vector<pid_t> pids;
	for (const pid_t tid : tids) {
		std::ifstream status(fs::path("/proc") / std::to_string(tid) / "status");
		constexpr std::string_view key = "Tgid:\t";
		pid_t pid = 0;
		for (std::string line; !pid && std::getline(status, line);)
			if (line.starts_with(key))
				std::from_chars(line.data() + key.size(), line.data() + line.size(),
						pid);
		if (!pid)
			throw failure(exit_usage,
				      fmt::format("there is no thread {}: see ps -eL for those "
						  "there are",
						  tid));
		if (std::find(pids.begin(), pids.end(), pid) == pids.end())
			pids.push_back(pid);
	}
	return pids;
}

std::vector<pid_t> recorded_threads(const record_options &options)
{
	return options.tids.empty() ? threads_of(options.pids) : options.tids;
}

std::vector<reader::file>
open_on_threads(const std::vector<pid_t> &threads,
		const std::function<std::optional<reader::file>(pid_t)> &open_one,
		const std::function<void()> &before_many)
{
	std::vector<reader::file> files;
	bool one_for_all = true;
	for (const pid_t thread : threads) {
		if (!files.empty() && one_for_all) {
			const auto is = follow(files.back(), thread);
			if (is == answer::follows)
				continue;
			// Otherwise this thread has ended, or all that the file follows: then this
			// one gets a file.
			if (is == answer::cannot) {
				one_for_all = false;
				before_many();
			}
		}
		if (auto file = open_one(thread))
			files.push_back(*std::move(file));
	}
	return files;
}

void follow_new_threads(std::span<const reader::file> files, const record_options &options,
			std::vector<pid_t> known)
{
	const std::vector<pid_t> &pids = options.pids;
	if (!options.tids.empty())
		return;
	std::sort(known.begin(), known.end());
	// A thread that no file follows yet may start another one meanwhile.
	for (bool found = !pids.empty(); found;) {
		std::vector<pid_t> now;
		try {
			now = threads_of(pids);
		} catch (const failure &) {
			return; // a process has ended
		}
		std::sort(now.begin(), now.end());
		std::vector<pid_t> fresh;
		std::set_difference(now.begin(), now.end(), known.begin(), known.end(),
				    std::back_inserter(fresh));
		found = false;
		for (const auto &file : files)
			for (const pid_t thread : fresh) {
				const auto is = follow(file, thread);
				if (is == answer::cannot)
					break;
				found |= is == answer::follows;
			}
		known = std::move(now);
	}
}

} // namespace perfbuf::program
