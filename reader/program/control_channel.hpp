// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Commands to a recording that runs, as perf record --control has them. */
#pragma once

#include <cstddef>
#include <optional>
#include <perfbuf/unique_fd.hpp>
#include <string>

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

	/** Reads some of what has come; does not wait. @return bytes */
	size_t read();

	/** @return the next command that was read. Unknown ones are said on standard error, and
	 * answered "failed". */
	std::optional<control_command> next();

	/** Reads and answers all commands that have come since the recording ended: "ack" to those
	 * that want it to end or to be disabled, "failed" to others. */
	void answer_rest();

	/** Writes "ack" if a command was carried out, otherwise "failed"; nothing without a place
	 * for answers. */
	void answer(bool done) const noexcept;

private:
	std::optional<std::string> next_line();
	void refuse(const std::string &line) const;

	reader::unique_fd commands_;
	reader::unique_fd answers_;
	std::string rest_; // of what was read
	bool is_all_read_ = false;
	bool is_too_long_ = false; // the line whose end is yet to come
};

} // namespace perfbuf::program
