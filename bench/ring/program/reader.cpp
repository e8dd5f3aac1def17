// SPDX-License-Identifier: GPL-2.0
/* Opens the readers of the peers, and reads their records back. */
#include "reader.hpp"

#include "../ring_bench.h"
#include "files.hpp"

#include <cstring>

#include <sys/ioctl.h>

namespace
{

class ftrace_reader final : public reader
{
public:
	explicit ftrace_reader(unsigned bytes) : bytes_(bytes)
	{
		write_text(tracing + "buffer_size_kb", "512");
		write_text(tracepoint_of(bytes_) + "enable", "1");
	}

	~ftrace_reader() override { write_text(tracepoint_of(bytes_) + "enable", "0"); }

	std::vector<uint64_t> read() override
	{
		std::vector<uint64_t> words;

		while (pipe_.next_page())
			for (const trace_pipe::event &event : pipe_.events()) {
				const size_t before = words.size();

				words.resize(before + bytes_ / sizeof(uint64_t));
				memcpy(&words[before], event.payload + 8, bytes_);
			}
		return words;
	}

private:
	const unsigned bytes_;
	trace_pipe pipe_;
};

class no_reader final : public reader
{
public:
	std::vector<uint64_t> read() override { return {}; }
};

class module_reader final : public reader
{
public:
	module_reader(int bench, unsigned cpu) : bench_(bench), cpu_(cpu) {}

	std::vector<uint64_t> read() override
	{
		std::vector<uint64_t> words(RING_BENCH_DATA / sizeof(uint64_t));
		ring_bench_read wanted = {.to = reinterpret_cast<uint64_t>(words.data()),
					  .space = RING_BENCH_DATA,
					  .cpu = cpu_};

		if (ioctl(bench_, RING_BENCH_READ, &wanted))
			fail("RING_BENCH_READ");
		lost_ += wanted.lost;
		words.resize(wanted.bytes / sizeof(uint64_t));
		return words;
	}

	uint64_t lost() const override { return lost_; }

private:
	int bench_;
	unsigned cpu_;
	uint64_t lost_ = 0;
};

} // namespace

std::unique_ptr<reader> open_without_reader(const opening &)
{
	return std::make_unique<no_reader>();
}

std::unique_ptr<reader> open_ftrace(const opening &wanted)
{
	return std::make_unique<ftrace_reader>(wanted.bytes);
}

std::unique_ptr<reader> open_module(const opening &wanted)
{
	return std::make_unique<module_reader>(wanted.bench, wanted.cpu);
}
