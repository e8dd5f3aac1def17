// SPDX-License-Identifier: GPL-2.0
#include "ledger.hpp"

#include <cstdio>

namespace perfbuf::model
{

u32 ledger::attempt(unsigned context, const op &one)
{
	entries_.push_back({.context = context, .bytes = one.bytes});
	return static_cast<u32>(entries_.size() - 1);
}

void ledger::receive(const u64 *words, u32 bytes)
{
	if (words[1] >= entries_.size())
		fail("a record that no writer wrote");

	entry &one = at(static_cast<u32>(words[1]));

	if (one.bytes != bytes)
		fail("a record of another size than was written");
	if (!one.finished || !is_whole(words, bytes))
		fail("a record that is not finished is seen");
	if (one.given_up)
		fail("a record that was given up is seen");
	if (one.received)
		fail("a record is seen twice");
	if (newest_[one.context] > words[1])
		fail("the records of a context are not in their order");
	newest_[one.context] = words[1] + 1;
	one.received = true;
	received_++;
}

void ledger::wake()
{
	for (entry &one : entries_)
		one.woken |= one.received;
}

void ledger::settle()
{
	for (entry &one : entries_)
		one.settled = true;
}

u64 ledger::in_flight() const
{
	u64 bytes = 0;

	for (const entry &one : entries_)
		if (!one.refused && !one.received && !one.settled)
			bytes += one.bytes;
	return bytes;
}

void ledger::check_end(u64 records, u64 losses) const
{
	u64 expected = 0;
	u64 lost = 0;

	for (const entry &one : entries_) {
		if (one.given_up)
			continue;
		if (one.refused == one.received)
			fail(one.refused ? "a record was refused and is there"
					 : "a record was finished and is not there");
		if (one.wakes && one.received && !one.woken)
			fail("a record that asked for a wakeup was not followed by one");
		expected += one.received;
		lost += one.refused;
	}
	if (received_ != expected || records != expected)
		fail("the ring counts other records than there are");
	if (told_ != lost)
		fail("PERF_RECORD_LOST does not tell what was lost");
	if (losses != lost)
		fail("the ring counts other losses than there were");
}

void ledger::print() const
{
	for (std::size_t id = 0; id < entries_.size(); id++) {
		const entry &one = entries_[id];

		std::fprintf(stderr, "  #%zu context %u, %u bytes:%s%s%s%s%s%s\n", id, one.context,
			     one.bytes, one.refused ? " refused" : "",
			     one.given_up ? " given up" : "", one.finished ? " finished" : "",
			     one.received ? " received" : "", one.wakes ? " wants a wakeup" : "",
			     one.woken ? " woken" : "");
	}
	std::fprintf(stderr, "  received %llu, told lost %llu\n", received_, told_);
}

} // namespace perfbuf::model
