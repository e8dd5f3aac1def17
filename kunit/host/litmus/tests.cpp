// SPDX-License-Identifier: GPL-2.0
/*
 * The barriers of the ring by their letters (ring/abi.hpp, ring/write.cpp, ring/latency.cpp), each
 * pair with the accesses that it orders.
 */
#include "litmus.hpp"

namespace perfbuf::litmus
{

namespace
{

/* Registers: of the reader, and of the writer. */
constexpr int r0 = 0, r1 = 1, r2 = 2;
constexpr int w0 = 3, w1 = 4;

} // namespace

std::vector<test> all()
{
	/* Words. Each test has its own use for them; what they are called says which. */
	constexpr int head = 0, data = 1, data_2 = 2;
	constexpr int nest = 0, reserved = 1;
	constexpr int tail = 0;
	constexpr int limit = 2;
	constexpr int published = 0, woken = 1;
	constexpr int waits = 1;
	constexpr int armed = 1;
	constexpr int reasons = 0, opened = 1;

	return {
		{.name = "publication, forward: a head is seen after its records (B, C)",
		 .words = {0, 0},
		 .cpus = {{store(data, 1), wmb(), store(head, 1)},
			  {load(head, r0), rmb(), load(data, r1)}},
		 .forbidden = [](const values &r, const values &) { return r[r0] == 1 && !r[r1]; },
		 .weakenings = {{"without B", 0, 1, {}}, {"without C", 1, 1, {}}}},

		/* The head moves down; the newest record is read first, and the older ones above
		   it. */
		{.name = "publication, backward: all records from the head up are there (B, C)",
		 .words = {0, 0, 0},
		 .cpus = {{store(data, 1), wmb(), store(head, 1), store(data_2, 1), wmb(),
			   store(head, 2)},
			  {load(head, r0), rmb(), load(data_2, r1), load(data, r2)}},
		 .forbidden =
			 [](const values &r, const values &) {
				 return (r[r0] >= 1 && !r[r2]) || (r[r0] == 2 && !r[r1]);
			 },
		 .weakenings = {{"without B of the first", 0, 1, {}},
				{"without B of the second", 0, 4, {}},
				{"without C", 1, 1, {}}}},

		/* An interrupt that finds the writer inside leaves the publication to it. */
		{.name = "the second look: a head that moves while the writer leaves is published",
		 .words = {1, 1},
		 .cpus = {{store(nest, 0), barrier(), load(reserved, w0)},
			  {load(nest, r0), store(reserved, 2)}},
		 .interrupt = 1,
		 .forbidden = [](const values &r,
				 const values &) { return r[r0] == 1 && r[w0] == 1; },
		 .weakenings = {{"the look comes before the leave", 0, 1, {}}}},
		{.name = "the entry: an interrupt of a writer that has reserved finds it inside",
		 .words = {0, 1},
		 .cpus = {{store(nest, 1), barrier(), store(reserved, 2)},
			  {load(reserved, r0), load(nest, r1)}},
		 .interrupt = 1,
		 .forbidden = [](const values &r, const values &) { return r[r0] == 2 && !r[r1]; },
		 .weakenings = {{"the reservation comes before the entry", 0, 1, {}}}},

		{.name = "the tail: records are overwritten after they were read (A, D)",
		 .words = {0, 1},
		 .cpus = {{load(tail, w0), store_if(w0, data, 2)},
			  {load(data, r0), mb(), store(tail, 1)}},
		 .forbidden = [](const values &r, const values &) { return r[r0] == 2; },
		 .weakenings = {{"without A", 0, 1, {store(data, 2)}}, {"without D", 1, 1, {}}}},

		/* One writer looks at the tail and opens the limit, the next one trusts it. */
		{.name = "the tail, by the limit that an earlier record has opened (A, D)",
		 .words = {0, 1, 0},
		 .cpus = {{load(tail, w0), copy(limit, w0), load(limit, w1), store_if(w1, data, 2)},
			  {load(data, r0), mb(), store(tail, 1)}},
		 .forbidden = [](const values &r, const values &) { return r[r0] == 2; },
		 .weakenings =
			 {{"a limit that was not computed from the tail", 0, 1, {store(limit, 1)}},
			  {"a record that does not look at the limit", 0, 3, {store(data, 2)}},
			  {"without D", 1, 1, {}}}},

		/* Stores: the reader's registration as a waiter, the kernel's own mb with it. */
		{.name = "the wakeup: the reader sees the head, or the writer sees it sleep",
		 .words = {0, 0},
		 .cpus = {{store(published, 1), mb(), load(waits, w0)},
			  {store(waits, 1), mb(), load(published, r0)}},
		 .forbidden = [](const values &r, const values &) { return !r[w0] && !r[r0]; },
		 .weakenings = {{"an irq_work that is raised without order", 0, 1, {}},
				{"a poll that does not order its entry in the queue", 1, 1, {}}}},

		{.name = "the wakeup: the position that was woken for is not ahead of the "
			 "published one",
		 .words = {0, 0},
		 .cpus = {{store(published, 1), store_release(woken, 1)},
			  {load_acquire(woken, r0), load(published, r1)}},
		 .forbidden = [](const values &r, const values &) { return r[r0] == 1 && !r[r1]; },
		 .weakenings = {{"a store without release", 0, 1, {store(woken, 1)}},
				{"a load without acquire", 1, 0, {load(woken, r0)}}}},

		{.name = "the latency: the writer arms the alarm, or the alarm sees the head (L)",
		 .words = {0, 1},
		 .cpus = {{store(head, 1), mb(), load(armed, w0)},
			  {store(armed, 0), mb(), load(head, r0)}},
		 .forbidden = [](const values &r, const values &) { return r[w0] == 1 && !r[r0]; },
		 .weakenings = {{"without L of the writer", 0, 1, {}},
				{"without L of the alarm", 1, 1, {}}}},

		{.name = "the latency: an alarm is there before a writer wants it",
		 .words = {0, 0},
		 .cpus = {{store(data, 1), store_release(head, 1)},
			  {load_acquire(head, r0), load(data, r1)}},
		 .forbidden = [](const values &r, const values &) { return r[r0] == 1 && !r[r1]; },
		 .weakenings = {{"a limit that is set without release", 0, 1, {store(head, 1)}},
				{"a limit that is read without acquire", 1, 0, {load(head, r0)}}}},

		/* opened: 1 open, 0 closed. */
		{.name = "the limit: a reason closes it, or the writer that opens it sees the "
			 "reason (M)",
		 .words = {0, 0},
		 .cpus = {{store(opened, 1), mb(), load(reasons, w0)},
			  {store(reasons, 1), mb(), store(opened, 0)}},
		 .forbidden = [](const values &r,
				 const values &words) { return !r[w0] && words[opened]; },
		 .weakenings = {{"without M of the writer", 0, 1, {}},
				{"without M of the reason", 1, 1, {}}}},

		/* The state of a target, and its place in the list of those to be woken. */
		{.name = "the targets: a wakeup that finds a target finds all of it",
		 .words = {0, 0},
		 .cpus = {{store(data, 1), store_release(head, 1)},
			  {load_acquire(head, r0), load(data, r1)}},
		 .forbidden = [](const values &r, const values &) { return r[r0] == 1 && !r[r1]; },
		 .weakenings = {{"attach() without release", 0, 1, {store(head, 1)}},
				{"run_wakeups() without acquire", 1, 0, {load(head, r0)}}}},
	};
}

} // namespace perfbuf::litmus
