// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Begins and completes one perf.data of a recording.
#include "program/recording_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "perfdata/features.hpp"
#include "perfdata/tracing_data.hpp"
#include "program/destination.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"

namespace perfbuf::program
{

struct recording_file::destination {
	reader::unique_fd fd;
	perfdata::layout layout;

	static destination open(const std::string &path);
};

recording_file::destination recording_file::destination::open(const std::string &path)
{
	if (path == "-") {
		if (::isatty(STDOUT_FILENO))
			throw failure(exit_usage, "-o - writes binary data: send standard output "
						  "into a pipe or a file");
		if ((::fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
			throw failure(exit_usage, "-o - writes to standard output, which cannot be "
						  "written to: send it into a pipe or a file");
		return {reader::unique_fd(::dup(STDOUT_FILENO)), perfdata::layout::pipe};
	}
	reader::unique_fd fd = create_file(path);
	const bool seekable = ::lseek(fd.get(), 0, SEEK_CUR) >= 0;
	return {std::move(fd), seekable ? perfdata::layout::file : perfdata::layout::pipe};
}

namespace
{

std::optional<perfdata::compressor> make_compressor(int level)
{
	if (!level)
		return std::nullopt;
	auto made = perfdata::compressor::make(level);
	if (!made)
		throw plain_failure(made.error());
	return *std::move(made);
}

} // namespace

recording_file::recording_file(const record_options &options)
	: recording_file(options, destination::open(options.output))
{
}

recording_file::recording_file(const record_options &options, destination to)
	: options_(options), piped_(to.layout == perfdata::layout::pipe),
	  writer_(perfdata::output(std::move(to.fd)), to.layout,
		  make_compressor(options.compression_level))
{
}

perfdata::feature_map
recording_file::early_features(std::span<const perfdata::described_attr> attrs) const
{
	perfdata::feature_map features;
	perfdata::add_host_features(features, "perfbuf " PERFBUF_VERSION);
	perfdata::add_command_line(features, options_.arguments);
	perfdata::add_event_description(features, attrs);
	perfdata::add_tracing_data(features, attrs);
	if (options_.clock)
		perfdata::add_clock(features, *options_.clock);
	return features;
}

reader::result<void> recording_file::begin(std::span<const perfdata::described_attr> attrs)
{
	auto early = early_features(attrs);
	perfdata::add_sample_time(early, 0, 0); // until the end it is not known
	return writer_.begin(attrs, early);
}

reader::result<uint64_t> recording_file::finish(std::span<const perfdata::described_attr> attrs,
						const kernel_facts &kernel, const traffic &seen,
						reader::result<void> &written)
{
	auto features = early_features(attrs);
	perfdata::add_sample_time(features, seen.first_time, seen.last_time);
	auto build_ids = perfdata::build_id_records(kernel.kernel, kernel.modules, seen.files);
	if (piped_ && written)
		written = writer_.append_plain(build_ids.view());
	else if (build_ids.size())
		features.emplace(perfdata::feature::build_ids, std::move(build_ids));
	return writer_.finish(features);
}

std::string recording_file::size() const
{
	std::string text = human_size(writer_.size());
	if (const auto *by = writer_.compressed())
		text += fmt::format(" (compressed {:.1f} times)", by->ratio());
	return text;
}

std::string recording_file::compression() const
{
	const auto *by = writer_.compressed();
	return by ? fmt::format("zstd at level {}: {} of records are {} in the file", by->level(),
				human_size(by->original()), human_size(by->compressed()))
		  : std::string();
}

} // namespace perfbuf::program
