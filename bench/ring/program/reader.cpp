// SPDX-License-Identifier: GPL-2.0
#include "reader.hpp"

#include "../ring_bench.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void fail(const char *what)
{
	perror(what);
	exit(1);
}

namespace
{

constexpr size_t page = 4096;

void *map(int fd, size_t bytes, int protection, off_t offset)
{
	void *at = mmap(nullptr, bytes, protection, MAP_SHARED, fd, offset);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

class perf_reader final : public reader
{
public:
	explicit perf_reader(unsigned mode)
		: overwrite_(mode & RING_BENCH_OVERWRITE), backward_(mode & RING_BENCH_BACKWARD)
	{
		perf_event_attr attr = {};

		attr.size = sizeof(attr);
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_BPF_OUTPUT;
		attr.sample_type = PERF_SAMPLE_RAW;
		attr.watermark = 1;
		attr.wakeup_watermark = RING_BENCH_DATA;
		attr.write_backward = backward_;
		fd_ = static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
		if (fd_ < 0)
			fail("perf_event_open");
		at_ = static_cast<char *>(map(fd_, page + RING_BENCH_DATA,
					      PROT_READ | (overwrite_ ? 0 : PROT_WRITE), 0));
	}

	~perf_reader() override
	{
		munmap(at_, page + RING_BENCH_DATA);
		close(fd_);
	}

	int fd() const override { return fd_; }

	std::vector<uint64_t> read() override
	{
		auto *control = reinterpret_cast<perf_event_mmap_page *>(at_);
		const uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
		const uint64_t end = backward_ ? tail_ : head;
		std::vector<uint64_t> words;

		for (uint64_t at = backward_ ? head : tail_; at != end;) {
			const auto header = __builtin_bit_cast(perf_event_header, word(at));

			if (header.type != PERF_RECORD_SAMPLE || header.size > end - at) {
				fprintf(stderr, "perf: what is no record\n");
				exit(1);
			}
			for (unsigned i = sizeof(header); i < header.size; i += sizeof(uint64_t))
				words.push_back(word(at + i));
			at += header.size;
		}
		tail_ = head;
		if (!overwrite_)
			__atomic_store_n(&control->data_tail, tail_, __ATOMIC_RELEASE);
		return words;
	}

private:
	uint64_t word(uint64_t position) const
	{
		uint64_t value;

		memcpy(&value, at_ + page + position % RING_BENCH_DATA, sizeof(value));
		return value;
	}

	const bool overwrite_, backward_;
	int fd_;
	char *at_;
	uint64_t tail_ = 0;
};

class bpf_reader final : public reader
{
public:
	bpf_reader()
	{
		bpf_attr attr = {};

		attr.map_type = BPF_MAP_TYPE_RINGBUF;
		attr.max_entries = RING_BENCH_DATA;
		fd_ = static_cast<int>(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
		if (fd_ < 0)
			fail("bpf");
		consumer_ = static_cast<uint64_t *>(map(fd_, page, PROT_READ | PROT_WRITE, 0));
		producer_ =
			static_cast<char *>(map(fd_, page + 2 * RING_BENCH_DATA, PROT_READ, page));
	}

	~bpf_reader() override
	{
		munmap(consumer_, page);
		munmap(producer_, page + 2 * RING_BENCH_DATA);
		close(fd_);
	}

	int fd() const override { return fd_; }

	std::vector<uint64_t> read() override
	{
		const uint64_t end =
			__atomic_load_n(reinterpret_cast<uint64_t *>(producer_), __ATOMIC_ACQUIRE);
		uint64_t at = *consumer_;
		std::vector<uint64_t> words;

		while (at != end) {
			const char *record = producer_ + page + at % RING_BENCH_DATA;
			const uint32_t length = __atomic_load_n(
				reinterpret_cast<const uint32_t *>(record), __ATOMIC_ACQUIRE);
			const size_t before = words.size();

			if (length & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)) {
				fprintf(stderr, "bpf: a record that is unfinished\n");
				exit(1);
			}
			words.resize(before + length / sizeof(uint64_t));
			memcpy(&words[before], record + BPF_RINGBUF_HDR_SZ, length);
			at += (length + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		}
		__atomic_store_n(consumer_, at, __ATOMIC_RELEASE);
		return words;
	}

private:
	int fd_;
	uint64_t *consumer_;
	char *producer_;
};

class module_reader final : public reader
{
public:
	explicit module_reader(int bench) : bench_(bench) {}

	std::vector<uint64_t> read() override
	{
		std::vector<uint64_t> words(RING_BENCH_DATA / sizeof(uint64_t));
		ring_bench_read wanted = {reinterpret_cast<uint64_t>(words.data()), RING_BENCH_DATA,
					  0};

		if (ioctl(bench_, RING_BENCH_READ, &wanted))
			fail("RING_BENCH_READ");
		words.resize(wanted.bytes / sizeof(uint64_t));
		return words;
	}

private:
	int bench_;
};

} // namespace

std::unique_ptr<reader> open_perf(unsigned mode)
{
	return std::make_unique<perf_reader>(mode);
}

std::unique_ptr<reader> open_bpf()
{
	return std::make_unique<bpf_reader>();
}

std::unique_ptr<reader> open_module(int bench)
{
	return std::make_unique<module_reader>(bench);
}
