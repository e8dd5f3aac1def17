// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the bytes of a record mean, given the attr that they were recorded with. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/perf_event.h>
#include <optional>
#include <perfbuf/events.hpp>
#include <perfbuf/record.hpp>
#include <perfbuf/sample.hpp>

namespace perfbuf::reader
{

/**
 * Decodes without allocating and without trusting a length inside a record. Several attrs in one
 * ring: they share PERF_SAMPLE_IDENTIFIER; ask id_of() and take the decoder of that attr.
 */
class decoder
{
public:
	/** @param attr as given to file::configure(); sample_type, sample_id_all, sample_regs_*,
	 * read_format count */
	explicit decoder(const perf_event_attr &attr) noexcept;

	/** @return the record, typed */
	event decode(const record &of) const noexcept;

	/** @return the sample, or nothing if the record is none or is malformed */
	std::optional<sample> decode_sample(const record &of) const noexcept;

	/** @return the identity behind a record that is not a sample; nothing without sample_id_all
	 */
	std::optional<sample_identity> identity(const record &of) const noexcept;

	/** @return the time of any record, ns; nothing if it does not carry one. Cheap: nothing
	 * else is decoded. */
	std::optional<uint64_t> time_of(const record &of) const noexcept;

	/** @return the id of any record with PERF_SAMPLE_IDENTIFIER or PERF_SAMPLE_ID */
	std::optional<uint64_t> id_of(const record &of) const noexcept;

	/** @return bytes that sample_id_all appends */
	size_t identity_size() const noexcept { return identity_size_; }

private:
	perf_event_attr attr_;
	size_t identity_size_;
	size_t time_offset_; // in a sample
	size_t identity_time_offset_;
};

} // namespace perfbuf::reader
