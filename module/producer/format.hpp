/* SPDX-License-Identifier: GPL-2.0 */
/* The text that says how a payload is laid out and printed: that of tracefs' format files. */
#pragma once

#include "device/text.hpp"

#include <cxxrt/result.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

/*
 * Whether readers will understand it. EINVAL: a name, a type or a place that cannot be; EEXIST: two
 * fields of one name; ENAMETOOLONG; E2BIG: the fixed part is too large. *@where: the field.
 */
cxxrt::result<void> check_layout(const perfbuf_layout &of, const char **where) noexcept;

void write_format(text_writer &out, const char *event, u32 id, const perfbuf_layout &of) noexcept;

} // namespace perfbuf
