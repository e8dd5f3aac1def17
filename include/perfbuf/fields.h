/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The macros by which PERFBUF_EVENT() expands each kind of field; <perfbuf/producer.h> includes
 * them.
 */
#ifndef PERFBUF_FIELDS_H
#define PERFBUF_FIELDS_H

#include <linux/compiler.h>
#include <linux/stddef.h>
#include <linux/stringify.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include <perfbuf/event.h>

struct in6_addr;

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

/* The record refuses a part that is too large, so the product may not wrap here. */
static __always_inline struct perfbuf_part perfbuf_elements(const void *from, u32 count, u32 bytes)
{
	return (struct perfbuf_part){from, count < 0x10000 ? count * bytes : 0x10000 * bytes};
}

#if __has_attribute(__uninitialized__)
#define PERFBUF_UNINITIALIZED __attribute__((__uninitialized__))
#else
#define PERFBUF_UNINITIALIZED
#endif

#define PERFBUF_IS_SIGNED(_type) ((_type)(-1) < (_type)1)

/*
 * A kind that is not in this list becomes UNKNOWN: a member, so that the compiler does not complain
 * of each use of the field, and one sentence in place of the errors of macros that do not exist.
 */
#define PERFBUF_KNOWN_INT		 , INT
#define PERFBUF_KNOWN_HEX		 , HEX
#define PERFBUF_KNOWN_TIME		 , TIME
#define PERFBUF_KNOWN_FLAGS		 , FLAGS
#define PERFBUF_KNOWN_ENUM		 , ENUM
#define PERFBUF_KNOWN_ARRAY		 , ARRAY
#define PERFBUF_KNOWN_CHARS		 , CHARS
#define PERFBUF_KNOWN_STRING		 , STRING
#define PERFBUF_KNOWN_BYTES		 , BYTES
#define PERFBUF_KNOWN_BOOL		 , BOOL
#define PERFBUF_KNOWN_POINTER		 , POINTER
#define PERFBUF_KNOWN_IPV4		 , IPV4
#define PERFBUF_KNOWN_IPV6		 , IPV6
#define PERFBUF_KNOWN_MAC		 , MAC
#define PERFBUF_KNOWN_UUID		 , UUID
#define PERFBUF_KNOWN_DYNAMIC_ARRAY	 , DYNAMIC_ARRAY

#define PERFBUF_SECOND_(_one, _two, ...) _two
#define PERFBUF_SECOND(...)		 PERFBUF_SECOND_(__VA_ARGS__)
#define PERFBUF_KNOWN(_kind)		 PERFBUF_SECOND(PERFBUF_KNOWN_##_kind, UNKNOWN, )
#define PERFBUF_OF_KIND_(_macro, _kind)	 _macro##_kind
#define PERFBUF_OF_KIND(_macro, _kind)	 PERFBUF_OF_KIND_(_macro, _kind)

/* Of F(KIND, field) or F(KIND, type, field, ...). */
#define PERFBUF_NAME_IN(_first, ...) PERFBUF_SECOND(, ##__VA_ARGS__, _first, )

/* A field that no event can have does not compile: the compiler's message names the field. */
#define PERFBUF_CHECK(_kind, ...)                                                                  \
	PERFBUF_OF_KIND(PERFBUF_CHECK_, PERFBUF_KNOWN(_kind))(#_kind, __VA_ARGS__)
#define PERFBUF_CHECK_UNKNOWN(_kind, ...)                                                          \
	_Static_assert(0, "perfbuf: " _kind ", the kind of field " #__VA_ARGS__                    \
			  ", is none of INT HEX TIME FLAGS ENUM BOOL POINTER IPV4 IPV6 MAC UUID "  \
			  "ARRAY DYNAMIC_ARRAY CHARS STRING BYTES");
#define PERFBUF_CHECK_NAME(_field)                                                                 \
	_Static_assert(__builtin_strncmp(#_field, "common_", 7),                                   \
		       "perfbuf: field " #_field ": names that begin with common_ are those of "   \
		       "every event: choose another");                                             \
	_Static_assert(sizeof(#_field) <= PERFBUF_NAME_MAX + 1,                                    \
		       "perfbuf: field " #_field                                                   \
		       ": a name has " __stringify(PERFBUF_NAME_MAX) " characters at most");
#define PERFBUF_IS_TYPE(_type, _name) (!__builtin_strcmp(#_type, _name))
#define PERFBUF_CHECK_INT(_kind, _type, _field, ...)                                               \
	PERFBUF_CHECK_NAME(_field)                                                                 \
	_Static_assert(PERFBUF_IS_TYPE(_type, "u8") || PERFBUF_IS_TYPE(_type, "u16") ||            \
			       PERFBUF_IS_TYPE(_type, "u32") || PERFBUF_IS_TYPE(_type, "u64") ||   \
			       PERFBUF_IS_TYPE(_type, "s8") || PERFBUF_IS_TYPE(_type, "s16") ||    \
			       PERFBUF_IS_TYPE(_type, "s32") || PERFBUF_IS_TYPE(_type, "s64"),     \
		       "perfbuf: field " #_field " cannot be of type " #_type                      \
		       ": give u8, u16, u32, u64, s8, s16, s32 or s64");
#define PERFBUF_CHECK_HEX		  PERFBUF_CHECK_INT
#define PERFBUF_CHECK_TIME(_kind, _field) PERFBUF_CHECK_NAME(_field)
#define PERFBUF_CHECK_FLAGS		  PERFBUF_CHECK_INT
#define PERFBUF_CHECK_ENUM		  PERFBUF_CHECK_INT
#define PERFBUF_CHECK_ARRAY		  PERFBUF_CHECK_INT
#define PERFBUF_CHECK_CHARS(_kind, _field, _n)                                                     \
	PERFBUF_CHECK_NAME(_field)                                                                 \
	_Static_assert((_n) > 0, "perfbuf: field " #_field " has space for no character");
#define PERFBUF_CHECK_STRING	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_BYTES	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_BOOL	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_POINTER	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_IPV4	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_IPV6	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_MAC	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_UUID	    PERFBUF_CHECK_TIME
#define PERFBUF_CHECK_DYNAMIC_ARRAY PERFBUF_CHECK_INT

/* Of the payload. */
#define PERFBUF_MEMBER(_kind, ...)                                                                 \
	PERFBUF_OF_KIND(PERFBUF_MEMBER_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_MEMBER_INT(_type, _field, ...)	    _type _field;
#define PERFBUF_MEMBER_HEX			    PERFBUF_MEMBER_INT
#define PERFBUF_MEMBER_TIME(_field)		    u64 _field;
#define PERFBUF_MEMBER_FLAGS			    PERFBUF_MEMBER_INT
#define PERFBUF_MEMBER_ENUM			    PERFBUF_MEMBER_INT
#define PERFBUF_MEMBER_ARRAY(_type, _field, _n)	    _type _field[_n];
#define PERFBUF_MEMBER_CHARS(_field, _n)	    char _field[_n];
#define PERFBUF_MEMBER_STRING(_field)		    u32 _field;
#define PERFBUF_MEMBER_BYTES(_field)		    u32 _field;
#define PERFBUF_MEMBER_BOOL(_field)		    bool _field;
#define PERFBUF_MEMBER_POINTER(_field)		    u64 _field;
#define PERFBUF_MEMBER_IPV4(_field)		    __be32 _field;
#define PERFBUF_MEMBER_IPV6(_field)		    u8 _field[16];
#define PERFBUF_MEMBER_MAC(_field)		    u8 _field[6];
#define PERFBUF_MEMBER_UUID(_field)		    uuid_t _field;
#define PERFBUF_MEMBER_DYNAMIC_ARRAY(_type, _field) u32 _field;
#define PERFBUF_MEMBER_UNKNOWN(...)		    u64 PERFBUF_NAME_IN(__VA_ARGS__);

/* Of the arguments. */
#define PERFBUF_ARG(_kind, ...)		     PERFBUF_OF_KIND(PERFBUF_ARG_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_ARG_INT(_type, _field, ...)  _type _field;
#define PERFBUF_ARG_HEX			     PERFBUF_ARG_INT
#define PERFBUF_ARG_TIME(_field)	     u64 _field;
#define PERFBUF_ARG_FLAGS		     PERFBUF_ARG_INT
#define PERFBUF_ARG_ENUM		     PERFBUF_ARG_INT
#define PERFBUF_ARG_ARRAY(_type, _field, _n) const _type *_field;
#define PERFBUF_ARG_CHARS(_field, _n)	     const char *_field;
#define PERFBUF_ARG_STRING(_field)	     const char *_field;
#define PERFBUF_ARG_BYTES(_field)	     struct perfbuf_part _field;
#define PERFBUF_ARG_BOOL(_field)	     bool _field;
#define PERFBUF_ARG_POINTER(_field)	     const void *_field;
#define PERFBUF_ARG_IPV4(_field)	     __be32 _field;
#define PERFBUF_ARG_IPV6(_field)	     const struct in6_addr *_field;
#define PERFBUF_ARG_MAC(_field)		     const u8 *_field;
#define PERFBUF_ARG_UUID(_field)	     const uuid_t *_field;
#define PERFBUF_ARG_DYNAMIC_ARRAY(_type, _field)                                                   \
	struct {                                                                                   \
		const _type *from;                                                                 \
		u32 count;                                                                         \
	} _field;
#define PERFBUF_ARG_UNKNOWN(...) u64 PERFBUF_NAME_IN(__VA_ARGS__);

/* How many parts stand behind the payload. */
#define PERFBUF_PARTS(_kind, ...)   +PERFBUF_OF_KIND(PERFBUF_PARTS_, PERFBUF_KNOWN(_kind))
#define PERFBUF_PARTS_INT	    0
#define PERFBUF_PARTS_HEX	    0
#define PERFBUF_PARTS_TIME	    0
#define PERFBUF_PARTS_FLAGS	    0
#define PERFBUF_PARTS_ENUM	    0
#define PERFBUF_PARTS_ARRAY	    0
#define PERFBUF_PARTS_CHARS	    0
#define PERFBUF_PARTS_STRING	    1
#define PERFBUF_PARTS_BYTES	    1
#define PERFBUF_PARTS_BOOL	    0
#define PERFBUF_PARTS_POINTER	    0
#define PERFBUF_PARTS_IPV4	    0
#define PERFBUF_PARTS_IPV6	    0
#define PERFBUF_PARTS_MAC	    0
#define PERFBUF_PARTS_UUID	    0
#define PERFBUF_PARTS_DYNAMIC_ARRAY 1
#define PERFBUF_PARTS_UNKNOWN	    0

/* The parts, and where each will stand. */
#define PERFBUF_FIND(_kind, ...) PERFBUF_OF_KIND(PERFBUF_FIND_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_FIND_INT(...)
#define PERFBUF_FIND_HEX(...)
#define PERFBUF_FIND_TIME(...)
#define PERFBUF_FIND_FLAGS(...)
#define PERFBUF_FIND_ENUM(...)
#define PERFBUF_FIND_ARRAY(...)
#define PERFBUF_FIND_BOOL(...)
#define PERFBUF_FIND_POINTER(...)
#define PERFBUF_FIND_IPV4(...)
#define PERFBUF_FIND_IPV6(...)
#define PERFBUF_FIND_MAC(...)
#define PERFBUF_FIND_UUID(...)
#define PERFBUF_FIND_UNKNOWN(...)
#define PERFBUF_FIND_CHARS(...)
#define PERFBUF_FIND_STRING(_field)                                                                \
	const struct perfbuf_part perfbuf_part_##_field = perfbuf_text(perfbuf_a->_field);         \
	u32 perfbuf_at_##_field;
#define PERFBUF_FIND_BYTES(_field)                                                                 \
	const struct perfbuf_part perfbuf_part_##_field = perfbuf_a->_field;                       \
	u32 perfbuf_at_##_field;

#define PERFBUF_FIND_DYNAMIC_ARRAY(_type, _field)                                                  \
	const struct perfbuf_part perfbuf_part_##_field =                                          \
		perfbuf_elements(perfbuf_a->_field.from, perfbuf_a->_field.count, sizeof(_type));  \
	u32 perfbuf_at_##_field;

#define PERFBUF_PLACE(_kind, ...) PERFBUF_OF_KIND(PERFBUF_PLACE_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_PLACE_INT(...)
#define PERFBUF_PLACE_HEX(...)
#define PERFBUF_PLACE_TIME(...)
#define PERFBUF_PLACE_FLAGS(...)
#define PERFBUF_PLACE_ENUM(...)
#define PERFBUF_PLACE_ARRAY(...)
#define PERFBUF_PLACE_BOOL(...)
#define PERFBUF_PLACE_POINTER(...)
#define PERFBUF_PLACE_IPV4(...)
#define PERFBUF_PLACE_IPV6(...)
#define PERFBUF_PLACE_MAC(...)
#define PERFBUF_PLACE_UUID(...)
#define PERFBUF_PLACE_UNKNOWN(...)
#define PERFBUF_PLACE_CHARS(...)
#define PERFBUF_PLACE_STRING(_field)                                                               \
	perfbuf_at_##_field = perfbuf_at | perfbuf_part_##_field.bytes << 16;                      \
	perfbuf_parts[perfbuf_n++] = perfbuf_part_##_field;                                        \
	perfbuf_at += perfbuf_part_##_field.bytes;
#define PERFBUF_PLACE_BYTES			   PERFBUF_PLACE_STRING
#define PERFBUF_PLACE_DYNAMIC_ARRAY(_type, _field) PERFBUF_PLACE_STRING(_field)

/* Stores a field. */
#define PERFBUF_STORE(_kind, ...)	      PERFBUF_OF_KIND(PERFBUF_STORE_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_STORE_INT(_type, _field, ...) perfbuf_to->_field = perfbuf_a->_field;
#define PERFBUF_STORE_HEX		      PERFBUF_STORE_INT
#define PERFBUF_STORE_TIME(_field)	      perfbuf_to->_field = perfbuf_a->_field;
#define PERFBUF_STORE_FLAGS		      PERFBUF_STORE_INT
#define PERFBUF_STORE_ENUM		      PERFBUF_STORE_INT
#define PERFBUF_STORE_ARRAY(_type, _field, _n)                                                     \
	perfbuf_put_array(perfbuf_to->_field, perfbuf_a->_field, sizeof(perfbuf_to->_field));
#define PERFBUF_STORE_CHARS(_field, _n)                                                            \
	perfbuf_put_chars(perfbuf_to->_field, sizeof(perfbuf_to->_field), perfbuf_a->_field);
#define PERFBUF_STORE_STRING(_field)  perfbuf_to->_field = perfbuf_at_##_field;
#define PERFBUF_STORE_BYTES(_field)   perfbuf_to->_field = perfbuf_at_##_field;
#define PERFBUF_STORE_BOOL(_field)    perfbuf_to->_field = perfbuf_a->_field;
#define PERFBUF_STORE_POINTER(_field) perfbuf_to->_field = (unsigned long)perfbuf_a->_field;
#define PERFBUF_STORE_IPV4(_field)    perfbuf_to->_field = perfbuf_a->_field;
#define PERFBUF_STORE_IPV6(_field)                                                                 \
	perfbuf_put_array(perfbuf_to->_field, perfbuf_a->_field, sizeof(perfbuf_to->_field));
#define PERFBUF_STORE_MAC PERFBUF_STORE_IPV6
#define PERFBUF_STORE_UUID(_field)                                                                 \
	perfbuf_put_array(&perfbuf_to->_field, perfbuf_a->_field, sizeof(perfbuf_to->_field));
#define PERFBUF_STORE_DYNAMIC_ARRAY(_type, _field) perfbuf_to->_field = perfbuf_at_##_field;
#define PERFBUF_STORE_UNKNOWN(...)

/* Stands for where a part will stand, in a function that is compiled for each event and is called
 * only if the event has none. */
#define PERFBUF_NOWHERE(_kind, ...)                                                                \
	PERFBUF_OF_KIND(PERFBUF_NOWHERE_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_NOWHERE_INT(...)
#define PERFBUF_NOWHERE_HEX(...)
#define PERFBUF_NOWHERE_TIME(...)
#define PERFBUF_NOWHERE_FLAGS(...)
#define PERFBUF_NOWHERE_ENUM(...)
#define PERFBUF_NOWHERE_ARRAY(...)
#define PERFBUF_NOWHERE_BOOL(...)
#define PERFBUF_NOWHERE_POINTER(...)
#define PERFBUF_NOWHERE_IPV4(...)
#define PERFBUF_NOWHERE_IPV6(...)
#define PERFBUF_NOWHERE_MAC(...)
#define PERFBUF_NOWHERE_UUID(...)
#define PERFBUF_NOWHERE_UNKNOWN(...)
#define PERFBUF_NOWHERE_CHARS(...)
#define PERFBUF_NOWHERE_STRING(_field)		     const u32 perfbuf_at_##_field = 0;
#define PERFBUF_NOWHERE_BYTES			     PERFBUF_NOWHERE_STRING
#define PERFBUF_NOWHERE_DYNAMIC_ARRAY(_type, _field) PERFBUF_NOWHERE_STRING(_field)

/* The tables of names. */
#define PERFBUF_NAMES(_kind, ...) PERFBUF_OF_KIND(PERFBUF_NAMES_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
#define PERFBUF_NAMES_INT(...)
#define PERFBUF_NAMES_HEX(...)
#define PERFBUF_NAMES_TIME(...)
#define PERFBUF_NAMES_ARRAY(...)
#define PERFBUF_NAMES_BOOL(...)
#define PERFBUF_NAMES_POINTER(...)
#define PERFBUF_NAMES_IPV4(...)
#define PERFBUF_NAMES_IPV6(...)
#define PERFBUF_NAMES_MAC(...)
#define PERFBUF_NAMES_UUID(...)
#define PERFBUF_NAMES_UNKNOWN(...)
#define PERFBUF_NAMES_CHARS(...)
#define PERFBUF_NAMES_STRING(...)
#define PERFBUF_NAMES_DYNAMIC_ARRAY(...)
#define PERFBUF_NAMES_BYTES(...)
#define PERFBUF_NAMES_FLAGS(_type, _field, ...)                                                    \
	static const struct perfbuf_name perfbuf_names_##_field[] = {__VA_ARGS__, {0, NULL}};
#define PERFBUF_NAMES_ENUM PERFBUF_NAMES_FLAGS

/* The descriptions of the fields. */
#define PERFBUF_FIELD(_kind, ...) PERFBUF_OF_KIND(PERFBUF_FIELD_, PERFBUF_KNOWN(_kind))(__VA_ARGS__)
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
#define PERFBUF_FIELD_BOOL(_field)	PERFBUF_FIELD_OF(BOOL, bool, _field, NULL, 1, 0)
#define PERFBUF_FIELD_POINTER(_field)	PERFBUF_FIELD_OF(POINTER, void *, _field, NULL, 1, 0)
#define PERFBUF_FIELD_IPV4(_field)	PERFBUF_FIELD_OF(IPV4, u8, _field, NULL, 4, 0)
#define PERFBUF_FIELD_IPV6(_field)	PERFBUF_FIELD_OF(IPV6, u8, _field, NULL, 16, 0)
#define PERFBUF_FIELD_MAC(_field)	PERFBUF_FIELD_OF(MAC, u8, _field, NULL, 6, 0)
#define PERFBUF_FIELD_UUID(_field)	PERFBUF_FIELD_OF(UUID, u8, _field, NULL, 16, 0)
#define PERFBUF_FIELD_DYNAMIC_ARRAY(_type, _field)                                                 \
	PERFBUF_FIELD_OF(DYNAMIC_ARRAY, _type, _field, NULL, 0, PERFBUF_IS_SIGNED(_type))
#define PERFBUF_FIELD_UNKNOWN(...)

#endif /* PERFBUF_FIELDS_H */
