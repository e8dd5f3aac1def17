/* SPDX-License-Identifier: GPL-2.0 */
/* The text that says how a payload is laid out and printed: that of tracefs' format files. */
#pragma once

#include "device/text.hpp"

#include <cxxrt/result.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

/* Stands behind the fixed part, and has a u32 there that says where. */
constexpr bool is_dynamic(const perfbuf_field &one) noexcept
{
	return one.kind == PERFBUF_KIND_STRING || one.kind == PERFBUF_KIND_BYTES ||
	       one.kind == PERFBUF_KIND_DYNAMIC_ARRAY;
}

/* Of a type from u8 to s64. */
u32 integer_bytes(const char *type) noexcept;

/* What a field of PERFBUF_KIND_BOOL is called. */
inline constexpr perfbuf_name bool_names[] = {{0, "false"}, {1, "true"}, {0, nullptr}};

/* Why an event cannot be: @why of the field, or of @field as a whole ("its fixed part"). */
struct layout_fault {
	const char *field;
	const char *why;
};

/*
 * Whether readers will understand it. EINVAL: a name, a type or a place that cannot be; EEXIST: two
 * fields of one name; ENAMETOOLONG; E2BIG: the fixed part is too large, or has too many pointers.
 * @fault: set by an error.
 */
cxxrt::result<void> check_layout(const perfbuf_layout &of, layout_fault &fault) noexcept;

void write_format(text_writer &out, const char *event, u32 id, const perfbuf_layout &of) noexcept;

} // namespace perfbuf
