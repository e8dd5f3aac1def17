// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Runs a command through the shell and keeps what it said; and a place for files that goes
 * with the test. */
#pragma once

#include <filesystem>
#include <string>

namespace perfbuf::tests
{

struct outcome {
	int status; /**< as a shell has it: 128 + signal */
	std::string out;
	std::string err;
};

class scratch_directory
{
public:
	scratch_directory();
	scratch_directory(const scratch_directory &) = delete;
	scratch_directory &operator=(const scratch_directory &) = delete;
	~scratch_directory();

	const std::filesystem::path &path() const noexcept { return path_; }
	std::string operator/(const std::string &name) const { return path_ / name; }

	/** In this directory, without standard input. */
	outcome run(const std::string &command) const;

private:
	std::filesystem::path path_;
};

/** @return lines that contain the text */
size_t count_lines(const std::string &text, const std::string &with);

/** @return is perf there to check with? */
bool have_perf();

} // namespace perfbuf::tests

/** perf is the judge of these tests; a machine without it cannot run them. */
#define NEED_PERF()                                                                                \
	do {                                                                                       \
		if (!perfbuf::tests::have_perf())                                                  \
			GTEST_SKIP() << "perf is not installed (Debian: linux-perf)";              \
	} while (false)
