// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file How a command gives up: with an exit status, and one sentence that says what to do. */
#pragma once

#include <perfbuf/result.hpp>
#include <stdexcept>
#include <string>

namespace perfbuf::program
{

inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_not_executable = 126; // as a shell
inline constexpr int exit_not_found = 127;

class failure : public std::runtime_error
{
public:
	failure(int status, const std::string &sentence)
		: std::runtime_error(sentence), status_(status)
	{
	}
	int status() const noexcept { return status_; }

private:
	int status_;
};

/** A sentence out of an error for which there is no better advice than its cause. */
inline failure plain_failure(const reader::error &why)
{
	return {exit_failed, why.text + ": " + why.code.message()};
}

} // namespace perfbuf::program
