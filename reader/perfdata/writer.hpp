// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Writes perf.data. Its life: begin(); append() records and close each pass over the rings with
 * round(); finish(). A file can be read after each round: its header says how far the records go,
 * and the features that are known by then stand behind them. While the next records are being
 * written over these, it says that there are none. Records go through unchanged: they are what the
 * kernel wrote, or synthesize.hpp.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/perf_event.h>
#include <map>
#include <optional>
#include <perfbuf/result.hpp>
#include <span>
#include <string>
#include <vector>

#include "perfdata/bytes.hpp"
#include "perfdata/compression.hpp"
#include "perfdata/format.hpp"
#include "perfdata/output.hpp"

namespace perfbuf::perfdata
{

/** One attr, and the ids of the files that were opened with it. */
struct described_attr {
	perf_event_attr attr{};
	std::vector<uint64_t> ids;
	std::string name;   /**< as reports show it; of a typed event <source>:<event> */
	std::string format; /**< of a typed event: the text that describes its payload */
};

using feature_map = std::map<feature, bytes>;

enum class layout { file, pipe };

class writer
{
public:
	/** Of each attr, where there are several: the size of a record has 16 bits. In a file there
	 * is no such limit. */
	static constexpr size_t most_ids_in_pipe =
		(UINT16_MAX - sizeof(perf_event_header) - attr_size) / sizeof(uint64_t);

	/** @param by compresses the records, if any does */
	writer(output to, layout how, std::optional<compressor> by = std::nullopt)
		: out_(std::move(to)), layout_(how), compressor_(std::move(by))
	{
	}

	/** @param early features that are known by now; a pipe has no other place for them. That of
	 * a compressor is added. */
	reader::result<void> begin(std::span<const described_attr> attrs, const feature_map &early);

	/** Whole records. The first error is kept: what comes later is refused, finish() puts the
	 * file in order. */
	reader::result<void> append(std::span<const std::span<const std::byte>> records);
	reader::result<void> append(std::span<const std::byte> records)
	{
		return append({&records, 1});
	}

	/** Records that perf does not look for among compressed ones: of its own types. */
	reader::result<void> append_plain(std::span<const std::span<const std::byte>> records);
	reader::result<void> append_plain(std::span<const std::byte> records)
	{
		return append_plain({&records, 1});
	}

	/** All rings were read once since the last round: perf need not keep what is older than
	 * that one. */
	reader::result<void> round();

	/**
	 * Make the file readable. If it could not take all that was appended, cut it back to whole
	 * records that leave space for the features.
	 * @return bytes of records that were given up
	 * Errors: of a file that begin() could not begin, which is empty then; of one that cannot
	 * be cut
	 */
	reader::result<uint64_t> finish(const feature_map &features);

	/** The size of the file, bytes. */
	uint64_t size() const noexcept { return out_.size(); }
	bool failed() const noexcept { return failed_; }
	/** Compresses the records; nullptr: they are not compressed. */
	const compressor *compressed() const noexcept
	{
		return compressor_ ? &*compressor_ : nullptr;
	}

private:
	reader::result<void> begin_file(std::span<const described_attr> attrs);
	reader::result<void> append_compressed(std::span<const std::byte> records);
	reader::result<void> begin_pipe(std::span<const described_attr> attrs,
					const feature_map &early);
	reader::result<void> write_trailer(const feature_map &features);
	void set_features(const feature_map &features) noexcept;
	void complete_so_far();
	void take_back_trailer();

	output out_;
	layout layout_;
	std::optional<compressor> compressor_;
	file_header header_;
	feature_map early_; // of a file: what complete_so_far() writes
	uint64_t last_round_ = 0;
	uint64_t appended_ = 0; // end of the data, had all of it been written
	bool begun_ = false;	// the header is whole
	bool failed_ = false;
};

} // namespace perfbuf::perfdata
