// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Commands to a recording that runs, as perf record --control has them. */
#pragma once

#include <perfbuf/unique_fd.hpp>
#include <string>
#include <vector>

namespace perfbuf::program
{

enum class control_command { enable, disable, snapshot, stop, ping };

class control_channel
{
public:
	/** Throws `failure`. @param text "fifo:CONTROL[,ANSWERS]" or "fd:NUMBER[,NUMBER]" */
	explicit control_channel(const std::string &text);

	/** To poll; -1: no command will come any more. */
	int fd() const noexcept { return commands_.get(); }

	/** @return some of the commands that have come, of one read; does not wait. Unknown ones
	 * are said on standard error. */
	std::vector<control_command> read();

	/** Writes "ack" if a command was carried out, otherwise "failed"; nothing without a place
	 * for answers. */
	void answer(bool done) const noexcept;

private:
	reader::unique_fd commands_;
	reader::unique_fd answers_;
	std::string rest_; // of a line
};

} // namespace perfbuf::program
