// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes the streams of drivers' AUX areas into files, and checks their positions.
#include "program/aux_files.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>

#include "program/destination.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

aux_files::aux_files(const std::string &recording, const std::vector<cpu_ring> &rings,
		     const std::vector<reader::file> &files)
{
	for (size_t at = 0; at < rings.size(); at++) {
		if (!rings[at].aux || rings[at].driver.empty())
			continue;
		const auto id = files[rings[at].file].id();
		if (!id)
			throw plain_failure(id.error());
		std::string name = fmt::format("{}.{}.cpu{}.id{}", recording, rings[at].driver,
					       rings[at].cpu, *id);
		auto fd = create_file(name);
		streams_.push_back({at, std::move(name), std::move(fd)});
	}
}

void aux_files::read_positions(std::vector<cpu_ring> &rings)
{
	for (const auto &each : streams_)
		if (auto &aux = *rings[each.ring].aux; !aux.refresh())
			corrupt_ += aux.skip_all();
}

reader::result<void> aux_files::write(const stream &to, uint64_t position,
				      std::span<const std::byte> bytes)
{
	while (!bytes.empty()) {
		const ssize_t wrote = ::pwrite(to.fd.get(), bytes.data(), bytes.size(),
					       static_cast<off_t>(position));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return reader::system_error("cannot write", wrote ? errno : ENOSPC);
		position += static_cast<uint64_t>(wrote);
		bytes = bytes.subspan(static_cast<size_t>(wrote));
		bytes_ += static_cast<uint64_t>(wrote);
	}
	return {};
}

bool aux_files::pass(std::vector<cpu_ring> &rings, const std::vector<reader::file> &files,
		     bool reenable)
{
	for (const auto &each : streams_) {
		auto &ring = rings[each.ring];
		uint64_t position = ring.aux->position();
		for (const auto &piece : ring.aux->unread()) {
			if (written_ && !(written_ = write(each, position, piece)))
				failed_ = each.name;
			position += piece.size();
		}
		ring.aux->release();
		const bool was_full = !ring.full_at.empty();
		full_ += ring.full_at.size();
		ring.full_at.clear();
		// A full area turns the event off; the record that says so may be lost, too.
		if ((was_full || ring.lost) && reenable)
			(void)files[ring.file].enable();
		ring.lost = false;
	}
	return static_cast<bool>(written_);
}

void aux_files::print_closing_line() const
{
	if (streams_.empty())
		return;
	const size_t more = streams_.size() - 1;
	say("[ perfbuf: {} of AUX{} -> {}{} ]\n", human_size(bytes_),
	    full_ ? fmt::format(", the buffer was full {} time{}", group_digits(full_),
				full_ == 1 ? "" : "s")
		  : "",
	    streams_.front().name, more ? fmt::format(" and {} more", more) : "");
}

void aux_files::check() const
{
	if (!written_)
		throw failure(exit_failed,
			      fmt::format("recording stopped because {} took no more ({}): what is "
					  "in it can be read, the newest is missing at its end",
					  failed_, written_.error().code.message()));
	if (corrupt_)
		throw failure(exit_failed,
			      fmt::format("{} of an AUX area made no sense and are missing: see "
					  "perfbuf doctor, and the kernel's log",
					  human_size(corrupt_)));
}

} // namespace perfbuf::program
