// SPDX-License-Identifier: GPL-2.0
/* Events with a ring as perf's: perf's own, and ours. */
#include "../ring_bench.h"
#include "files.hpp"

#include <cstring>

#include <fcntl.h>
#include <linux/perfbuf.h>
#include <perfbuf/ring.hpp>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

perf_event_attr quiet_attr(unsigned data)
{
	perf_event_attr attr = {};

	attr.size = sizeof(attr);
	attr.watermark = 1;
	attr.wakeup_watermark = data;
	return attr;
}

int open_event(perf_event_attr attr, int cpu)
{
	const int fd = static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0));

	if (fd < 0)
		fail("perf_event_open");
	return fd;
}

namespace
{

class event_reader : public reader
{
public:
	event_reader(int fd, const opening &wanted, unsigned skip, unsigned bytes)
		: fd_(fd), data_(wanted.data), overwrite_(wanted.mode & RING_BENCH_OVERWRITE),
		  backward_(wanted.mode & RING_BENCH_BACKWARD), skip_(skip), bytes_(bytes),
		  at_(static_cast<char *>(map_shared(fd_, page_bytes + data_,
						     PROT_READ | (overwrite_ ? 0 : PROT_WRITE), 0)))
	{
	}

	~event_reader() override
	{
		munmap(at_, page_bytes + data_);
		close(fd_);
	}

	int fd() const override { return fd_; }
	uint64_t lost() const override { return lost_; }
	perf_event_mmap_page *page() const override
	{
		return reinterpret_cast<perf_event_mmap_page *>(at_);
	}

	std::vector<uint64_t> read() override
	{
		const uint64_t head = __atomic_load_n(&page()->data_head, __ATOMIC_ACQUIRE);
		/* Overwritten records are gone. */
		const bool over = backward_ && tail_ - head > data_;
		const uint64_t end = over ? head + data_ : backward_ ? tail_ : head;
		std::vector<uint64_t> words;

		for (uint64_t at = backward_ ? head : tail_; at != end;) {
			const auto header = __builtin_bit_cast(perf_event_header, word(at));

			/* The oldest was written over in part. */
			if (over && header.size > end - at)
				break;
			if (header.type == PERF_RECORD_LOST && header.size <= end - at)
				lost_ += word(at + sizeof(header) + sizeof(uint64_t));
			else
				take(header, at, end, words);
			at += header.size;
		}
		tail_ = head;
		if (!overwrite_)
			__atomic_store_n(&page()->data_tail, tail_, __ATOMIC_RELEASE);
		return words;
	}

	/* The least that any reader of perf's ring does. */
	uint64_t sum() override
	{
		const char *const data = at_ + page_bytes;
		const uint64_t mask = data_ - 1;
		const uint64_t head = __atomic_load_n(&page()->data_head, __ATOMIC_ACQUIRE);
		const unsigned skip = skip_;
		uint64_t at = tail_, all = 0;

		while (at != head) {
			perf_event_header header;
			uint64_t first;

			memcpy(&header, data + (at & mask), sizeof(header));
			memcpy(&first, data + ((at + skip) & mask), sizeof(first));
			all += first;
			at += header.size;
		}
		tail_ = head;
		__atomic_store_n(&page()->data_tail, tail_, __ATOMIC_RELEASE);
		return all;
	}

protected:
	size_t data() const { return data_; }
	unsigned skip() const { return skip_; }

private:
	void take(perf_event_header header, uint64_t at, uint64_t end,
		  std::vector<uint64_t> &words) const
	{
		if (header.type != PERF_RECORD_SAMPLE || header.size > end - at ||
		    header.size < skip_ + bytes_)
			fail_as("what is no record");

		const unsigned behind = bytes_ ? skip_ + bytes_ : header.size;

		for (unsigned i = skip_; i < behind; i += sizeof(uint64_t))
			words.push_back(word(at + i));
	}

	/* Also one that goes around, in halves. */
	uint64_t word(uint64_t position) const
	{
		uint32_t halves[2];

		for (unsigned i = 0; i < 2; i++)
			memcpy(&halves[i], at_ + page_bytes + (position + 4 * i) % data_, 4);
		return halves[0] | uint64_t{halves[1]} << 32;
	}

	const int fd_;
	const size_t data_;
	const bool overwrite_, backward_;
	const unsigned skip_, bytes_;
	char *const at_;
	uint64_t tail_ = 0, lost_ = 0;
};

/* The sum by our library: a step at a time, or all at once. */
template <bool at_once>
class library_reader final : public event_reader
{
public:
	library_reader(int fd, const opening &wanted, unsigned skip, unsigned bytes)
		: event_reader(fd, wanted, skip, bytes),
		  ring_(page(), {reinterpret_cast<const std::byte *>(page()) + page_bytes, data()})
	{
	}

	uint64_t sum() override
	{
		const unsigned skip = this->skip();
		uint64_t all = 0;
		const auto add = [&](const perfbuf::reader::record &record) {
			uint64_t first;

			memcpy(&first, record.bytes().data() + skip, sizeof(first));
			all += first;
		};

		ring_.refresh();
		if constexpr (at_once) {
			ring_.each(add);
		} else {
			perfbuf::reader::record record;

			while (ring_.next(record) == perfbuf::reader::step::record)
				add(record);
		}
		ring_.release();
		return all;
	}

private:
	perfbuf::reader::ring ring_;
};

/* An event that several files record, each of which must have the same. */
class several final : public reader
{
public:
	void add(std::unique_ptr<reader> reader) { all_.push_back(std::move(reader)); }
	void add_idle(std::unique_ptr<reader> reader) { idle_.push_back(std::move(reader)); }

	std::vector<uint64_t> read() override
	{
		const std::vector<uint64_t> words = all_.front()->read();

		for (size_t i = 1; i < all_.size(); i++)
			if (all_[i]->read() != words)
				fail_as("one file has other records than another");
		for (const auto &reader : idle_)
			if (!reader->read().empty())
				fail_as("a file that is disabled has records");
		return words;
	}

private:
	std::vector<std::unique_ptr<reader>> all_, idle_;
};

perf_event_attr typed_attr(const std::string &id, const opening &wanted, bool raw_alone)
{
	perf_event_attr attr = quiet_attr(wanted.data);

	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = std::stoull(text_of(id));
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW;
	if (!raw_alone)
		attr.sample_type |= PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	return attr;
}

/* Records of more have a typed event that says where its data is. */
constexpr unsigned fixed_most = 256;

/* Header, fields, the size of the raw data, and what all events begin with. */
unsigned typed_skip(bool raw_alone)
{
	return sizeof(perf_event_header) + (raw_alone ? 0 : 3 * sizeof(uint64_t)) +
	       sizeof(uint32_t) + sizeof(uint64_t);
}

/* Of a file of the typed event, or of the tracepoint. */
std::unique_ptr<reader> read_typed(int fd, const opening &wanted, bool raw_alone)
{
	const unsigned where = wanted.bytes > fixed_most ? sizeof(uint32_t) : 0;

	return read_event(fd, wanted, typed_skip(raw_alone) + where, wanted.bytes);
}

std::unique_ptr<reader> read_tracepoint(const opening &wanted, bool raw_alone)
{
	return read_event(
		open_event(typed_attr(tracepoint_of(wanted.bytes) + "id", wanted, raw_alone)),
		wanted, typed_skip(raw_alone), wanted.bytes);
}

int open_typed_file(const opening &wanted, bool raw_alone, bool idle,
		    unsigned storage = PERFBUF_STORAGE_PAGES)
{
	perf_event_attr attr = typed_attr(
		"/sys/class/perfbuf/ring_bench/events/written_" +
			(wanted.bytes > fixed_most ? "any" : std::to_string(wanted.bytes)) + "/id",
		wanted, raw_alone);
	const int fd = open("/dev/perfbuf/ring_bench", O_RDWR);
	perfbuf_open open = {reinterpret_cast<uint64_t>(&attr), -1, 0, 0};

	perfbuf_ring ring = {};

	attr.disabled = idle;
	ring.size = sizeof(ring);
	ring.storage = storage;
	if (fd < 0 || ioctl(fd, PERFBUF_IOC_OPEN, &open) || ioctl(fd, PERFBUF_IOC_RING, &ring))
		fail("/dev/perfbuf/ring_bench");
	return fd;
}

std::unique_ptr<reader> open_typed_files(const opening &wanted, bool raw_alone)
{
	const auto read_all = [&](bool idle) {
		return read_typed(open_typed_file(wanted, raw_alone, idle), wanted, raw_alone);
	};
	auto all = std::make_unique<several>();

	if (wanted.files == 1 && !wanted.idle)
		return read_all(false);
	for (unsigned i = 0; i < wanted.files; i++)
		all->add(read_all(false));
	for (unsigned i = 0; i < wanted.idle; i++)
		all->add_idle(read_all(true));
	return all;
}

/* The fields of the event are an array, which a filter cannot ask for. */
std::unique_ptr<reader> open_typed_filtered(const opening &wanted, const char *filter)
{
	const int fd = open_typed_file(wanted, true, false);

	if (ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter))
		fail("PERF_EVENT_IOC_SET_FILTER");
	return read_typed(fd, wanted, true);
}

std::unique_ptr<reader> open_typed_in_mirrored(const opening &wanted, bool raw_alone)
{
	return read_typed(open_typed_file(wanted, raw_alone, false, PERFBUF_STORAGE_MIRRORED),
			  wanted, raw_alone);
}

int open_output_event(const opening &wanted)
{
	perf_event_attr attr = quiet_attr(wanted.data);

	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_BPF_OUTPUT;
	attr.sample_type = PERF_SAMPLE_RAW;
	attr.write_backward = wanted.mode & RING_BENCH_BACKWARD ? 1 : 0;
	return open_event(attr, static_cast<int>(wanted.cpu));
}

} // namespace

std::unique_ptr<reader> read_event(int fd, const opening &wanted, unsigned skip, unsigned bytes)
{
	return std::make_unique<event_reader>(fd, wanted, skip, bytes);
}

std::unique_ptr<reader> open_perf(const opening &wanted)
{
	return read_event(open_output_event(wanted), wanted, sizeof(perf_event_header), 0);
}

std::unique_ptr<reader> open_perf_at_once(const opening &wanted)
{
	return std::make_unique<library_reader<true>>(open_output_event(wanted), wanted,
						      sizeof(perf_event_header), 0);
}

std::unique_ptr<reader> open_typed_at_once(const opening &wanted)
{
	return std::make_unique<library_reader<true>>(open_typed_file(wanted, true, false), wanted,
						      typed_skip(true), wanted.bytes);
}

std::unique_ptr<reader> open_typed_in_steps(const opening &wanted)
{
	return std::make_unique<library_reader<false>>(open_typed_file(wanted, true, false), wanted,
						       typed_skip(true), wanted.bytes);
}

std::unique_ptr<reader> open_tracepoint(const opening &wanted)
{
	return read_tracepoint(wanted, false);
}

std::unique_ptr<reader> open_tracepoint_raw(const opening &wanted)
{
	return read_tracepoint(wanted, true);
}

std::unique_ptr<reader> open_typed(const opening &wanted)
{
	return open_typed_files(wanted, false);
}

std::unique_ptr<reader> open_typed_raw(const opening &wanted)
{
	return open_typed_files(wanted, true);
}

std::unique_ptr<reader> open_typed_matches(const opening &wanted)
{
	return open_typed_filtered(wanted, "common_pid > 0");
}

std::unique_ptr<reader> open_typed_dropped(const opening &wanted)
{
	return open_typed_filtered(wanted, "common_pid == 0");
}

std::unique_ptr<reader> open_typed_mirrored(const opening &wanted)
{
	return open_typed_in_mirrored(wanted, false);
}

std::unique_ptr<reader> open_typed_raw_mirrored(const opening &wanted)
{
	return open_typed_in_mirrored(wanted, true);
}
