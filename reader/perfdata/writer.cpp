// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Lays out a perf.data: header, attributes, records, features.
#include "perfdata/writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "perfdata/features.hpp"

namespace perfbuf::perfdata
{

namespace
{

std::span<const std::byte> view(const file_header &header)
{
	return std::as_bytes(std::span(&header, 1));
}

// The first attr_size bytes: a newer header's struct is longer than what perf 6.1 accepts.
void put_attr(bytes &to, perf_event_attr attr)
{
	attr.size = attr_size;
	to.put_raw(&attr, attr_size);
}

// The sections' table, then what they hold.
bytes lay_out(const feature_map &features, uint64_t at)
{
	bytes all;
	uint64_t offset = at + features.size() * sizeof(section);
	for (const auto &[_, content] : features) {
		all.put(section{offset, content.size()});
		offset += content.size();
	}
	for (const auto &[_, content] : features)
		all.put_raw(content.view().data(), content.size());
	return all;
}

// As a record, whose size has 16 bits. @return does it fit?
bool put_feature(bytes &to, feature which, const bytes &content)
{
	const size_t padded = (content.size() + 7) / 8 * 8;
	const size_t size = sizeof(perf_event_header) + sizeof(uint64_t) + padded;
	if (size > UINT16_MAX)
		return false;
	to.put(perf_event_header{record_header_feature, 0, static_cast<uint16_t>(size)});
	to.put(static_cast<uint64_t>(which));
	to.put_raw(content.view().data(), content.size());
	to.zeros(padded - content.size());
	return true;
}

} // namespace

reader::result<void> writer::begin(std::span<const described_attr> attrs, const feature_map &early)
{
	early_ = early;
	if (compressor_)
		add_compressed(early_, *compressor_);
	auto done = layout_ == layout::file ? begin_file(attrs) : begin_pipe(attrs, early_);
	appended_ = last_round_ = out_.size();
	if (layout_ == layout::file && done) {
		header_.data.offset = out_.size();
		out_.mark();
		// While the features are being written over, nothing else says how much memory a
		// part of the stream takes.
		if (compressor_) {
			bytes how;
			put_feature(how, feature::compressed, early_[feature::compressed]);
			done = append_plain(how.view());
		}
	}
	begun_ = static_cast<bool>(done);
	failed_ = !done;
	return done;
}

reader::result<void> writer::begin_file(std::span<const described_attr> attrs)
{
	bytes start;
	start.put(header_);
	std::vector<section> ids;
	for (const auto &attr : attrs) {
		ids.push_back({start.size(), attr.ids.size() * sizeof(uint64_t)});
		start.put_raw(attr.ids.data(), ids.back().size);
	}
	header_.attr_size = attr_size + sizeof(section);
	header_.attrs = {start.size(), attrs.size() * header_.attr_size};
	for (size_t at = 0; at < attrs.size(); at++) {
		put_attr(start, attrs[at].attr);
		start.put(ids[at]);
	}
	header_.data.offset = start.size();
	start.patch(0, header_);
	return out_.append(start.view());
}

reader::result<void> writer::begin_pipe(std::span<const described_attr> attrs,
					const feature_map &early)
{
	bytes start;
	start.put(pipe_header{});
	for (const auto &attr : attrs) {
		// The size is a u16; ids beyond that are not lost to perf as long as there is one
		// attr.
		if (attrs.size() > 1 && attr.ids.size() > most_ids_in_pipe)
			return reader::system_error("too many threads and CPUs for a pipe", E2BIG);
		const size_t ids = std::min(attr.ids.size(), most_ids_in_pipe);
		const size_t size = sizeof(perf_event_header) + attr_size + ids * sizeof(uint64_t);
		start.put(perf_event_header{record_header_attr, 0, static_cast<uint16_t>(size)});
		put_attr(start, attr.attr);
		start.put_raw(attr.ids.data(), ids * sizeof(uint64_t));
	}
	for (const auto &[which, content] : early) {
		if (which == feature::tracing_data)
			continue;
		put_feature(start, which, content);
	}
	// After the names of the attrs, or perf would make up others from this. The data stands
	// behind a record that says how long it is.
	if (const auto found = early.find(feature::tracing_data); found != early.end()) {
		const bytes &content = found->second;
		const size_t padded = (content.size() + 7) / 8 * 8;
		start.put(perf_event_header{record_header_tracing_data, 0,
					    sizeof(perf_event_header) + sizeof(uint32_t)});
		start.put(static_cast<uint32_t>(padded));
		start.put_raw(content.view().data(), content.size());
		start.zeros(padded - content.size());
	}
	return out_.append(start.view());
}

reader::result<void> writer::append(std::span<const std::span<const std::byte>> records)
{
	if (!compressor_)
		return append_plain(records);
	for (auto left : records)
		while (!left.empty()) {
			const auto piece =
				left.first(std::min(left.size(), compressor::piece_size));
			left = left.subspan(piece.size());
			if (auto done = append_compressed(piece); !done)
				return done;
		}
	return {};
}

reader::result<void> writer::append_compressed(std::span<const std::byte> records)
{
	const auto part = compressor_->add(records);
	if (part)
		return append_plain(*part);
	failed_ = true;
	return part.error();
}

reader::result<void> writer::append_plain(std::span<const std::span<const std::byte>> records)
{
	for (const auto &piece : records)
		appended_ += piece.size();
	if (failed_)
		return reader::error{std::make_error_code(std::errc::io_error),
				     "writing failed before"};
	if (layout_ == layout::file) {
		take_back_trailer();
		out_.mark();
	}
	auto done = out_.append(records);
	failed_ = !done;
	return done;
}

reader::result<void> writer::round()
{
	if (out_.size() == last_round_)
		return {};
	const perf_event_header record{record_finished_round, 0, sizeof(perf_event_header)};
	auto done = append_plain(std::as_bytes(std::span(&record, 1)));
	last_round_ = out_.size();
	if (done && layout_ == layout::file)
		complete_so_far();
	return done;
}

void writer::set_features(const feature_map &features) noexcept
{
	header_.features = {};
	for (const auto &[which, _] : features)
		header_.features[static_cast<uint32_t>(which) / 64] |=
			1ULL << (static_cast<uint32_t>(which) % 64);
}

// If a signal kills the program, the file can be read. If there is no space for more, its
// header names the records alone.
void writer::complete_so_far()
{
	header_.data.size = out_.size() - header_.data.offset;
	if (compressor_)
		add_compressed(early_, *compressor_);
	if (out_.patch(out_.size(), lay_out(early_, out_.size()).view()))
		set_features(early_);
	(void)out_.patch(0, view(header_));
}

// The next records are about to be written over it.
void writer::take_back_trailer()
{
	if (header_.features == decltype(header_.features){})
		return;
	set_features({});
	(void)out_.patch(0, view(header_));
}

reader::result<void> writer::write_trailer(const feature_map &features)
{
	header_.data.size = out_.size() - header_.data.offset;
	set_features(features);
	auto done = out_.append(lay_out(features, out_.size()).view());
	if (done)
		done = out_.patch(0, view(header_));
	return done;
}

reader::result<uint64_t> writer::finish(const feature_map &known)
{
	if (layout_ == layout::pipe)
		return appended_ - out_.size();
	if (!begun_) {
		// A part of a header is no recording.
		(void)out_.trim(0);
		return reader::system_error("cannot write", ENOSPC);
	}
	feature_map features = known;
	if (compressor_)
		add_compressed(features, *compressor_);
	take_back_trailer();
	out_.cut_tail();
	if (!failed_) {
		appended_ = out_.size();
		auto done = write_trailer(features);
		if (done)
			return uint64_t{0};
	}

	// The disk is full, or the file may not grow: records make way for the features. A user
	// else may take the space that we free, so free more each time.
	uint64_t space = lay_out(features, 0).size();
	uint64_t end = std::min(out_.size(),
				appended_); // of the records; behind it stand pieces of features
	reader::error why;
	for (int attempt = 0; attempt < 8; attempt++, space *= 2) {
		const uint64_t begin = header_.data.offset;
		const auto left = out_.trim(end > begin + space ? end - space : begin);
		if (!left)
			return left.error();
		end = *left;
		auto done = write_trailer(features);
		if (done)
			return appended_ - end;
		why = done.error();
	}
	// Without features perf still prints the samples.
	const auto left = out_.trim(end);
	if (!left)
		return left.error();
	if (auto done = write_trailer({}); !done)
		return why;
	return appended_ - end;
}

} // namespace perfbuf::perfdata
