// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the records that describe a live pipe, up to the first that is recorded.
#include "perfdata/cursor.hpp"
#include "perfdata/reader.hpp"
#include "perfdata/record_stream.hpp"

namespace perfbuf::perfdata
{

namespace
{

// Of all that describes the records: perf's tracing data, with the symbols of the kernel, have some
// 30 MB.
constexpr uint64_t most_description = uint64_t{256} << 20;

bool is_recorded(uint32_t type)
{
	return type < record_header_attr || type == record_finished_round ||
	       type == record_aux_trace || type == record_compressed || type == record_compressed2;
}

} // namespace

reader::result<void> recording::read_stream()
{
	uint64_t size = 0;
	for (;;) {
		const auto record = stream_->next();
		if (!record)
			return record.error();
		if (!*record)
			return {};
		if (is_recorded((*record)->type())) {
			stream_->again();
			return {};
		}
		// take() has the place of the record.
		const std::vector<std::byte> copy((*record)->bytes().begin(),
						  (*record)->bytes().end());
		const reader::record described{std::span(copy)};
		const uint64_t behind = bytes_behind(described);
		size += copy.size() + behind;
		if (size > most_description)
			return reader::system_error(
				"has events that are described by more than 256 MiB", EINVAL);
		const auto follow = stream_->take(behind);
		if (!follow)
			return follow.error();
		if (auto done = describe(described, *follow); !done)
			return done;
	}
}

} // namespace perfbuf::perfdata
