// SPDX-License-Identifier: GPL-2.0
/* The C entries of tsc_clock: check it against the kernel's clock, and store its parameters in the
 * user pages of all open files. */
#include "device/file.hpp"
#include "device/tsc_clock.hpp"

#include <cxxrt/alloc.hpp>

namespace perfbuf
{

namespace
{

/* From perfbuf_tsc_init() to perfbuf_tsc_exit(), between which all files live. */
constinit tsc_clock *the_clock = nullptr;

/*
 * Follows each check of the clock. @changed: the parameters have changed, so the user pages are
 * written anew. @is_used: a file is being opened. While there are files, another check is
 * scheduled. Process context.
 */
void finish_check(bool changed, bool is_used) noexcept
{
	{
		auto files = the_device().open_files.lock();

		is_used |= files->first != nullptr;
		if (changed)
			device_state::refresh_user_pages(*files);
	}
	if (is_used || the_clock->awaits_settling())
		pb_tsc_check_after(tsc_clock::interval_ms);
}

} // namespace

void check_tsc_clock() noexcept
{
	finish_check(the_clock->check(false), true);
}

bool tsc_clock_published(pb_tsc_parameters &out) noexcept
{
	return the_clock->published(out);
}

} // namespace perfbuf

using perfbuf::finish_check;
using perfbuf::the_clock;
using perfbuf::tsc_clock;

int perfbuf_tsc_init(void) noexcept
{
	the_clock = new (cxxrt::gfp::kernel) tsc_clock;
	if (!the_clock)
		return -ENOMEM;
	return 0;
}

void perfbuf_tsc_exit(void) noexcept
{
	delete std::exchange(the_clock, nullptr);
}

void perfbuf_tsc_check(int all_cpus) noexcept
{
	finish_check(the_clock->check(all_cpus), false);
}

void perfbuf_tsc_suspend(int suspends) noexcept
{
	finish_check(the_clock->suspend(suspends), false);
}
