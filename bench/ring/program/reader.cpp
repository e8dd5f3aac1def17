// SPDX-License-Identifier: GPL-2.0
#include "reader.hpp"

#include "../ring_bench.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/perfbuf.h>
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

/* An event's own ring, perf's or ours. */
class event_reader final : public reader
{
public:
	/* Of a record, the payload begins at @skip; it has @bytes, or all that is left (0). */
	event_reader(int fd, unsigned mode, unsigned skip, unsigned bytes)
		: fd_(fd), overwrite_(mode & RING_BENCH_OVERWRITE),
		  backward_(mode & RING_BENCH_BACKWARD), skip_(skip), bytes_(bytes),
		  at_(static_cast<char *>(map(fd_, page + RING_BENCH_DATA,
					      PROT_READ | (overwrite_ ? 0 : PROT_WRITE), 0)))
	{
	}

	~event_reader() override
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

			if (header.type != PERF_RECORD_SAMPLE || header.size > end - at ||
			    header.size < skip_ + bytes_) {
				fprintf(stderr, "what is no record\n");
				exit(1);
			}

			const unsigned behind = bytes_ ? skip_ + bytes_ : header.size;

			for (unsigned i = skip_; i < behind; i += sizeof(uint64_t))
				words.push_back(word(at + i));
			at += header.size;
		}
		tail_ = head;
		if (!overwrite_)
			__atomic_store_n(&control->data_tail, tail_, __ATOMIC_RELEASE);
		return words;
	}

private:
	/* Also one that goes around, in halves. */
	uint64_t word(uint64_t position) const
	{
		uint32_t halves[2];

		for (unsigned i = 0; i < 2; i++)
			memcpy(&halves[i], at_ + page + (position + 4 * i) % RING_BENCH_DATA, 4);
		return halves[0] | uint64_t{halves[1]} << 32;
	}

	const int fd_;
	const bool overwrite_, backward_;
	const unsigned skip_, bytes_;
	char *const at_;
	uint64_t tail_ = 0;
};

perf_event_attr quiet_attr()
{
	perf_event_attr attr = {};

	attr.size = sizeof(attr);
	attr.watermark = 1;
	attr.wakeup_watermark = RING_BENCH_DATA;
	return attr;
}

int open_event(perf_event_attr attr)
{
	const int fd = static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));

	if (fd < 0)
		fail("perf_event_open");
	return fd;
}

/* What the file says, or tells it. */
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

const std::string tracing = "/sys/kernel/tracing/";
const std::string tracepoint = tracing + "events/ring_bench/record/";

constexpr unsigned typed_bytes = 64;
/* The size of the raw data, and what all events begin with. */
constexpr unsigned raw_head = sizeof(uint32_t) + sizeof(uint64_t);

perf_event_attr typed_attr(const std::string &id, bool lean)
{
	perf_event_attr attr = quiet_attr();

	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = std::stoull(text_of(id));
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW;
	if (!lean)
		attr.sample_type |= PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	return attr;
}

unsigned typed_skip(bool lean)
{
	return sizeof(perf_event_header) + (lean ? 0 : 3 * sizeof(uint64_t)) + raw_head;
}

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
		char one[page];

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
	perf_event_attr attr = quiet_attr();

	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_BPF_OUTPUT;
	attr.sample_type = PERF_SAMPLE_RAW;
	attr.write_backward = mode & RING_BENCH_BACKWARD ? 1 : 0;
	return std::make_unique<event_reader>(open_event(attr), mode, sizeof(perf_event_header), 0);
}

std::unique_ptr<reader> open_tracepoint(bool lean)
{
	return std::make_unique<event_reader>(open_event(typed_attr(tracepoint + "id", lean)), 0,
					      typed_skip(lean), typed_bytes);
}

std::unique_ptr<reader> open_typed(bool lean, bool in_one_piece)
{
	perf_event_attr attr = typed_attr("/sys/class/perfbuf/ring_bench/events/written/id", lean);
	const int fd = open("/dev/perfbuf/ring_bench", O_RDWR);
	perfbuf_open wanted = {reinterpret_cast<uint64_t>(&attr), -1, 0, 0};
	perfbuf_ring ring = {};

	ring.size = sizeof(ring);
	ring.storage = in_one_piece ? PERFBUF_STORAGE_MIRRORED : PERFBUF_STORAGE_PAGES;
	if (fd < 0 || ioctl(fd, PERFBUF_IOC_OPEN, &wanted) || ioctl(fd, PERFBUF_IOC_RING, &ring))
		fail("/dev/perfbuf/ring_bench");
	return std::make_unique<event_reader>(fd, 0, typed_skip(lean), typed_bytes);
}

std::unique_ptr<reader> open_nobody()
{
	return std::make_unique<nobody>();
}

std::unique_ptr<reader> open_ftrace()
{
	return std::make_unique<ftrace_reader>();
}

std::unique_ptr<reader> open_bpf()
{
	return std::make_unique<bpf_reader>();
}

std::unique_ptr<reader> open_module(int bench)
{
	return std::make_unique<module_reader>(bench);
}
