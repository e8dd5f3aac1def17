/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that the benchmarks' programs share. */
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

constexpr size_t page_bytes = 4096;

[[noreturn]] void fail(const char *message);
[[noreturn]] void fail_as(const std::string &message);

void *map_shared(int fd, size_t bytes, int protection, off_t offset);

/* Reads the first line of a file; writes to a file. */
std::string text_of(const std::string &path);
void write_text(const std::string &path, const char *text);

const std::string tracing = "/sys/kernel/tracing/";

/* ftrace's ring of CPU 0, page by page. */
class trace_pipe
{
public:
	struct event {
		unsigned offset; /* in the page, of the event itself */
		const char *payload;
	};

	trace_pipe();
	trace_pipe(const trace_pipe &) = delete;
	trace_pipe &operator=(const trace_pipe &) = delete;
	~trace_pipe();

	/* False: there is no more. */
	bool next_page();
	/* The words that are neither time nor padding. */
	std::vector<event> events() const;

private:
	int fd_;
	std::array<char, page_bytes> page_;
};
