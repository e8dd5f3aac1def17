/* SPDX-License-Identifier: GPL-2.0 */
/* A recording of a function trace, into a file that needs no disk. */
#pragma once

#include "functrace/generator.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <perfbuf/unique_fd.hpp>
#include <span>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "tracefile/symbols.hpp"
#include "tracefile/writer.hpp"

namespace functrace_test
{

namespace tracefile = perfbuf::tracefile;
using perfbuf::reader::unique_fd;

inline unique_fd memory_file(std::span<const std::byte> content = {})
{
	unique_fd fd(memfd_create("trace", MFD_CLOEXEC));
	EXPECT_EQ(write(fd.get(), content.data(), content.size()), ssize_t(content.size()));
	return fd;
}

inline std::vector<std::byte> content_of(int fd)
{
	std::vector<std::byte> all(static_cast<size_t>(lseek(fd, 0, SEEK_END)));
	EXPECT_EQ(pread(fd, all.data(), all.size(), 0), ssize_t(all.size()));
	return all;
}

/* Its life: streams are filled, then written in pieces as a recorder finds them. */
struct recording {
	explicit recording(uint32_t seed, int cpus = 3, int calls_each = 400, bool loses = false)
		: random(seed)
	{
		for (int cpu = 0; cpu < cpus; cpu++) {
			generator calls(seed * 10 + cpu);
			streams.emplace_back(0, 256, cpu);
			expected.emplace_back();
			for (int i = 0; i < calls_each; i++) {
				const call next = calls.next();
				const bool keeps = !loses || calls.random() % 30;
				streams.back().add(next, keeps);
				if (keeps)
					expected.back().push_back(next);
			}
		}
	}

	tracefile::symbol_table names() const
	{
		tracefile::symbol_table table;
		for (int i = 0; i < 40; i++)
			table.add(text + 0x40 * i, "function_" + std::to_string(i), "",
				  text + 0x2000000);
		table.add(0xffffffffc0000000, "in_module", "mod", 0xffffffffc0100000);
		table.sort();
		return table;
	}

	/* @return what finish() says was given up */
	uint64_t write_to(tracefile::writer &to, size_t most = 700)
	{
		(void)to.begin({{"command", "perfbuf trace"}, {"host", "here"}});
		(void)to.symbols(names());
		std::vector<size_t> at(streams.size());
		for (bool more = true; more;) {
			more = false;
			for (size_t i = 0; i < streams.size(); i++) {
				const auto rest = std::span(streams[i].bytes).subspan(at[i]);
				const auto piece = rest.first(
					std::min<size_t>(rest.size(), random() % most + 1));
				(void)to.bytes(uint32_t(i), uint32_t(i), start + at[i], piece,
					       false);
				at[i] += piece.size();
				more |= at[i] < streams[i].bytes.size();
			}
		}
		const auto given_up = to.finish({{"calls", "1"}});
		EXPECT_TRUE(given_up);
		return given_up ? *given_up : 0;
	}

	std::vector<std::byte> file(size_t most = 700)
	{
		tracefile::writer to(memory_file());
		EXPECT_EQ(write_to(to, most), 0);
		auto fd = to.release_file();
		return content_of(fd.get());
	}

	static constexpr uint64_t start = 4096; /* of each stream: areas go on where others ended */
	std::mt19937 random;
	std::vector<stream> streams;
	std::vector<std::vector<call>> expected; /* of each CPU */
};

} // namespace functrace_test
