// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file One perf.data of a recording, from its header to its features: a file, a pipe or standard
 * output. */
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "perfdata/writer.hpp"
#include "program/drain.hpp"
#include "program/kernel_facts.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

class recording_file
{
public:
	/** Creates options.output. Throws `failure`. */
	explicit recording_file(const record_options &options);

	bool is_piped() const noexcept { return piped_; }
	perfdata::writer &writer() noexcept { return writer_; }
	const perfdata::writer &writer() const noexcept { return writer_; }

	reader::result<void> begin(std::span<const perfdata::described_attr> attrs);

	/**
	 * Writes the features.
	 * @param written the first error so far; that of a pipe is added
	 * @return bytes of records that were given up
	 */
	reader::result<uint64_t> finish(std::span<const perfdata::described_attr> attrs,
					const kernel_facts &kernel, const traffic &seen,
					reader::result<void> &written);

	/** "3.2 MB", with -z also how many times smaller the records became. */
	std::string size() const;
	/** With -z, bytes before and after; empty without. */
	std::string compression() const;

private:
	struct destination;
	recording_file(const record_options &options, destination to);
	perfdata::feature_map early_features(std::span<const perfdata::described_attr> attrs) const;

	const record_options &options_;
	bool piped_;
	perfdata::writer writer_;
};

} // namespace perfbuf::program
