/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perfbuf for producers: how a module becomes a source of typed events. See
 * docs/producer.md and samples/.
 *
 *	#define TICK(F)						\
 *		F(INT, u32, queue)				\
 *		F(ENUM, u8, state, {0, "idle"}, {1, "busy"})	\
 *		F(STRING, message)
 *	PERFBUF_EVENT(tick, TICK)
 *
 *	perfbuf_emit(tick, .queue = 3, .state = 1, .message = "hello");
 */
#ifndef PERFBUF_PRODUCER_H
#define PERFBUF_PRODUCER_H

#include <linux/compiler.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#include <perfbuf/aux.h>
#include <perfbuf/event.h>

/* ---------------------------------------------------------------- sources */

/**
 * perfbuf_source_register() - publish a source
 * @source: what it is; it and its events stay until perfbuf_source_unregister()
 *
 * On return /dev/perfbuf/<name> can be opened. An open file keeps the calling module from being
 * removed.
 *
 * Context: Process context, may sleep.
 * Return: 0, or what is wrong, said in the kernel's log too:
 *
 * * -EPROTO: compiled against another version of this header than perfbuf.ko
 * * -EINVAL: a name, a type or a layout that cannot be; a source without a description; an AUX
 *   area that lacks start or stop, has one of two opposites alone, an unknown flag, or an event
 *   that is not the source's; unknown contexts
 * * -ENAMETOOLONG: a name of more than PERFBUF_NAME_MAX characters
 * * -EEXIST: the name of the source, or of an event in it, is taken
 * * -EBUSY: the source or one of its events is registered already
 * * -E2BIG: the fixed part of an event has more than PERFBUF_FIXED_MAX bytes
 * * -ENOSPC: no id is left for an event; -ENFILE: no node; -ENOMEM
 */
#define perfbuf_source_register(source)                                                            \
	perfbuf_source_register_abi(source, THIS_MODULE, PERFBUF_ABI)
int perfbuf_source_register_abi(struct perfbuf_source *source, struct module *owner, u32 abi);

/**
 * perfbuf_source_unregister() - take a source back
 * @source: registered, or not (then nothing happens)
 *
 * Files that are open on it poll as POLLERR | POLLHUP and can only be read to the end and closed.
 * On return nobody calls the source's operations and nothing that is emitted is written; AUX is
 * stopped and freed, and what the source has kept a pointer to (streams, pages) it uses no more.
 *
 * Context: Process context, may sleep. Not from the source's operations.
 */
void perfbuf_source_unregister(struct perfbuf_source *source);

/* ---------------------------------------------------------------- typed events */

/*
 * What a field list may say; the arguments of perfbuf_emit() have the names of the fields.
 *
 *	F(INT, type, name)			argument: the value
 *	F(HEX, type, name)			the same, printed in hexadecimal
 *	F(TIME, name)				ns, a u64
 *	F(FLAGS, type, name, {bit, "name"}...)	the bits
 *	F(ENUM, type, name, {value, "name"}...)	the value
 *	F(ARRAY, type, name, count)		const type *, of @count; NULL: zeros
 *	F(CHARS, name, bytes)			const char *; cut at @bytes - 1; NULL: empty
 *	F(STRING, name)				const char *; NULL: "(null)"
 *	F(BYTES, name)				struct perfbuf_part: {from, bytes}
 *
 * A type is one of u8 to u64 and s8 to s64. Fields stand in the payload as they do here, without
 * holes.
 */

/**
 * PERFBUF_EVENT() - declare and define an event
 * @_name: the event's, an identifier
 * @_fields: a macro F -> list of fields
 *
 * Gives struct <name>_record (the payload), struct <name>_args (what perfbuf_emit() is told) and
 * the object <name>_event. In more than one file: PERFBUF_DECLARE_EVENT() in a header, and
 * PERFBUF_DEFINE_EVENT() in one of them.
 */
#define PERFBUF_EVENT(_name, _fields)                                                              \
	PERFBUF_DECLARE_EVENT(_name, _fields)                                                      \
	PERFBUF_DEFINE_EVENT(_name, _fields)

/**
 * perfbuf_enabled() - whether somebody listens to an event
 * @_name: the event's
 *
 * One static branch. For work that is done for the event's sake alone.
 * Context: Any, NMI included.
 */
#define perfbuf_enabled(_name) static_branch_unlikely(&_name##_event.listened)

/**
 * perfbuf_emit() - the event has happened
 * @_name: the event's
 * @...: its fields, as .field = value; a field that is not named is 0
 *
 * Writes a record for each reader that listens on this CPU or to this task. Where nobody does, the
 * arguments are not evaluated and it costs a static branch. What a reader has no room for is
 * counted and told to that reader alone. Interrupts are off while records are written.
 *
 * Context: Any, NMI included; where RCU watches (not in the idle loop's inner part).
 */
#define perfbuf_emit(_name, ...)                                                                   \
	do {                                                                                       \
		if (perfbuf_enabled(_name))                                                        \
			_name##_emit(&(const struct _name##_args){__VA_ARGS__});                   \
	} while (0)

/* ---------------------------------------------------------------- raw events */

/**
 * PERFBUF_RAW_EVENT() - an event of one field, data: bytes whose number is known when it happens
 * @_name: the event's
 *
 * Emitted by perfbuf_emit(name, .data = {from, bytes}), or piece by piece:
 *
 *	struct perfbuf_emission e;
 *	bool more;
 *
 *	if (perfbuf_enabled(dump))
 *		for (more = perfbuf_begin(&e, &dump_event, 24); more; more = perfbuf_next(&e)) {
 *			perfbuf_copy(&e, &header, 8);
 *			perfbuf_copy(&e, body, 16);
 *		}
 */
#define PERFBUF_RAW_EVENT(_name) PERFBUF_EVENT(_name, PERFBUF_RAW_FIELDS)
#define PERFBUF_RAW_FIELDS(F)	 F(BYTES, data)

/**
 * perfbuf_begin() - begin a record of a raw event
 * @emission: the caller's, on its stack
 * @event: of PERFBUF_RAW_EVENT
 * @bytes: of data
 *
 * True: a record of one reader is open, and interrupts are off until perfbuf_next() says false.
 * Between, the caller may not leave the loop, sleep, or take long.
 * Context: Any, NMI included.
 */
bool perfbuf_begin(struct perfbuf_emission *emission, struct perfbuf_event *event, u32 bytes);

/**
 * perfbuf_reserve() - begin a record of a raw event, and get at its data
 * @emission: the caller's, on its stack
 * @event: of PERFBUF_RAW_EVENT
 * @bytes: of data
 * @spare: as many bytes, used where a record does not lie in one piece
 *
 * Where the data goes: in the ring, or @spare. NULL: nobody (or nobody more) listens.
 * perfbuf_reserve_next() publishes it and gives the next reader's.
 * Context: Any, NMI included.
 */
void *perfbuf_reserve(struct perfbuf_emission *emission, struct perfbuf_event *event, u32 bytes,
		      void *spare);

/**
 * perfbuf_copy() - the next bytes of an open record
 * @emission: after perfbuf_begin()
 * @from: kernel memory
 * @bytes: what is more than the record has left is not copied
 *
 * What is never copied is zeros.
 */
void perfbuf_copy(struct perfbuf_emission *emission, const void *from, u32 bytes);

/**
 * perfbuf_discard() - give the open record up
 * @emission: after perfbuf_begin() or perfbuf_reserve()
 *
 * This reader will not see it, unless it takes no data (no PERF_SAMPLE_RAW): it is told that the
 * event has happened. perfbuf_next() follows as usual.
 */
void perfbuf_discard(struct perfbuf_emission *emission);

/**
 * perfbuf_next() - publish the open record and go on to the next reader
 * @emission: after perfbuf_begin() or perfbuf_reserve()
 *
 * False: there is none; interrupts are as they were before.
 */
bool perfbuf_next(struct perfbuf_emission *emission);
void *perfbuf_reserve_next(struct perfbuf_emission *emission);

/* ---------------------------------------------------------------- behind the macros */

/*
 * The fixed part of a record, for the first or next reader: in the ring, or @spare. NULL: there is
 * none, and the emission is over. From one to the other interrupts are off.
 */
void *perfbuf_emit_begin(struct perfbuf_emission *emission, struct perfbuf_event *event,
			 void *spare, const struct perfbuf_part *parts, u32 part_count);
void *perfbuf_emit_next(struct perfbuf_emission *emission);

/* The same of an event without parts, whose spare stands right behind the emission. */
void *perfbuf_fixed_emit(struct perfbuf_emission *emission, struct perfbuf_event *event);
void *perfbuf_fixed_next(struct perfbuf_emission *emission);

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

#define PERFBUF_DECLARE_EVENT(_name, _fields)                                                      \
	struct _name##_record {                                                                    \
		struct perfbuf_common perfbuf_common;                                              \
		_fields(PERFBUF_MEMBER)                                                            \
	} __packed;                                                                                \
	struct _name##_args {                                                                      \
		_fields(PERFBUF_ARG)                                                               \
	};                                                                                         \
	static_assert(sizeof(struct _name##_record) <= PERFBUF_FIXED_MAX,                          \
		      "the fixed part of event " #_name " is too long");                           \
	extern struct perfbuf_event _name##_event;                                                 \
	static __always_inline void _name##_emit(const struct _name##_args *perfbuf_a)             \
	{                                                                                          \
		PERFBUF_UNINITIALIZED struct {                                                     \
			struct perfbuf_emission emission;                                          \
			struct _name##_record spare;                                               \
		} perfbuf_e;                                                                       \
		PERFBUF_UNINITIALIZED struct perfbuf_part perfbuf_parts[1 _fields(PERFBUF_PARTS)]; \
		const bool perfbuf_fixed = ARRAY_SIZE(perfbuf_parts) == 1;                         \
		struct _name##_record *perfbuf_to;                                                 \
		u32 __maybe_unused perfbuf_at = sizeof(perfbuf_e.spare);                           \
		u32 perfbuf_n = 0;                                                                 \
		_fields(PERFBUF_FIND)                                                              \
                                                                                                   \
			_fields(PERFBUF_PLACE) for (perfbuf_to =                                   \
							    perfbuf_fixed                          \
								    ? perfbuf_fixed_emit(          \
									      &perfbuf_e.emission, \
									      &_name##_event)      \
								    : perfbuf_emit_begin(          \
									      &perfbuf_e.emission, \
									      &_name##_event,      \
									      &perfbuf_e.spare,    \
									      perfbuf_parts,       \
									      perfbuf_n);          \
						    perfbuf_to;                                    \
						    perfbuf_to =                                   \
							    perfbuf_fixed                          \
								    ? perfbuf_fixed_next(          \
									      &perfbuf_e.emission) \
								    : perfbuf_emit_next(           \
									      &perfbuf_e           \
										       .emission)) \
		{                                                                                  \
			_fields(PERFBUF_STORE)                                                     \
		}                                                                                  \
	}

#define PERFBUF_DEFINE_EVENT(_name, _fields)                                                       \
	static void _name##_describe(struct perfbuf_layout *out)                                   \
	{                                                                                          \
		typedef struct _name##_record perfbuf_record;                                      \
		_fields(PERFBUF_NAMES) static const struct perfbuf_field fields[] = {              \
			_fields(PERFBUF_FIELD)};                                                   \
                                                                                                   \
		*out = (struct perfbuf_layout){fields, ARRAY_SIZE(fields),                         \
					       sizeof(perfbuf_record)};                            \
	}                                                                                          \
	struct perfbuf_event _name##_event = {                                                     \
		.listened = STATIC_KEY_FALSE_INIT,                                                 \
		.name = #_name,                                                                    \
		.describe = _name##_describe,                                                      \
		.bytes = sizeof(struct _name##_record),                                            \
	};

#endif /* PERFBUF_PRODUCER_H */
