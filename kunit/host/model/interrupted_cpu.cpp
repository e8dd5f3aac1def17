// SPDX-License-Identifier: GPL-2.0
/* A CPU that other writers interrupt before each access. */
#include "interrupted_cpu.hpp"

#include "scenario.hpp"

namespace perfbuf::model
{

namespace
{

/* More than any script needs. */
constexpr unsigned accesses_max = 2000;

} // namespace

void interrupted_cpu::before_writers(cxxrt::model::access access, const volatile void *where,
				     std::size_t bytes, bool is_reader_far,
				     const volatile void *tail)
{
	using enum cxxrt::model::access;

	if (++accesses_ > accesses_max)
		fail("a writer does not come to its end");
	if (is_reader_far)
		memory_.finish_store();
	else if (exploring_)
		look();

	switch (access) {
	case barrier:
		break;
	case wmb:
	case rmb:
	case mb:
		memory_.fence();
		break;
	default:
		if (exploring_)
			intervene(memory_.is_shared(where) || where == tail);
		if (is_reader_far &&
		    (access == store || access == release || access == plain_store))
			memory_.begin_store(where, static_cast<u32>(bytes), access == release);
	}
}

} // namespace perfbuf::model
