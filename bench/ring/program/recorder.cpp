// SPDX-License-Identifier: GPL-2.0
/* The flight recorder of the typed events' source, alone and beside a file. */
#include "../ring_bench.h"
#include "files.hpp"

#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <linux/perfbuf_recorder.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace
{

constexpr const char *attribute = "/sys/class/perfbuf/ring_bench/recorder";

/* It is there as long as this is. */
class recorder_reader final : public reader
{
public:
	recorder_reader(const opening &wanted, unsigned data, bool persisted,
			std::unique_ptr<reader> beside)
		: cpu_(wanted.cpu), bytes_(wanted.bytes), beside_(std::move(beside))
	{
		write_text(attribute, std::to_string(data).c_str());

		const std::string text = text_of(attribute);
		const size_t at = text.find("number=");

		if (node_ < 0 || at == std::string::npos)
			fail("/dev/perfbuf_recorders");
		number_ = std::stoull(text.substr(at + strlen("number=")));
		if (is_persisted() != persisted)
			fail_as("the recorder is not in the memory in which it should be");
	}

	~recorder_reader() override
	{
		write_text(attribute, "0");
		close(node_);
	}

	std::vector<uint64_t> read() override
	{
		take();

		std::vector<uint64_t> words = new_words();

		if (beside_ && beside_->read() != words)
			fail_as("the file has other records than the recorder");
		return words;
	}

private:
	/* Whether it is in the memory of perfbuf.persist=: bench-ring leaves space for half a ring.
	 */
	bool is_persisted() const
	{
		std::ifstream all("/dev/perfbuf_recorders");
		const std::string number = "number=" + std::to_string(number_) + " ";

		for (std::string line; std::getline(all, line);)
			if (line.starts_with(number))
				return line.find(" persist=1") != std::string::npos;
		return false;
	}

	void take()
	{
		perfbuf_snapshot wanted = {number_, 0, 0};

		if (snapshot_.empty()) {
			ioctl(node_, PERFBUF_IOC_SNAPSHOT, &wanted);
			snapshot_.resize(wanted.bytes);
		}
		wanted.buffer = reinterpret_cast<uint64_t>(snapshot_.data());
		wanted.bytes = snapshot_.size();
		if (ioctl(node_, PERFBUF_IOC_SNAPSHOT, &wanted))
			fail("PERFBUF_IOC_SNAPSHOT");
	}

	template <typename T>
	T load(size_t at) const
	{
		T found;

		if (at + sizeof(found) > snapshot_.size())
			fail_as("the snapshot is too short");
		memcpy(&found, snapshot_.data() + at, sizeof(found));
		return found;
	}

	std::vector<uint64_t> new_words()
	{
		size_t at = sizeof(perfbuf_snapshot_header) +
			    load<perfbuf_snapshot_header>(0).description_bytes;
		perfbuf_snapshot_cpu ring = load<perfbuf_snapshot_cpu>(at);

		while (ring.cpu != cpu_) {
			at += sizeof(ring) + size_t{ring.page_count} * page_bytes;
			ring = load<perfbuf_snapshot_cpu>(at);
		}
		at += sizeof(ring);

		const uint64_t mask = uint64_t{ring.page_count} * page_bytes - 1;
		std::vector<uint64_t> words;

		if (ring.published - tail_ > mask)
			fail_as("more was recorded than the recorder holds");
		while (tail_ != ring.published) {
			const auto header = load<perf_event_header>(at + (tail_ & mask));

			if (header.type != PERF_RECORD_SAMPLE || header.size < skip() + bytes_)
				fail_as("what is no record");
			for (unsigned i = skip(); i < skip() + bytes_; i += sizeof(uint64_t))
				words.push_back(word(at, mask, tail_ + i));
			tail_ += header.size;
		}
		return words;
	}

	/* Header, TID, TIME, CPU, the size of the raw data, what all events begin with, and where
	 * the data of an event of any size is. */
	unsigned skip() const
	{
		return sizeof(perf_event_header) + 3 * sizeof(uint64_t) + sizeof(uint32_t) +
		       sizeof(uint64_t) + (bytes_ > 256 ? sizeof(uint32_t) : 0);
	}

	/* Also one that goes around, in halves. */
	uint64_t word(size_t data, uint64_t mask, uint64_t position) const
	{
		return load<uint32_t>(data + (position & mask)) |
		       uint64_t{load<uint32_t>(data + ((position + 4) & mask))} << 32;
	}

	const unsigned cpu_, bytes_;
	const std::unique_ptr<reader> beside_;
	const int node_ = open("/dev/perfbuf_recorders", O_RDONLY);
	uint64_t number_ = 0, tail_ = 0;
	std::vector<char> snapshot_;
};

} // namespace

std::unique_ptr<reader> open_recorder(const opening &wanted)
{
	return std::make_unique<recorder_reader>(wanted, wanted.data, false, nullptr);
}

std::unique_ptr<reader> open_recorder_persisted(const opening &wanted)
{
	return std::make_unique<recorder_reader>(wanted, wanted.data / 2, true, nullptr);
}

std::unique_ptr<reader> open_recorder_and_typed(const opening &wanted)
{
	return std::make_unique<recorder_reader>(wanted, wanted.data, false, open_typed(wanted));
}

std::unique_ptr<reader> open_recorder_persisted_and_typed(const opening &wanted)
{
	return std::make_unique<recorder_reader>(wanted, wanted.data / 2, true, open_typed(wanted));
}
