/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What PERFBUF_EVENT() makes of each kind of field: <perfbuf/producer.h> includes it.
 */
#ifndef PERFBUF_FIELDS_H
#define PERFBUF_FIELDS_H

#include <linux/compiler.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include <perfbuf/event.h>

static __always_inline void perfbuf_put_chars(char *to, u32 bytes, const char *from)
{
	u32 n = 0;

	if (from)
		for (; n < bytes - 1 && from[n]; n++)
			to[n] = from[n];
	for (; n < bytes; n++)
		to[n] = 0;
}

static __always_inline void perfbuf_put_array(void *to, const void *from, u32 bytes)
{
	if (from)
		__builtin_memcpy(to, from, bytes);
	else
		__builtin_memset(to, 0, bytes);
}

static __always_inline struct perfbuf_part perfbuf_text(const char *text)
{
	const char *from = text ? text : "(null)";

	return (struct perfbuf_part){from, __builtin_strlen(from) + 1};
}

#if __has_attribute(__uninitialized__)
#define PERFBUF_UNINITIALIZED __attribute__((__uninitialized__))
#else
#define PERFBUF_UNINITIALIZED
#endif

#define PERFBUF_IS_SIGNED(_type) ((_type)(-1) < (_type)1)

/* Of the payload. */
#define PERFBUF_MEMBER(_kind, ...)		PERFBUF_MEMBER_##_kind(__VA_ARGS__)
#define PERFBUF_MEMBER_INT(_type, _field, ...)	_type _field;
#define PERFBUF_MEMBER_HEX			PERFBUF_MEMBER_INT
#define PERFBUF_MEMBER_TIME(_field)		u64 _field;
#define PERFBUF_MEMBER_FLAGS			PERFBUF_MEMBER_INT
#define PERFBUF_MEMBER_ENUM			PERFBUF_MEMBER_INT
#define PERFBUF_MEMBER_ARRAY(_type, _field, _n) _type _field[_n];
#define PERFBUF_MEMBER_CHARS(_field, _n)	char _field[_n];
#define PERFBUF_MEMBER_STRING(_field)		u32 _field;
#define PERFBUF_MEMBER_BYTES(_field)		u32 _field;

/* Of the arguments. */
#define PERFBUF_ARG(_kind, ...)		     PERFBUF_ARG_##_kind(__VA_ARGS__)
#define PERFBUF_ARG_INT(_type, _field, ...)  _type _field;
#define PERFBUF_ARG_HEX			     PERFBUF_ARG_INT
#define PERFBUF_ARG_TIME(_field)	     u64 _field;
#define PERFBUF_ARG_FLAGS		     PERFBUF_ARG_INT
#define PERFBUF_ARG_ENUM		     PERFBUF_ARG_INT
#define PERFBUF_ARG_ARRAY(_type, _field, _n) const _type *_field;
#define PERFBUF_ARG_CHARS(_field, _n)	     const char *_field;
#define PERFBUF_ARG_STRING(_field)	     const char *_field;
#define PERFBUF_ARG_BYTES(_field)	     struct perfbuf_part _field;

/* How many parts stand behind the payload. */
#define PERFBUF_PARTS(_kind, ...) +PERFBUF_PARTS_##_kind
#define PERFBUF_PARTS_INT	  0
#define PERFBUF_PARTS_HEX	  0
#define PERFBUF_PARTS_TIME	  0
#define PERFBUF_PARTS_FLAGS	  0
#define PERFBUF_PARTS_ENUM	  0
#define PERFBUF_PARTS_ARRAY	  0
#define PERFBUF_PARTS_CHARS	  0
#define PERFBUF_PARTS_STRING	  1
#define PERFBUF_PARTS_BYTES	  1

/* The parts, and where each will stand. */
#define PERFBUF_FIND(_kind, ...) PERFBUF_FIND_##_kind(__VA_ARGS__)
#define PERFBUF_FIND_INT(...)
#define PERFBUF_FIND_HEX(...)
#define PERFBUF_FIND_TIME(...)
#define PERFBUF_FIND_FLAGS(...)
#define PERFBUF_FIND_ENUM(...)
#define PERFBUF_FIND_ARRAY(...)
#define PERFBUF_FIND_CHARS(...)
#define PERFBUF_FIND_STRING(_field)                                                                \
	const struct perfbuf_part perfbuf_part_##_field = perfbuf_text(perfbuf_a->_field);         \
	u32 perfbuf_at_##_field;
#define PERFBUF_FIND_BYTES(_field)                                                                 \
	const struct perfbuf_part perfbuf_part_##_field = perfbuf_a->_field;                       \
	u32 perfbuf_at_##_field;

#define PERFBUF_PLACE(_kind, ...) PERFBUF_PLACE_##_kind(__VA_ARGS__)
#define PERFBUF_PLACE_INT(...)
#define PERFBUF_PLACE_HEX(...)
#define PERFBUF_PLACE_TIME(...)
#define PERFBUF_PLACE_FLAGS(...)
#define PERFBUF_PLACE_ENUM(...)
#define PERFBUF_PLACE_ARRAY(...)
#define PERFBUF_PLACE_CHARS(...)
#define PERFBUF_PLACE_STRING(_field)                                                               \
	perfbuf_at_##_field = perfbuf_at | perfbuf_part_##_field.bytes << 16;                      \
	perfbuf_parts[perfbuf_n++] = perfbuf_part_##_field;                                        \
	perfbuf_at += perfbuf_part_##_field.bytes;
#define PERFBUF_PLACE_BYTES PERFBUF_PLACE_STRING

/* Stores a field. */
#define PERFBUF_STORE(_kind, ...)	      PERFBUF_STORE_##_kind(__VA_ARGS__)
#define PERFBUF_STORE_INT(_type, _field, ...) perfbuf_to->_field = perfbuf_a->_field;
#define PERFBUF_STORE_HEX		      PERFBUF_STORE_INT
#define PERFBUF_STORE_TIME(_field)	      perfbuf_to->_field = perfbuf_a->_field;
#define PERFBUF_STORE_FLAGS		      PERFBUF_STORE_INT
#define PERFBUF_STORE_ENUM		      PERFBUF_STORE_INT
#define PERFBUF_STORE_ARRAY(_type, _field, _n)                                                     \
	perfbuf_put_array(perfbuf_to->_field, perfbuf_a->_field, sizeof(perfbuf_to->_field));
#define PERFBUF_STORE_CHARS(_field, _n)                                                            \
	perfbuf_put_chars(perfbuf_to->_field, sizeof(perfbuf_to->_field), perfbuf_a->_field);
#define PERFBUF_STORE_STRING(_field) perfbuf_to->_field = perfbuf_at_##_field;
#define PERFBUF_STORE_BYTES(_field)  perfbuf_to->_field = perfbuf_at_##_field;

/* Stands for where a part will stand, in a function that is compiled for each event and is called
 * only if the event has none. */
#define PERFBUF_NOWHERE(_kind, ...) PERFBUF_NOWHERE_##_kind(__VA_ARGS__)
#define PERFBUF_NOWHERE_INT(...)
#define PERFBUF_NOWHERE_HEX(...)
#define PERFBUF_NOWHERE_TIME(...)
#define PERFBUF_NOWHERE_FLAGS(...)
#define PERFBUF_NOWHERE_ENUM(...)
#define PERFBUF_NOWHERE_ARRAY(...)
#define PERFBUF_NOWHERE_CHARS(...)
#define PERFBUF_NOWHERE_STRING(_field) const u32 perfbuf_at_##_field = 0;
#define PERFBUF_NOWHERE_BYTES	       PERFBUF_NOWHERE_STRING

/* The tables of names. */
#define PERFBUF_NAMES(_kind, ...) PERFBUF_NAMES_##_kind(__VA_ARGS__)
#define PERFBUF_NAMES_INT(...)
#define PERFBUF_NAMES_HEX(...)
#define PERFBUF_NAMES_TIME(...)
#define PERFBUF_NAMES_ARRAY(...)
#define PERFBUF_NAMES_CHARS(...)
#define PERFBUF_NAMES_STRING(...)
#define PERFBUF_NAMES_BYTES(...)
#define PERFBUF_NAMES_FLAGS(_type, _field, ...)                                                    \
	static const struct perfbuf_name perfbuf_names_##_field[] = {__VA_ARGS__, {0, NULL}};
#define PERFBUF_NAMES_ENUM PERFBUF_NAMES_FLAGS

/* The descriptions of the fields. */
#define PERFBUF_FIELD(_kind, ...) PERFBUF_FIELD_##_kind(__VA_ARGS__)
#define PERFBUF_FIELD_OF(_kind, _type, _field, _names, _n, _signed)                                \
	{                                                                                          \
		.type = #_type,                                                                    \
		.name = #_field,                                                                   \
		.names = _names,                                                                   \
		.offset = offsetof(perfbuf_record, _field),                                        \
		.bytes = sizeof(((perfbuf_record *)0)->_field),                                    \
		.elements = _n,                                                                    \
		.kind = PERFBUF_KIND_##_kind,                                                      \
		.is_signed = _signed,                                                              \
	},
#define PERFBUF_FIELD_INT(_type, _field)                                                           \
	PERFBUF_FIELD_OF(INT, _type, _field, NULL, 1, PERFBUF_IS_SIGNED(_type))
#define PERFBUF_FIELD_HEX(_type, _field)                                                           \
	PERFBUF_FIELD_OF(HEX, _type, _field, NULL, 1, PERFBUF_IS_SIGNED(_type))
#define PERFBUF_FIELD_TIME(_field) PERFBUF_FIELD_OF(TIME, u64, _field, NULL, 1, 0)
#define PERFBUF_FIELD_FLAGS(_type, _field, ...)                                                    \
	PERFBUF_FIELD_OF(FLAGS, _type, _field, perfbuf_names_##_field, 1, PERFBUF_IS_SIGNED(_type))
#define PERFBUF_FIELD_ENUM(_type, _field, ...)                                                     \
	PERFBUF_FIELD_OF(ENUM, _type, _field, perfbuf_names_##_field, 1, PERFBUF_IS_SIGNED(_type))
#define PERFBUF_FIELD_ARRAY(_type, _field, _n)                                                     \
	PERFBUF_FIELD_OF(ARRAY, _type, _field, NULL, _n, PERFBUF_IS_SIGNED(_type))
#define PERFBUF_FIELD_CHARS(_field, _n) PERFBUF_FIELD_OF(CHARS, char, _field, NULL, _n, 1)
#define PERFBUF_FIELD_STRING(_field)	PERFBUF_FIELD_OF(STRING, char, _field, NULL, 0, 0)
#define PERFBUF_FIELD_BYTES(_field)	PERFBUF_FIELD_OF(BYTES, u8, _field, NULL, 0, 0)

#endif /* PERFBUF_FIELDS_H */
