// SPDX-License-Identifier: GPL-2.0
/* The benchmarks' programs: failures, mapped files, and Markdown tables. */
#include "program.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

void fail(const char *message)
{
	perror(message);
	exit(1);
}

void fail_as(const std::string &message)
{
	fprintf(stderr, "%s\n", message.c_str());
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

void write_text(const std::string &path, const char *text)
{
	std::ofstream file(path);

	if (!(file << text << std::flush))
		fail(path.c_str());
}

trace_pipe::trace_pipe()
	: fd_(open((tracing + "per_cpu/cpu0/trace_pipe_raw").c_str(), O_RDONLY | O_NONBLOCK))
{
	if (fd_ < 0)
		fail("trace_pipe_raw");
}

trace_pipe::~trace_pipe()
{
	close(fd_);
}

bool trace_pipe::next_page()
{
	return read(fd_, page_.data(), page_bytes) == static_cast<ssize_t>(page_bytes);
}

/* A page: a time stamp, the bytes in use, events (include/linux/ring_buffer.h). */
std::vector<trace_pipe::event> trace_pipe::events() const
{
	std::vector<event> all;
	uint64_t used;

	memcpy(&used, page_.data() + 8, sizeof(used));
	used &= 0xffff;
	for (unsigned at = 16; at < 16 + used;) {
		uint32_t head, bytes;

		memcpy(&head, page_.data() + at, sizeof(head));
		memcpy(&bytes, page_.data() + at + 4, sizeof(bytes));
		const unsigned type = head & 31;

		if (type == 29) { /* padding */
			at += bytes + 4;
		} else if (type >= 30) { /* time */
			at += 8;
		} else {
			all.push_back({at, page_.data() + at + (type ? 4 : 8)});
			at += type ? 4 + 4 * type : 4 + bytes;
		}
	}
	return all;
}
