// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * perf.data: reads files and pipes of perf and of perfbuf, and writes files that perf reads.
 * A size or an offset that cannot be is an error, never a read past the end.
 */
#pragma once

#include <memory>
#include <perfbuf/lookup.hpp>
#include <span>
#include <string>

namespace perfbuf::reader
{

/** Its life: open(); events(); each(). */
class perf_data_reader
{
public:
	/** @param path "-" reads standard input to its end
	 * Errors: what opening says; EINVAL it is no perf.data, it is damaged or compressed. */
	static result<perf_data_reader> open(const std::string &path);

	perf_data_reader(perf_data_reader &&) noexcept;
	perf_data_reader &operator=(perf_data_reader &&) noexcept;
	~perf_data_reader();

	const std::vector<described_event> &events() const noexcept;

	/**
	 * Call use() for every record that a kernel wrote, in the order of time. The rounds of the
	 * file bound what is held for it.
	 * Errors: EINVAL, a record that cannot be; what was before it has been visited.
	 */
	result<void> each(const event_visitor &use) const;

private:
	struct state;
	explicit perf_data_reader(std::unique_ptr<state> made) noexcept;

	std::unique_ptr<state> state_;
};

/** Its life: create(); add() records, and round() after each pass over the rings; finish(). A file
 * that is killed before finish() holds all rounds. */
class perf_data_writer
{
public:
	/** @param events of a session, whose files are open */
	static result<perf_data_writer> create(const std::string &path,
					       std::span<const described_event> events);

	perf_data_writer(perf_data_writer &&) noexcept;
	perf_data_writer &operator=(perf_data_writer &&) noexcept;
	~perf_data_writer();

	/** Of an event of `events`, with its time. */
	result<void> add(const record &one, const described_event &event, uint64_t time);
	/** No record that is added later is older than those that were added so far. */
	result<void> round();
	/**
	 * Make the file whole.
	 * @return bytes of records that were given up since the disk is full
	 */
	result<uint64_t> finish();

	/** Bytes in the file. */
	uint64_t size() const noexcept;

private:
	struct state;
	explicit perf_data_writer(std::unique_ptr<state> made) noexcept;

	std::unique_ptr<state> state_;
};

} // namespace perfbuf::reader
