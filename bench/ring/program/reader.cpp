// SPDX-License-Identifier: GPL-2.0
#include "reader.hpp"

#include "../ring_bench.h"
#include "files.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

void fail(const char *what)
{
	perror(what);
	exit(1);
}

void fail_as(const std::string &what)
{
	fprintf(stderr, "%s\n", what.c_str());
	exit(1);
}

void *map_shared(int fd, size_t bytes, int protection, off_t offset)
{
	/* No fault is to be counted. */
	void *at = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_POPULATE, fd, offset);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

std::string text_of(const std::string &path)
{
	std::ifstream file(path);
	std::string text;

	if (!getline(file, text))
		fail(path.c_str());
	return text;
}

void tell(const std::string &path, const char *what)
{
	std::ofstream file(path);

	if (!(file << what << std::flush))
		fail(path.c_str());
}

namespace
{

class ftrace_reader final : public reader
{
public:
	ftrace_reader()
	{
		tell(tracing + "buffer_size_kb", "512");
		tell(tracepoint + "enable", "1");
		fd_ = open((tracing + "per_cpu/cpu0/trace_pipe_raw").c_str(),
			   O_RDONLY | O_NONBLOCK);
		if (fd_ < 0)
			fail("trace_pipe_raw");
	}

	~ftrace_reader() override
	{
		close(fd_);
		tell(tracepoint + "enable", "0");
	}

	std::vector<uint64_t> read() override
	{
		std::vector<uint64_t> words;
		char one[page_bytes];

		while (::read(fd_, one, sizeof(one)) == static_cast<ssize_t>(sizeof(one)))
			parse(one, words);
		return words;
	}

private:
	/* A page of the ring: a time stamp, the bytes in use, events (include/linux/ring_buffer.h).
	 */
	static void parse(const char *one, std::vector<uint64_t> &words)
	{
		uint64_t used;

		memcpy(&used, one + 8, sizeof(used));
		used &= 0xffff;
		for (unsigned at = 16; at < 16 + used;) {
			uint32_t head, bytes;

			memcpy(&head, one + at, sizeof(head));
			memcpy(&bytes, one + at + 4, sizeof(bytes));
			const unsigned type = head & 31;

			if (type == 29) { /* padding */
				at += bytes + 4;
			} else if (type >= 30) { /* time */
				at += 8;
			} else {
				const unsigned begin = type ? at + 4 : at + 8;
				const size_t before = words.size();

				words.resize(before + typed_bytes / sizeof(uint64_t));
				memcpy(&words[before], one + begin + 8, typed_bytes);
				at += type ? 4 + 4 * type : 4 + bytes;
			}
		}
	}

	int fd_;
};

class nobody final : public reader
{
public:
	std::vector<uint64_t> read() override { return {}; }
};

class module_reader final : public reader
{
public:
	explicit module_reader(int bench) : bench_(bench) {}

	std::vector<uint64_t> read() override
	{
		std::vector<uint64_t> words(RING_BENCH_DATA / sizeof(uint64_t));
		ring_bench_read wanted = {.to = reinterpret_cast<uint64_t>(words.data()),
					  .room = RING_BENCH_DATA};

		if (ioctl(bench_, RING_BENCH_READ, &wanted))
			fail("RING_BENCH_READ");
		lost_ += wanted.lost;
		words.resize(wanted.bytes / sizeof(uint64_t));
		return words;
	}

	uint64_t lost() const override { return lost_; }

private:
	int bench_;
	uint64_t lost_ = 0;
};

} // namespace

std::unique_ptr<reader> open_nobody(const opening &)
{
	return std::make_unique<nobody>();
}

std::unique_ptr<reader> open_ftrace(const opening &)
{
	return std::make_unique<ftrace_reader>();
}

std::unique_ptr<reader> open_module(const opening &wanted)
{
	return std::make_unique<module_reader>(wanted.bench);
}
