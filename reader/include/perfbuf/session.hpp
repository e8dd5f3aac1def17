// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Events on all CPUs, in the order of their times: a file for each event and CPU, a ring for each
 * CPU, and one merge of all rings (merge.hpp). Its life: open(); set_filter(); start(); wait() and
 * read() until it is enough; finish(); drop it.
 */
#pragma once

#include <chrono>
#include <memory>
#include <perfbuf/lookup.hpp>
#include <span>
#include <string>
#include <sys/types.h>

namespace perfbuf::reader
{

struct session_options {
	pid_t pid = -1;	   /**< > 0: of this thread alone; -1: of everything on all CPUs */
	size_t pages = 64; /**< of each ring: a power of two */
	lookup_paths where;
};

class session
{
public:
	/**
	 * @param names as for find_event(); each once
	 * Errors: those of find_event(), file::open(), file::configure() and mapping::map().
	 */
	static result<session> open(std::span<const std::string> names,
				    const session_options &options = {});
	static result<session> open(const std::string &name, const session_options &options = {})
	{
		return open({&name, 1}, options);
	}

	session(session &&) noexcept;
	session &operator=(session &&) noexcept;
	~session();

	/** In the order of the names. */
	const std::vector<described_event> &events() const noexcept;

	/** Of an event of events(): on all its files. The sentence of an error says what is wrong
	 * with the text, and shows where. */
	result<void> set_filter(size_t which, const std::string &expression);
	result<void> start();
	result<void> stop();

	/**
	 * An epoll descriptor for a loop of the caller's own, readable when a ring is: more than
	 * half of it is unread, it was full, or the task or the source of an event has gone. Fewer
	 * records wake no reader, so the loop calls read() on a timer, too.
	 */
	int fd() const noexcept;
	/** @return true: fd() is readable; false: the time is over (ms; -1: never) */
	result<bool> wait(int timeout);

	/**
	 * One pass over all rings. use() gets every record that is older than the fence
	 * (file::fence()), in exact order; later ones wait for the next pass. If a ring has a
	 * record of a size that cannot be, all that stands behind it in this pass is given up, and
	 * counted in given_up().
	 * @return how many
	 */
	result<size_t> read(const event_visitor &use);
	/** stop(), and all that is left, with the losses that no record has reported. */
	result<size_t> finish(const event_visitor &use);

	/** start(), read() for so long, and finish(). */
	result<void> run(std::chrono::milliseconds time, const event_visitor &use);

	/** Records that the kernel could not write, as LOST records say so far. */
	uint64_t lost() const noexcept;
	/** Bytes behind records of sizes that cannot be, so far. */
	uint64_t given_up() const noexcept;

private:
	struct state;
	explicit session(std::unique_ptr<state> made) noexcept;

	std::unique_ptr<state> state_;
};

} // namespace perfbuf::reader
