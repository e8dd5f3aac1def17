// SPDX-License-Identifier: GPL-2.0
/*
 * Litmus tests of the operations of cxxrt/memory_model.hpp: each operation is written as the arm64
 * instructions that it compiles to (cxxrt/tests/instructions.py checks that), and each test has the
 * outcome that the kernel's definition of the operation forbids (Documentation/atomic_t.txt,
 * Documentation/memory-barriers.txt). .weakenings: changes that must make that outcome possible.
 */
#include "litmus.hpp"

namespace perfbuf::litmus
{

namespace
{

constexpr int r0 = 0, r1 = 1;
constexpr int w0 = 3, w1 = 4;
constexpr int x = 0, y = 1;

/* Outcomes: the loads of both CPUs returned 0; a CPU saw the second store and not the first. */
bool neither(const values &r, const values &)
{
	return !r[r0] && !r[w0];
}

bool first_without_second(const values &r, const values &)
{
	return r[r0] == 1 && !r[r1];
}

} // namespace

std::vector<test> operations()
{
	return {
		{.name = "read_once: one word never goes back",
		 .words = {0},
		 .cpus = {{store(x, 1)}, {load(x, r0), load(x, r1)}},
		 .forbidden = first_without_second,
		 .weakenings = {}},

		{.name = "smp_wmb, smp_rmb: stores before are seen first",
		 .words = {0, 0},
		 .cpus = {{store(x, 1), wmb(), store(y, 1)}, {load(y, r0), rmb(), load(x, r1)}},
		 .forbidden = first_without_second,
		 .weakenings = {{"without smp_wmb", 0, 1, {}}, {"without smp_rmb", 1, 1, {}}}},

		{.name = "smp_mb: a store before is seen before a load behind is done",
		 .words = {0, 0},
		 .cpus = {{store(x, 1), mb(), load(y, w0)}, {store(y, 1), mb(), load(x, r0)}},
		 .forbidden = neither,
		 .weakenings = {{"smp_wmb instead", 0, 1, {wmb()}},
				{"smp_rmb instead", 1, 1, {rmb()}}}},

		{.name = "store_release, load_acquire: what is before is seen by what is behind",
		 .words = {0, 0},
		 .cpus = {{store(x, 1), store_release(y, 1)}, {load_acquire(y, r0), load(x, r1)}},
		 .forbidden = first_without_second,
		 .weakenings = {{"write_once instead", 0, 1, {store(y, 1)}},
				{"read_once instead", 1, 0, {load(y, r0)}}}},

		{.name = "store_release: a load before is done first",
		 .words = {0, 0},
		 .cpus = {{load(x, w0), store_release(y, 1)}, {load(y, r0), store_if(r0, x, 1)}},
		 .forbidden = [](const values &r, const values &) { return r[w0] && r[r0]; },
		 .weakenings = {{"write_once instead", 0, 1, {store(y, 1)}},
				{"a store that depends on nothing", 1, 1, {store(x, 1)}}}},

		/* ldaxr, stlxr, dmb ish. */
		{.name = "read-modify-write of a shared<>: a load behind comes after it",
		 .words = {0, 0},
		 .cpus = {{load_acquire(x, w1), store_release(x, 1), mb(), load(y, w0)},
			  {load_acquire(y, r1), store_release(y, 1), mb(), load(x, r0)}},
		 .forbidden = neither,
		 .weakenings = {{"without dmb", 0, 2, {}}}},
		{.name = "read-modify-write of a shared<>: a store behind comes after it",
		 .words = {0, 0},
		 .cpus = {{load_acquire(x, w1), store_release(x, 1), mb(), store(y, 1)},
			  {load(y, r0), rmb(), load(x, r1)}},
		 .forbidden = first_without_second,
		 .weakenings = {{"without dmb", 0, 2, {}}}},
		{.name = "read-modify-write of a shared<>: a store before comes before it",
		 .words = {0, 0},
		 .cpus = {{store(x, 1), load_acquire(y, w1), store_release(y, 1), mb()},
			  {load(y, r0), rmb(), load(x, r1)}},
		 .forbidden = first_without_second,
		 .weakenings = {{"stxr instead of stlxr", 0, 2, {store(y, 1)}}}},
		{.name = "try_cmpxchg of a shared<> that fails: a load behind comes after a store "
			 "before",
		 .words = {0, 0, 7},
		 .cpus = {{store(x, 1), load_acquire(2, w1), mb(), load(y, w0)},
			  {store(y, 1), mb(), load(x, r0)}},
		 .forbidden = neither,
		 .weakenings = {{"without dmb", 0, 2, {}}}},
	};
}

} // namespace perfbuf::litmus
