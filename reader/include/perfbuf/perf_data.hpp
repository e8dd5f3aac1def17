// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Reads perf.data files and pipes of perf and of perfbuf, and writes files that perf reads.
 * A wrong size or offset in a file is an error, never a read past its end.
 */
#pragma once

#include <memory>
#include <perfbuf/lookup.hpp>
#include <span>
#include <string>

namespace perfbuf::reader
{

/** Reads a file: open() it, then each() visits its records. One thread at a time. */
class perf_data_reader
{
public:
	/** @param path "-" reads standard input to its end
	 * Errors: those of open(2); EINVAL: it is no perf.data, or it is damaged. */
	static result<perf_data_reader> open(const std::string &path);

	perf_data_reader(perf_data_reader &&) noexcept;
	perf_data_reader &operator=(perf_data_reader &&) noexcept;
	~perf_data_reader();

	/** The events that were recorded, with their fields. */
	const std::vector<described_event> &events() const noexcept;

	/**
	 * Call use() for every record that a kernel wrote, in the order of time. The records of two
	 * rounds of the file are held in memory for that, but no more than 512 MiB or four times
	 * the file: if they become more, because they are compressed, the older half is passed on
	 * early, and a record may come after newer ones. Errors: EINVAL: a record is damaged; the
	 * records before it have been visited; ENOTSUP: the file is compressed (-z), and the
	 * library was built without libzstd.
	 */
	result<void> each(const event_visitor &use) const;

private:
	struct state;
	explicit perf_data_reader(std::unique_ptr<state> made) noexcept;

	std::unique_ptr<state> state_;
};

/** Writes a file: create() it, add() records, call round() after each pass over the rings,
 * finish(). If the process is killed before finish(), the file has all rounds. One thread at a
 * time. */
class perf_data_writer
{
public:
	/** @param events of a session, which stays open until finish(). Errors: those of open(2).
	 */
	static result<perf_data_writer> create(const std::string &path,
					       std::span<const described_event> events);

	perf_data_writer(perf_data_writer &&) noexcept;
	perf_data_writer &operator=(perf_data_writer &&) noexcept;
	~perf_data_writer();

	/** Append a record of `event`, which is one of `events`, with its time. */
	result<void> add(const record &record, const described_event &event, uint64_t time);
	/** End a round: no record that is added later is older than those that were added so far.
	 */
	result<void> round();
	/**
	 * Write the rest of the file.
	 * @return bytes of records that are missing because the disk is full
	 */
	result<uint64_t> finish();

	/** The size of the file so far, in bytes. */
	uint64_t size() const noexcept;

private:
	struct state;
	explicit perf_data_writer(std::unique_ptr<state> made) noexcept;

	std::unique_ptr<state> state_;
};

} // namespace perfbuf::reader
