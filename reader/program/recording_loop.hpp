// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The main loop of a recording: it waits for records, and decides when the recording ends.
 */
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <perfbuf/file.hpp>
#include <utility>
#include <vector>

#include "program/control_channel.hpp"
#include "program/signals.hpp"
#include "program/workload.hpp"

namespace perfbuf::program
{

class recording_loop
{
public:
	/**
	 * @param child the command that is recorded; its end ends the recording
	 * @param ticks call pass() at least twice a second, for a terminal that shows counts or a
	 * pipe whose reader waits for the data
	 */
	recording_loop(const signals &watched, std::optional<workload> &child, bool ticks) noexcept
		: signals_(watched), child_(child)
	{
		if (ticks)
			interval_ = refresh_interval;
	}

	~recording_loop() { end_commands(); }
	recording_loop(const recording_loop &) = delete;
	recording_loop &operator=(const recording_loop &) = delete;

	/**
	 * Enables the files, unless the command's exec does, starts the command, and goes on
	 * until a signal, the end of the command or of all files, or until `duration` is over.
	 * @param pass empties the rings; returns false if the recording shall end. The last call
	 * (last) comes after the files were disabled.
	 */
	void run(const std::vector<reader::file> &files, bool enabled_by_exec,
		 std::optional<std::chrono::nanoseconds> duration,
		 const std::function<bool(bool last)> &pass);

	/** The files are enabled so long after the start. Before run(). */
	void enable_after(std::chrono::nanoseconds delay) noexcept { delay_ = delay; }
	/** The files stay disabled until a command enables them. Before run(). */
	void start_disabled() noexcept { starts_disabled_ = true; }
	/** Commands come from there. Before run(). */
	void listen(control_channel *to) noexcept { control_ = to; }

	/** A signal, a command, or so much time asks for another file. Before run(). */
	void switch_files(std::optional<std::chrono::nanoseconds> every) noexcept
	{
		switches_ = true;
		switch_every_ = every;
	}
	/** @return was another file asked for since the last call? For pass(). */
	bool take_switch() noexcept { return std::exchange(is_switch_asked_, false); }

	/** Answers the commands that asked for a file: "ack" if it is complete. Those that are left
	 * at the end are answered "failed". */
	void answer_snapshots(bool complete) noexcept;

	/** Call pass() at least so often. */
	void pass_every(std::chrono::milliseconds interval) noexcept { interval_ = interval; }

	/**
	 * Ends the command, if it still runs. Call it once the output file is complete.
	 * @return the exit status: the command's, 0 without one
	 */
	int end_command();

	/** The signal that ended the recording, if one did. */
	std::optional<int> signal() const noexcept { return signal_; }

private:
	using clock = std::chrono::steady_clock;
	// How often pass() is called with `ticks`.
	static constexpr std::chrono::milliseconds refresh_interval{500};

	int poll_timeout() const;
	bool handle_signals();
	bool handle_commands(const std::vector<reader::file> &files);
	void end_commands() noexcept;

	const signals &signals_;
	std::optional<workload> &child_;
	std::optional<std::chrono::milliseconds> interval_;
	std::optional<clock::time_point> deadline_;
	std::optional<std::chrono::nanoseconds> delay_;
	std::optional<clock::time_point> enable_at_;
	bool switches_ = false;
	std::optional<std::chrono::nanoseconds> switch_every_;
	std::optional<clock::time_point> switch_at_;
	bool is_switch_asked_ = false;
	unsigned snapshots_ = 0; // commands whose file is not written yet
	bool starts_disabled_ = false;
	bool is_full_ = false;	  // pass() ended it
	bool is_stopped_ = false; // a command did
	control_channel *control_ = nullptr;
	std::optional<int> signal_;
};

/** End this process by the signal that ended the recording, so that the parent process (a loop of a
 * shell, for example) sees it. Call it last. */
void end_by_signal(int number);

} // namespace perfbuf::program
