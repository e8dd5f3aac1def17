/* SPDX-License-Identifier: GPL-2.0 */
/* What /sys/class/perfbuf/<source>/ shows. */
#pragma once

#include "device/source.hpp"
#include "device/text.hpp"

namespace perfbuf
{

/* Attribute @name of @of. Process context, may sleep. */
void show_source(source &of, const char *name, text_writer &out) noexcept;

} // namespace perfbuf
