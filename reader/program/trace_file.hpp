// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A function trace that is being recorded: its file, and what goes into it. */
#pragma once

#include <cstdint>
#include <perfbuf/result.hpp>
#include <string>
#include <vector>

#include "program/aux_drain.hpp"
#include "program/options.hpp"
#include "tracefile/symbols.hpp"
#include "tracefile/writer.hpp"

namespace perfbuf::program
{

class trace_file
{
public:
	/** @param name as people know it; empty: it has none */
	trace_file(std::string name, reader::unique_fd to)
		: name_(std::move(name)), to_(std::move(to)), drain_(to_)
	{
	}
	trace_file(const trace_file &) = delete;
	trace_file &operator=(const trace_file &) = delete;

	/** The streams of the trace, and the names of all functions: a trace that is cut has them,
	 * and so has one of a module that goes. @return can it go on? */
	bool begin(const record_options &options);

	/** Before the records of the rings are taken. */
	void read_positions(std::vector<cpu_ring> &rings) { drain_.read_positions(rings); }
	/** And behind that. @return can it go on? */
	bool pass(std::vector<cpu_ring> &rings, const std::vector<reader::file> &files,
		  bool reenable);

	/**
	 * Close the file in order, with the names of functions that came meanwhile. Throws
	 * `failure` where that cannot be done.
	 * @param files those that the rings were mapped from
	 */
	void finish(const std::vector<cpu_ring> &rings, const std::vector<reader::file> &files);

	/**
	 * Once it is finished: "[ perfbuf: 12 calls, 3 kB, 0 lost -> FILE ]". What was lost stands
	 * in the streams, so they are read, unless that would take long.
	 */
	void print_closing_line();

	/** Once it is finished. Throws `failure` with a sentence if not all of it is there. */
	void check() const;

	uint64_t size() const noexcept { return to_.size(); }
	const aux_drain &drain() const noexcept { return drain_; }
	const std::string &name() const noexcept { return name_; }
	reader::unique_fd release_file() noexcept { return to_.release_file(); }

private:
	std::string name_;
	tracefile::writer to_;
	aux_drain drain_;
	tracefile::symbol_table symbols_;
	reader::result<void> written_; // the first error
	uint64_t given_up_ = 0;	       // bytes
	uint64_t calls_ = 0;	       // as the source counted, those that are lost included
};

} // namespace perfbuf::program
