// SPDX-License-Identifier: GPL-2.0
/* Checks the layout of an event, and writes the text of its format file. Process context. */
#include "producer/format.hpp"

#include "producer/names.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

struct integer {
	const char *type;
	u32 bytes;
	bool is_signed;
	const char *decimal;
	const char *hex;
};

/* perf takes fields of any width for unsigned: the directives of short ones turn them back. */
constexpr integer integers[] = {
	{"u8", 1, false, "%u", "0x%x"},	 {"u16", 2, false, "%u", "0x%x"},
	{"u32", 4, false, "%u", "0x%x"}, {"u64", 8, false, "%llu", "0x%llx"},
	{"s8", 1, true, "%hhd", "0x%x"}, {"s16", 2, true, "%hd", "0x%x"},
	{"s32", 4, true, "%d", "0x%x"},	 {"s64", 8, true, "%lld", "0x%llx"},
};

const integer *integer_of(const char *type) noexcept
{
	for (const integer &candidate : integers) {
		if (equal(candidate.type, type))
			return &candidate;
	}
	return nullptr;
}

/* Kinds of bytes with a meaning of their own, and how they are printed. */
struct octets {
	u8 kind;
	u32 bytes;
	const char *directive;
};

constexpr octets all_octets[] = {
	{PERFBUF_KIND_IPV4, 4, "%pI4"},
	{PERFBUF_KIND_IPV6, 16, "%pI6c"},
	{PERFBUF_KIND_MAC, 6, "%pM"},
	{PERFBUF_KIND_UUID, 16, "%pUb"},
};

const octets *octets_of(const perfbuf_field &field) noexcept
{
	for (const octets &candidate : all_octets) {
		if (candidate.kind == field.kind)
			return &candidate;
	}
	return nullptr;
}

bool is_array(const perfbuf_field &field) noexcept
{
	return field.kind == PERFBUF_KIND_ARRAY || field.kind == PERFBUF_KIND_CHARS ||
	       octets_of(field);
}

/* Of one value, which has no sign. */
bool is_single(const perfbuf_field &field, const char *type, u32 bytes) noexcept
{
	return equal(field.type, type) && field.bytes == bytes && !field.is_signed;
}

/* A name stands in quotes in the text. */
bool is_printable(const char *name) noexcept
{
	for (; *name; name++) {
		if (*name < ' ' || *name == '"' || *name == '\\' || *name > '~')
			return false;
	}
	return true;
}

/* nullptr: its type, size and names are those of its kind. */
const char *kind_fault_of(const perfbuf_field &field) noexcept
{
	constexpr const char *wrong_place = "has not the 4 bytes that say where its data is";
	constexpr const char *wrong_type = "has not the type and the size of its kind";

	switch (field.kind) {
	case PERFBUF_KIND_CHARS:
		return field.elements == field.bytes ? nullptr
						     : "has not one byte for each character";
	case PERFBUF_KIND_STRING:
	case PERFBUF_KIND_BYTES:
		return field.bytes == sizeof(u32) ? nullptr : wrong_place;
	case PERFBUF_KIND_BOOL:
		return is_single(field, "bool", 1) ? nullptr : wrong_type;
	case PERFBUF_KIND_POINTER:
		return is_single(field, "void *", sizeof(u64)) ? nullptr : wrong_type;
	case PERFBUF_KIND_IPV4:
	case PERFBUF_KIND_IPV6:
	case PERFBUF_KIND_MAC:
	case PERFBUF_KIND_UUID: {
		const u32 bytes = octets_of(field)->bytes;

		return field.elements == bytes && is_single(field, "u8", bytes) ? nullptr
										: wrong_type;
	}
	case PERFBUF_KIND_FLAGS:
	case PERFBUF_KIND_ENUM:
		if (!field.names)
			return "has no names for its values";
		for (const perfbuf_name *name = field.names; name->name; name++) {
			if (!is_printable(name->name))
				return "has a name for a value that cannot be printed";
		}
		break;
	case PERFBUF_KIND_INT:
	case PERFBUF_KIND_HEX:
	case PERFBUF_KIND_TIME:
	case PERFBUF_KIND_ARRAY:
	case PERFBUF_KIND_DYNAMIC_ARRAY:
		break;
	default:
		return "is of a kind that this perfbuf does not know";
	}

	const integer *type = integer_of(field.type);

	if (!type)
		return "has a type that is none of u8 u16 u32 u64 s8 s16 s32 s64";
	if (type->is_signed != static_cast<bool>(field.is_signed))
		return "has not the sign of its type";
	if (field.kind == PERFBUF_KIND_DYNAMIC_ARRAY)
		return field.bytes == sizeof(u32) ? nullptr : wrong_place;
	if (u64{type->bytes} * (field.kind == PERFBUF_KIND_ARRAY ? field.elements : 1) !=
	    field.bytes)
		return "has not the size of its type";
	return nullptr;
}

result<void> check_field(const perfbuf_field &field, u32 end, layout_fault &fault) noexcept
{
	const result<void> named = check_name(field.name, false);

	fault.field = field.name ? field.name : "a field";
	if (!named) {
		fault.why = named.error().code() == ENAMETOOLONG ? "has too long a name"
								 : "has no name that can be";
		return named;
	}
	/* The fields that every payload begins with have such names. */
	if (!__builtin_strncmp(field.name, "common_", 7)) {
		fault.why = "has a name that begins as those of every event do";
		return error(EINVAL);
	}
	if (field.offset > end || field.bytes > end - field.offset ||
	    field.offset < sizeof(perfbuf_common) || !field.bytes) {
		fault.why = "does not lie in the fixed part";
		return error(EINVAL);
	}
	fault.why = kind_fault_of(field);
	return fault.why ? result<void>(error(EINVAL)) : result<void>();
}

void write_field(text_writer &out, const perfbuf_field &field) noexcept
{
	out.string("\tfield:");
	if (is_dynamic(field))
		out.string("__data_loc ");
	out.string(field.type);
	if (is_dynamic(field))
		out.string("[]");
	out.string(" ");
	out.string(field.name);
	if (is_array(field)) {
		out.string("[");
		out.decimal(field.elements);
		out.string("]");
	}
	out.string(";\toffset:");
	out.decimal(field.offset);
	out.string(";\tsize:");
	out.decimal(field.bytes);
	out.string(";\tsigned:");
	out.decimal(field.is_signed);
	out.string(";\n");
}

const char *directive_of(const perfbuf_field &field) noexcept
{
	switch (field.kind) {
	case PERFBUF_KIND_INT:
	case PERFBUF_KIND_TIME:
		return integer_of(field.type)->decimal;
	case PERFBUF_KIND_HEX:
		return integer_of(field.type)->hex;
	case PERFBUF_KIND_POINTER:
		return "0x%llx";
	}
	if (const octets *of = octets_of(field))
		return of->directive;
	return "%s";
}

/* Values as perf reads them out of the field, which it takes for unsigned: -1 of a byte is 255. */
void write_names(text_writer &out, const perfbuf_field &field, const perfbuf_name *names) noexcept
{
	const u32 unused = 64 - 8 * field.bytes;

	for (const perfbuf_name *name = names; name->name; name++) {
		out.string(", { ");
		out.decimal(field.is_signed ? name->value << unused >> unused : name->value);
		out.string(", \"");
		out.string(name->name);
		out.string("\" }");
	}
	out.string(")");
}

void write_argument(text_writer &out, const perfbuf_field &field) noexcept
{
	out.string(", ");
	switch (field.kind) {
	case PERFBUF_KIND_FLAGS:
		out.string("__print_flags(REC->");
		out.string(field.name);
		out.string(", \"|\"");
		write_names(out, field, field.names);
		return;
	case PERFBUF_KIND_ENUM:
	case PERFBUF_KIND_BOOL:
		out.string("__print_symbolic(REC->");
		out.string(field.name);
		write_names(out, field, field.kind == PERFBUF_KIND_BOOL ? bool_names : field.names);
		return;
	case PERFBUF_KIND_DYNAMIC_ARRAY:
		out.string("__print_array(__get_dynamic_array(");
		out.string(field.name);
		/* perf 6.1 reads an expression here in parentheses only. */
		out.string("), (__get_dynamic_array_len(");
		out.string(field.name);
		out.string(") / ");
		out.decimal(integer_of(field.type)->bytes);
		out.string("), ");
		out.decimal(integer_of(field.type)->bytes);
		out.string(")");
		return;
	case PERFBUF_KIND_ARRAY:
		out.string("__print_array(REC->");
		out.string(field.name);
		out.string(", ");
		out.decimal(field.elements);
		out.string(", ");
		out.decimal(field.bytes / field.elements);
		out.string(")");
		return;
	case PERFBUF_KIND_STRING:
		out.string("__get_str(");
		out.string(field.name);
		out.string(")");
		return;
	case PERFBUF_KIND_BYTES:
		out.string("__print_hex(__get_dynamic_array(");
		out.string(field.name);
		out.string("), __get_dynamic_array_len(");
		out.string(field.name);
		out.string("))");
		return;
	}
	out.string("REC->");
	out.string(field.name);
}

constexpr perfbuf_field common_fields[] = {
	{"unsigned short", "common_type", nullptr, 0, 2, 1, PERFBUF_KIND_INT, 0},
	{"unsigned char", "common_flags", nullptr, 2, 1, 1, PERFBUF_KIND_INT, 0},
	{"unsigned char", "common_preempt_count", nullptr, 3, 1, 1, PERFBUF_KIND_INT, 0},
	{"int", "common_pid", nullptr, 4, 4, 1, PERFBUF_KIND_INT, 1},
};

static_assert(sizeof(perfbuf_common) == 8);

} // namespace

u32 integer_bytes(const char *type) noexcept
{
	return integer_of(type)->bytes;
}

result<void> check_layout(const perfbuf_layout &of, layout_fault &fault) noexcept
{
	fault = {"its fixed part", "is smaller than the fields of every event"};
	if (of.bytes < sizeof(perfbuf_common))
		return error(EINVAL);
	fault.why = "is too large";
	if (of.bytes > PERFBUF_FIXED_MAX)
		return error(E2BIG);

	u32 pointers = 0;

	for (u32 i = 0; i < of.field_count; i++) {
		const perfbuf_field &field = of.fields[i];

		TRY(check_field(field, of.bytes, fault));
		pointers += field.kind == PERFBUF_KIND_POINTER;
		fault.why = "is one pointer too many";
		if (pointers > PERFBUF_POINTERS_MAX)
			return error(E2BIG);
		fault.why = "has the name of another field";
		for (u32 j = 0; j < i; j++) {
			if (equal(of.fields[j].name, field.name))
				return error(EEXIST);
		}
	}
	return {};
}

void write_format(text_writer &out, const char *event, u32 id, const perfbuf_layout &of) noexcept
{
	out.string("name: ");
	out.string(event);
	out.string("\nID: ");
	out.decimal(id);
	out.string("\nformat:\n");
	for (const perfbuf_field &field : common_fields)
		write_field(out, field);
	out.string("\n");
	for (u32 i = 0; i < of.field_count; i++)
		write_field(out, of.fields[i]);

	out.string("\nprint fmt: \"");
	for (u32 i = 0; i < of.field_count; i++) {
		if (i)
			out.string(" ");
		out.string(of.fields[i].name);
		out.string("=");
		out.string(directive_of(of.fields[i]));
	}
	out.string("\"");
	for (u32 i = 0; i < of.field_count; i++)
		write_argument(out, of.fields[i]);
	out.string("\n");
}

} // namespace perfbuf
