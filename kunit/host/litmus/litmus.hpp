/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Litmus tests: small programs of a few CPUs over shared words, every execution of
 * which is tried. A CPU does its accesses in any order but where the kernel's memory
 * model keeps them in the program's:
 *
 *   - two accesses of one word;
 *   - smp_mb() between any two, smp_wmb() between stores, smp_rmb() between loads;
 *   - an acquire before what follows it, a release behind what precedes it;
 *   - a store behind the loads that its value or its condition comes from.
 *
 * A load may come before an older store and before an older load whose value decides
 * whether it counts. What is done is seen by all CPUs at once, as on x86 and arm64; POWER
 * is weaker there, and no pair of barriers in the ring rests on that.
 */
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace perfbuf::litmus
{

using values = std::vector<int>;

enum class kind { load, store, mb, wmb, rmb };

/* One step of a CPU. */
struct step {
	enum kind kind;
	int word = -1;
	int result = -1; /* load: the register */
	/* store: the value, or -1 and it is that of the register @from */
	int value = -1;
	int from = -1;
	/* store: done only if this register is not 0 */
	int condition = -1;
	bool acquire = false;
	bool release = false;
};

inline step load(int word, int result)
{
	return {.kind = kind::load, .word = word, .result = result};
}
inline step load_acquire(int word, int result)
{
	return {.kind = kind::load, .word = word, .result = result, .acquire = true};
}
inline step store(int word, int value)
{
	return {.kind = kind::store, .word = word, .value = value};
}
inline step store_release(int word, int value)
{
	return {.kind = kind::store, .word = word, .value = value, .release = true};
}
/* Stores the register @from. */
inline step copy(int word, int from)
{
	return {.kind = kind::store, .word = word, .from = from};
}
/* Stores @value if the register @condition is not 0. */
inline step store_if(int condition, int word, int value)
{
	return {.kind = kind::store, .word = word, .value = value, .condition = condition};
}
inline step mb()
{
	return {.kind = kind::mb};
}
/* barrier(), between what runs on one CPU. */
inline step barrier()
{
	return {.kind = kind::mb};
}
inline step wmb()
{
	return {.kind = kind::wmb};
}
inline step rmb()
{
	return {.kind = kind::rmb};
}

struct test {
	const char *name;
	values words; /* at the start */
	std::vector<std::vector<step>> cpus;
	/* This one is no CPU but an interrupt of the first: it runs at once, anywhere. What the
	 * first does out of order there, the compiler does. */
	int interrupt = -1;
	/* The forbidden outcome, of the registers and the words at the end. */
	std::function<bool(const values &registers, const values &words)> forbidden;
	/* A weakening that must make it happen: a step of a CPU, and the steps in its
	 * place; none: it is left out. */
	struct weakening {
		const char *name;
		int cpu;
		int index; /* of the step */
		std::vector<step> instead;
	};
	std::vector<weakening> weakenings;
};

struct verdict {
	bool happens = false;
	std::uint64_t states = 0;
};

/* Whether what is forbidden happens in any execution. */
verdict run(const test &program);

/* Of the ring's barriers, and of the operations that all of it is made of. */
std::vector<test> all();
std::vector<test> operations();

} // namespace perfbuf::litmus
