// SPDX-License-Identifier: GPL-2.0
/* Keeps which records were attempted, stored, lost and received, and checks that all add up. */
#include "ledger.hpp"

#include <cstdio>

namespace perfbuf::model
{

u32 ledger::attempt(unsigned context, const op &op)
{
	entries_.push_back({.context = context, .bytes = op.bytes});
	return static_cast<u32>(entries_.size() - 1);
}

void ledger::receive(const u64 *words, u32 bytes)
{
	if (words[1] >= entries_.size())
		fail("a record that no writer wrote");

	entry &entry = at(static_cast<u32>(words[1]));

	if (entry.bytes != bytes)
		fail("a record of another size than was written");
	if (!entry.finished || !is_whole(words, bytes))
		fail("a record that is not finished is seen");
	if (entry.given_up)
		fail("a record that was given up is seen");
	if (entry.received)
		fail("a record is seen twice");
	if (newest_[entry.context] > words[1])
		fail("the records of a context are not in their order");
	newest_[entry.context] = words[1] + 1;
	entry.received = true;
	received_++;
}

void ledger::wake()
{
	for (entry &entry : entries_)
		entry.woken |= entry.received;
}

void ledger::settle()
{
	for (entry &entry : entries_)
		entry.settled = true;
}

u64 ledger::in_flight() const
{
	u64 bytes = 0;

	for (const entry &entry : entries_)
		if (!entry.refused && !entry.received && !entry.settled)
			bytes += entry.bytes;
	return bytes;
}

void ledger::check_end(u64 records, u64 losses) const
{
	u64 expected = 0;
	u64 lost = 0;

	for (const entry &entry : entries_) {
		if (entry.given_up)
			continue;
		if (entry.refused == entry.received)
			fail(entry.refused ? "a record was refused and is there"
					   : "a record was finished and is not there");
		if (entry.wakes && entry.received && !entry.woken)
			fail("a record that asked for a wakeup was not followed by one");
		expected += entry.received;
		lost += entry.refused;
	}
	if (received_ != expected || records != expected)
		fail("the ring counts other records than there are");
	if (reported_ != lost)
		fail("PERF_RECORD_LOST does not report what was lost");
	if (losses != lost)
		fail("the ring counts other losses than there were");
}

void ledger::print() const
{
	for (std::size_t id = 0; id < entries_.size(); id++) {
		const entry &entry = entries_[id];

		std::fprintf(stderr, "  #%zu context %u, %u bytes:%s%s%s%s%s%s\n", id,
			     entry.context, entry.bytes, entry.refused ? " refused" : "",
			     entry.given_up ? " given up" : "", entry.finished ? " finished" : "",
			     entry.received ? " received" : "",
			     entry.wakes ? " wants a wakeup" : "", entry.woken ? " woken" : "");
	}
	std::fprintf(stderr, "  received %llu, reported lost %llu\n", received_, reported_);
}

} // namespace perfbuf::model
