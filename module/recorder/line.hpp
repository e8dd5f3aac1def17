/* SPDX-License-Identifier: GPL-2.0 */
/* An event of a recorder as a line of the kernel's log. */
#pragma once

#include "recorder/walk.hpp"

namespace perfbuf
{

inline constexpr u32 recorded_line_bytes = 512;

/* "12.000345678 cpu 1 tid 4242 mydev:tick queue=3 state=busy", with its NUL; what is longer is cut.
 * Any context. */
void write_line(const recorder &of, const recorder_cpu &cpu, const recorded &record,
		char (&line)[recorded_line_bytes]) noexcept;

} // namespace perfbuf
