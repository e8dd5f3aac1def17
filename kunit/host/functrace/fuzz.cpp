// SPDX-License-Identifier: GPL-2.0
// For libFuzzer: the decoder, whole against in pieces, and the file of a trace, as it is and with
// checks that hold, so that what is behind them is reached too.
#include <perfbuf/functrace.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "functrace/append.hpp"
#include "tracefile/crc32.hpp"
#include "tracefile/reader.hpp"
#include "tracefile/show.hpp"

namespace
{

namespace functrace = perfbuf::reader::functrace;
namespace tracefile = perfbuf::tracefile;
using bytes = std::span<const std::byte>;

struct sums {
	uint64_t calls = 0;
	uint64_t addresses = 0;
	uint64_t lost = 0;
	uint64_t cut = 0;

	void see(const functrace::item &item)
	{
		calls += item.type == functrace::kind::call;
		addresses += item.type == functrace::kind::call ? item.address ^ item.time : 0;
		lost += item.type == functrace::kind::lost ? item.count : 0;
		cut += item.type == functrace::kind::cut ? item.count : 0;
	}
	bool operator==(const sums &) const = default;
};

void decode(bytes stream)
{
	sums whole;
	functrace::decoder all(stream);
	size_t steps = 0;
	while (const auto item = all.next()) {
		whole.see(*item);
		if (++steps > stream.size())
			abort();
	}
	sums pieces;
	functrace::decoder each;
	size_t begin = 0;
	for (size_t end = 0; end < stream.size();) {
		end = std::min(stream.size(), end + 1 + (end * 7 + stream.size()) % 23);
		each.feed(stream.subspan(begin, end - begin), begin, end == stream.size());
		while (const auto item = each.next())
			pieces.see(*item);
		begin += each.consumed();
	}
	if (!(whole == pieces))
		abort();
}

void read_file(bytes content)
{
	perfbuf::reader::unique_fd fd(memfd_create("fuzz", MFD_CLOEXEC));
	if (write(fd.get(), content.data(), content.size()) != ssize_t(content.size()))
		abort();
	auto file = tracefile::reader_file::open(std::move(fd), "FILE");
	if (!file)
		return;
	static FILE *const nowhere = fopen("/dev/null", "w");
	for (const auto how :
	     {tracefile::format::text, tracefile::format::histogram, tracefile::format::json})
		if (!tracefile::show(*file, how, nowhere))
			abort();
}

/* Each chunk is: type, flags and stream, position, size, payload. */
std::vector<std::byte> chunks_of(bytes rest)
{
	std::vector<std::byte> file;
	functrace_test::append(file, tracefile::file_header{});
	uint32_t number = 0;
	while (rest.size() > 4) {
		const auto at = [&](size_t i) { return std::to_integer<uint32_t>(rest[i]); };
		tracefile::chunk_header header;
		header.type = static_cast<uint16_t>(at(0) % 6);
		header.flags = at(1) & 1;
		header.stream = at(1) >> 6;
		header.cpu = at(1) >> 1 & 3;
		header.position = at(2);
		header.number = number++;
		const auto payload = rest.subspan(4, std::min<size_t>(at(3), rest.size() - 4));
		header.size = static_cast<uint32_t>(payload.size());
		header.check = tracefile::crc32(payload);
		header.header_check = tracefile::header_check_of(header);
		functrace_test::append(file, header);
		file.insert(file.end(), payload.begin(), payload.end());
		file.resize(tracefile::padded(file.size()));
		rest = rest.subspan(4 + payload.size());
	}
	return file;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const auto input = std::as_bytes(std::span(data, size)).subspan(1);
	if (data[0] % 4 == 0)
		read_file(input);
	else if (data[0] % 4 == 1)
		read_file(chunks_of(input));
	else
		decode(input);
	return 0;
}
