/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inject source: what processes write into its node becomes records, with the
 * time, the CPU and the task that the kernel knows. See docs/inject.md.
 */
#pragma once

#include <perfbuf/event.h>

namespace perfbuf
{

extern perfbuf_source inject_source;

} // namespace perfbuf
