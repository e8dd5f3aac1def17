// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What a recording waits for, and what ends it. */
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <perfbuf/file.hpp>
#include <vector>

#include "program/signals.hpp"
#include "program/workload.hpp"

namespace perfbuf::program
{

class recording_loop
{
public:
	/**
	 * @param child the command that is recorded; its end ends the recording
	 * @param ticks somebody looks on, or waits for the data: pass twice a second at least
	 */
	recording_loop(const signals &watched, std::optional<workload> &child, bool ticks) noexcept
		: signals_(watched), child_(child)
	{
		if (ticks)
			interval_ = refresh_interval;
	}

	/**
	 * Enables the files, unless the command's exec does, starts the command, and goes on
	 * until a signal, the end of the command or of all files, or until `duration` is over.
	 * @param pass empties the rings; false: it is over. The last one comes after the files were
	 * disabled.
	 */
	void run(const std::vector<reader::file> &files, bool enabled_by_exec,
		 std::optional<std::chrono::nanoseconds> duration,
		 const std::function<bool(bool last)> &pass);

	/** Pass so often, at least. */
	void pass_every(std::chrono::milliseconds interval) noexcept { interval_ = interval; }

	/**
	 * Once what was recorded is in order: end the command, if it still runs.
	 * @return the exit status: the command's, 0 without one
	 */
	int end_command();

	/** The signal that ended it. */
	std::optional<int> signal() const noexcept { return signal_; }

private:
	using clock = std::chrono::steady_clock;
	// On a terminal somebody watches the counts; behind a pipe somebody waits for the data.
	static constexpr std::chrono::milliseconds refresh_interval{500};

	int poll_timeout() const;
	bool handle_signals();

	const signals &signals_;
	std::optional<workload> &child_;
	std::optional<std::chrono::milliseconds> interval_;
	std::optional<clock::time_point> deadline_;
	std::optional<int> signal_;
};

/** Once all is in order: end as the signal that ended the recording. The
 * parent process (a shell's loop, say) sees it. */
void end_by_signal(int number);

} // namespace perfbuf::program
