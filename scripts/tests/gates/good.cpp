// SPDX-License-Identifier: GPL-2.0
// builds: everything that C++ may do here
#include <array>
#include <cxxrt/alloc.hpp>
#include <cxxrt/std.hpp>
#include <linux/perf_event.h>
#include <new>
#include <optional>
#include <span>

namespace
{

struct shape {
	virtual int area(int n) const = 0;
	virtual ~shape() = default;
};

struct square final : shape {
	int area(int n) const override { return n * n; }
};

constinit std::array<int, 4> table{1, 2, 3, 4};

} // namespace

/* Two files emit it, so the linker drops a copy. */
template <typename T>
__attribute__((noinline)) T doubled(T value)
{
	static constinit int calls;
	return value + value + (++calls > 1000000);
}

int other_file(int n);

extern "C" int gate_case();
extern "C" int gate_case()
{
	std::optional<int> sum = 0;
	for (int n : std::span(table))
		*sum += doubled(n);
	const shape *made = new (cxxrt::gfp::kernel) square;
	if (!made)
		return -12;
	*sum += made->area(3) + other_file(4) + int(sizeof(perf_event_mmap_page));
	delete made;
	return *sum > 0 ? 0 : -22;
}
