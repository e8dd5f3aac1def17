// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The finished files of record --switch-output. perf names them in the same way. */
#pragma once

#include <deque>
#include <string>

namespace perfbuf::program
{

class switched_files
{
public:
	/** @param output what the file is called while it is written
	 * @param most of them that are kept, the newest; 0: all */
	switched_files(std::string output, size_t most) : output_(std::move(output)), most_(most) {}

	/**
	 * The file is complete: call it "<output>.<YYYYMMDDhhmmsscc>", the time of day in
	 * hundredths of a second. An earlier file of that name stays: then it is the next
	 * hundredth. Throws `failure`.
	 * @return its name
	 */
	const std::string &add();

	/** "perf.data.2026113003102233 and perf.data.2026113003102301" */
	std::string names() const;
	bool empty() const noexcept { return names_.empty(); }

private:
	std::string output_;
	size_t most_;
	std::deque<std::string> names_;
};

} // namespace perfbuf::program
