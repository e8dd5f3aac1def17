/* SPDX-License-Identifier: GPL-2.0 */
/* The texts of the attributes in /sys/class/perfbuf/<source>/. Process context. */
#pragma once

#include "device/source.hpp"
#include "device/text.hpp"

namespace perfbuf
{

/*
 * Attribute @name of @of, as far as the files of the user @viewer go (NULL: everybody's). EPERM:
 * the rates, which are everybody's. Process context, may sleep.
 */
cxxrt::result<void> show_source(source &of, const void *viewer, const char *name,
				text_writer &out) noexcept;

/*
 * A line for each configured file of @viewer, those opened last first:
 *
 *   id=12 config=7 cpu=0 of=all records=500 lost=3 lost_full=3 ...
 *
 * from @position on; returns the bytes, at most @bytes. Lines are filled up with blanks to one
 * length, and a call ends with a line if it can, so that what is read in pieces while the numbers
 * grow is made of whole lines. A reader whose buffer is shorter than a line gets its parts from
 * several moments.
 */
u64 show_readers(const source &of, const void *viewer, u64 position, char *to, u64 bytes) noexcept;

} // namespace perfbuf
