/* SPDX-License-Identifier: GPL-2.0 */
/* Checks the layout of an event, and writes the text of its format file, which has the syntax of
 * tracefs' format files. */
#pragma once

#include "device/text.hpp"

#include <cxxrt/result.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

/* Whether the bytes of the field lie behind the fixed part, which has their offset and size in a
 * u32 (tracefs' __data_loc). */
constexpr bool is_dynamic(const perfbuf_field &field) noexcept
{
	return field.kind == PERFBUF_KIND_STRING || field.kind == PERFBUF_KIND_BYTES ||
	       field.kind == PERFBUF_KIND_DYNAMIC_ARRAY;
}

/* The size of @type, which is u8 to u64 or s8 to s64; 0: it is none of these. */
u32 integer_bytes(const char *type) noexcept;

/* The names of the values of a field of PERFBUF_KIND_BOOL. */
inline constexpr perfbuf_name bool_names[] = {{0, "false"}, {1, "true"}, {0, nullptr}};

/* Why a layout is refused: the name of the field, or "its fixed part", and the reason, for the log.
 */
struct layout_fault {
	const char *field;
	const char *why;
};

/*
 * Checks that readers can decode events of this layout. EINVAL: a wrong name, type or offset;
 * EEXIST: two fields have the same name; ENAMETOOLONG; E2BIG: the fixed part is too large, or has
 * too many pointers. @fault: set on an error. Any context.
 */
cxxrt::result<void> check_layout(const perfbuf_layout &of, layout_fault &fault) noexcept;

/* Writes the text of the format file of the event @event with the trace id @id. */
void write_format(text_writer &out, const char *event, u32 id, const perfbuf_layout &of) noexcept;

} // namespace perfbuf
