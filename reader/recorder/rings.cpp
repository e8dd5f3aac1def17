// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the events in a recorder's rings, in the order of time.
#include "recorder/rings.hpp"

#include <algorithm>
#include <limits>
#include <linux/perf_event.h>
#include <unordered_set>

namespace perfbuf::recorder
{

namespace
{

constexpr uint64_t word = 8;
constexpr uint64_t nowhere = std::numeric_limits<uint64_t>::max();
// header, TID, TIME, CPU, and the size of the payload
constexpr uint64_t payload_at = 4 * word + sizeof(uint32_t);
constexpr uint64_t lost_bytes = 3 * word;
constexpr uint64_t longest_record = 65528;

class walk
{
public:
	walk(const ring &from, const description &of, moment when, omissions &left_out)
		: ring_(from), of_(of), left_out_(left_out), size_(from.data.size()),
		  published_(from.published), reserved_(from.reserved)
	{
		// A writer may go round the ring while it is copied, but never back.
		if (published_ % word || reserved_ < published_ ||
		    (when == moment::stopped && reserved_ - published_ > size_)) {
			left_out_.damaged++;
			reserved_ = published_ -= published_ % word;
		}
		const auto behind = [this](uint64_t at) { return at > size_ ? at - size_ : 0; };
		const uint64_t kept = behind(reserved_);
		if (when == moment::live)
			left_out_.overwritten += std::min(kept, published_) - behind(published_);
		oldest_ = std::min(kept, published_);
		if (when == moment::live)
			reserved_ = published_;
	}

	void read(std::vector<recorded_event> &to)
	{
		const size_t first = to.size();
		uint64_t at = oldest_ ? first_mark(oldest_) : 0;
		while (at < published_)
			if (!step(at, published_, to)) {
				left_out_.damaged++;
				at = first_mark(at + 1);
			}
		if (reserved_ != published_)
			read_unpublished(to, to.size() > first ? to.back().time : 0);
	}

private:
	uint64_t first_mark(uint64_t from) const
	{
		uint64_t best = nowhere;
		for (const uint64_t mark : ring_.marks)
			if (mark >= from && mark <= published_ && mark % word == 0)
				best = std::min(best, mark);
		return best;
	}

	void copy(void *to, uint64_t position, uint64_t bytes) const
	{
		auto *out = static_cast<std::byte *>(to);
		while (bytes) {
			const uint64_t in_ring = position & (size_ - 1);
			const uint64_t now = std::min(bytes, size_ - in_ring);
			std::memcpy(out, ring_.data.data() + in_ring, now);
			out += now;
			position += now;
			bytes -= now;
		}
	}

	// False: there is no record at `at` that ends at or before `end`.
	bool step(uint64_t &at, uint64_t end, std::vector<recorded_event> &to)
	{
		struct {
			perf_event_header header;
			uint32_t pid, tid;
			uint64_t time;
			uint64_t cpu;
			uint32_t raw_bytes;
		} head;
		if (end - at < sizeof(head.header))
			return false;
		copy(&head, at, sizeof(head.header));
		const uint64_t bytes = head.header.size;
		if (!bytes || bytes % word || bytes > end - at)
			return false;
		if (head.header.type == PERF_RECORD_LOST && bytes == lost_bytes) {
			uint64_t lost;
			copy(&lost, at + 2 * word, sizeof(lost));
			left_out_.lost += lost;
			at += bytes;
			return true;
		}
		if (head.header.type != PERF_RECORD_SAMPLE ||
		    head.header.misc != PERF_RECORD_MISC_KERNEL || bytes < payload_at + word / 2)
			return false;
		copy(&head, at, payload_at);
		if (head.cpu != ring_.cpu || head.raw_bytes != bytes - payload_at)
			return false;
		recorded_event made;
		made.payload.resize(head.raw_bytes);
		copy(made.payload.data(), at + payload_at, head.raw_bytes);
		uint16_t id = 0;
		std::memcpy(&id, made.payload.data(), sizeof(id));
		made.event = of_.find(id);
		if (!made.event || made.payload.size() < made.event->least_bytes)
			return false;
		made.time = head.time;
		made.cpu = ring_.cpu;
		made.pid = head.pid;
		made.tid = head.tid;
		to.push_back(std::move(made));
		at += bytes;
		return true;
	}

	// The record of the outermost writer is not complete; those of writers that interrupted it
	// are. The header of the first may be missing: the others are where a chain of records ends
	// exactly at the end. Bytes that no writer has reached yet may be records of the lap
	// before, older than @newest, the last one that is published.
	void read_unpublished(std::vector<recorded_event> &to, uint64_t newest)
	{
		left_out_.incomplete++;
		const uint64_t last = std::min(reserved_, published_ + longest_record);
		// Where a chain that does not end there has come by: each record is looked at once.
		std::unordered_set<uint64_t> refused;
		for (uint64_t from = published_ + word; from < last; from += word) {
			const omissions before = left_out_;
			std::vector<recorded_event> chain;
			uint64_t at = from;
			while (at < reserved_ && refused.insert(at).second &&
			       step(at, reserved_, chain))
				;
			const auto nested = std::find_if(chain.begin(), chain.end(),
							 [newest](const recorded_event &event) {
								 return event.time >= newest;
							 });
			if (at == reserved_ && nested != chain.end()) {
				std::move(nested, chain.end(), std::back_inserter(to));
				return;
			}
			left_out_ = before;
		}
	}

	const ring &ring_;
	const description &of_;
	omissions &left_out_;
	const uint64_t size_;
	uint64_t published_;
	uint64_t reserved_;
	uint64_t oldest_ = 0;
};

} // namespace

std::vector<recorded_event> events_of(const std::vector<ring> &from, const description &of,
				      moment when, omissions &left_out)
{
	std::vector<recorded_event> all;
	for (const auto &ring : from)
		if (!ring.data.empty())
			walk(ring, of, when, left_out).read(all);
	// Within a ring an interrupt that came between a time and its record stands before it.
	std::stable_sort(all.begin(), all.end(),
			 [](const auto &a, const auto &b) { return a.time < b.time; });
	return all;
}

} // namespace perfbuf::recorder
