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

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#include <perfbuf/aux.h>
#include <perfbuf/burst.h>
#include <perfbuf/event.h>
#include <perfbuf/fields.h>

/* ---------------------------------------------------------------- sources */

/**
 * perfbuf_source_register() - publish a source
 * @source: what it is; it and its events stay until perfbuf_source_unregister()
 *
 * On return /dev/perfbuf/<name> can be opened. An open file keeps the calling module from being
 * removed.
 *
 * Context: Process context, may sleep.
 * Return: 0, or an error, which the kernel's log explains:
 *
 * * -EPROTO: compiled against another version of this header than perfbuf.ko
 * * -EINVAL: a name, a type or a layout that cannot be; a source without a description; an AUX
 *   area that lacks start or stop, has one of two opposites alone, an unknown flag, or an event
 *   that is not the source's; unknown contexts
 * * -ENAMETOOLONG: a name of more than PERFBUF_NAME_MAX characters
 * * -EEXIST: the name of the source, or of an event in it, is taken
 * * -EBUSY: the source or one of its events is registered already
 * * -E2BIG: the fixed part of an event has more than PERFBUF_FIXED_MAX bytes, or more than
 *   PERFBUF_POINTERS_MAX pointers
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
 * On return perfbuf calls no operation of the source and writes nothing that it emits; AUX is
 * stopped and freed, and the source must no longer use its pointers to streams and pages.
 *
 * Context: Process context, may sleep. Not from the source's operations.
 */
void perfbuf_source_unregister(struct perfbuf_source *source);

struct device;

/**
 * perfbuf_recorder_dump() - make a devcoredump of the source's flight recorder
 * @source: its driver has found its device hung
 * @device: the device; the dump refers to it, see /sys/class/devcoredump
 *
 * The dump is made in process context soon after, while events go on; perfbuf_source_unregister()
 * waits for it. It holds the recorder's newest events, for `perfbuf recover`. The kernel keeps one
 * dump of a device until user space has read it, or for five minutes, and makes no second one
 * meanwhile.
 *
 * Context: Any, NMI included; also while the source is being registered or unregistered.
 * Return: 0: it was requested; if it cannot be made, the kernel's log says why. Or:
 *
 * * -EOPNOTSUPP: the kernel has no devcoredumps (CONFIG_DEV_COREDUMP)
 * * -ENODEV: the source is not registered; -ENOENT: it has no recorder; -EINVAL: no device
 * * -EBUSY: a request is pending
 * * -EAGAIN: the last was within perfbuf's parameter recorder_dump_seconds
 */
int perfbuf_recorder_dump(struct perfbuf_source *source, struct device *device);

/* ---------------------------------------------------------------- typed events */

/*
 * The lines of a field list; the arguments of perfbuf_emit() have the names of the fields.
 *
 *	F(INT, type, name)			argument: the value
 *	F(HEX, type, name)			the same, printed in hexadecimal
 *	F(TIME, name)				ns, a u64
 *	F(FLAGS, type, name, {bit, "name"}...)	the bits
 *	F(ENUM, type, name, {value, "name"}...)	the value
 *	F(BOOL, name)				bool
 *	F(POINTER, name)			const void *; a reader without CAP_PERFMON gets a
 *						hash of it, which is what %p prints
 *	F(IPV4, name)				__be32
 *	F(IPV6, name)				const struct in6_addr *; NULL: zeros
 *	F(MAC, name)				const u8 *, of 6; NULL: zeros
 *	F(UUID, name)				const uuid_t *; NULL: zeros
 *	F(ARRAY, type, name, count)		const type *, of @count; NULL: zeros
 *	F(DYNAMIC_ARRAY, type, name)		{const type *, count}
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
 * Gives struct <name>_record (the payload), struct <name>_args (the arguments of perfbuf_emit())
 * and the object <name>_event. In more than one file: PERFBUF_DECLARE_EVENT() in a header, and
 * PERFBUF_DEFINE_EVENT() in one of them.
 */
#define PERFBUF_EVENT(_name, _fields)                                                              \
	PERFBUF_DECLARE_EVENT(_name, _fields)                                                      \
	PERFBUF_DEFINE_EVENT(_name, _fields)

/**
 * perfbuf_enabled() - whether an event has a reader
 * @_name: the event's
 *
 * One static branch. For work that only the event needs.
 * Context: Any, NMI included.
 */
#define perfbuf_enabled(_name) static_branch_unlikely(&_name##_event.listened)

/**
 * perfbuf_emit() - record one occurrence of an event
 * @_name: the event's
 * @...: its fields, as .field = value; a field that is not named is 0
 *
 * Writes a record for each reader that is attached on this CPU or to this task. If the event has no
 * reader, the arguments are not evaluated and it costs a static branch. A record for which a
 * reader's ring has no space is counted and reported to that reader alone. Interrupts are off while
 * records are written.
 *
 * Context: Any, NMI included; where RCU watches (not in the idle loop's inner part).
 */
#define perfbuf_emit(_name, ...)                                                                   \
	do {                                                                                       \
		if (perfbuf_enabled(_name))                                                        \
			_name##_emit(&(const struct _name##_args){__VA_ARGS__});                   \
	} while (0)

/**
 * perfbuf_emit_burst() - record several occurrences of an event
 * @_name: the event's, of a fixed size (no STRING, BYTES, DYNAMIC_ARRAY)
 * @_count: how often: a u32, from 1 to PERFBUF_BURST_MAX
 * @_index: a name, for a u32 that counts the records from 0 on in what follows
 * @...: the fields of record @_index, as .field = value; a field that is not named is 0
 *
 *	perfbuf_emit_burst(done, n, i, .tag = queue[i].tag, .status = queue[i].status);
 *
 * Writes @_count records for each reader, under one reservation and one publication: a reader sees
 * all of them or none, and no other record between them. They have one time. The fields are
 * evaluated once or twice for each reader and record, in any order, so they must not change
 * meanwhile, and have no side effects. A filter chooses among the records. If the ring has no space
 * for those that match a reader's filter, all of them are lost for that reader, and counted, as are
 * more than PERFBUF_BURST_MAX. A reader whose samples hold more than fields of one word, or that
 * does not take each occurrence (PERF_EVENT_IOC_REFRESH, a period), gets each record by itself.
 *
 * Context: As perfbuf_emit(). Interrupts are off for as long as the readers' records take.
 */
#define perfbuf_emit_burst(_name, _count, _index, ...)                                             \
	do {                                                                                       \
		BUILD_BUG_ON_MSG(_name##_parts, "a burst is of an event of a fixed size");         \
		if (perfbuf_enabled(_name)) {                                                      \
			PERFBUF_UNINITIALIZED struct {                                             \
				struct perfbuf_burst burst;                                        \
				struct _name##_record spare;                                       \
			} perfbuf_b;                                                               \
			struct _name##_record *perfbuf_payload =                                   \
				perfbuf_burst_begin(&perfbuf_b.burst, &_name##_event, _count);     \
                                                                                                   \
			for (; perfbuf_payload; perfbuf_payload = perfbuf_burst_next(              \
							&perfbuf_b.burst, perfbuf_payload)) {      \
				const u32 _index = perfbuf_b.burst.index;                          \
                                                                                                   \
				_name##_store(perfbuf_payload,                                     \
					      &(const struct _name##_args){__VA_ARGS__});          \
			}                                                                          \
		}                                                                                  \
	} while (0)

/* ---------------------------------------------------------------- raw events */

/**
 * PERFBUF_RAW_EVENT() - an event of one field, data: bytes whose number is known when it is emitted
 * @_name: the event's
 *
 * Emitted by perfbuf_emit(name, .data = {from, bytes}), or by several copies:
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
 * @spare: as many bytes, used if the record is not contiguous in the ring
 *
 * Return: where the data goes: in the ring, or @spare. NULL: there is no (further) reader.
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
 * Bytes that are never copied are zeros.
 */
void perfbuf_copy(struct perfbuf_emission *emission, const void *from, u32 bytes);

/**
 * perfbuf_discard() - give the open record up
 * @emission: after perfbuf_begin() or perfbuf_reserve()
 *
 * This reader will not see the record. A reader that takes no data (no PERF_SAMPLE_RAW) still gets
 * its sample. perfbuf_next() follows.
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
 * none, and the emission is over. Until then interrupts are off.
 */
void *perfbuf_emit_begin(struct perfbuf_emission *emission, struct perfbuf_event *event,
			 void *spare, const struct perfbuf_part *parts, u32 part_count);
void *perfbuf_emit_next(struct perfbuf_emission *emission);

/* The same of an event without parts, whose spare follows the emission in memory. */
void *perfbuf_fixed_emit(struct perfbuf_emission *emission, struct perfbuf_event *event);
void *perfbuf_fixed_next(struct perfbuf_emission *emission);

#define PERFBUF_DECLARE_EVENT(_name, _fields)                                                      \
	_Static_assert(sizeof(#_name) <= PERFBUF_NAME_MAX + 1,                                     \
		       "perfbuf: event " #_name                                                    \
		       ": a name has " __stringify(PERFBUF_NAME_MAX) " characters at most");       \
	_fields(PERFBUF_CHECK) struct _name##_record {                                             \
		struct perfbuf_common perfbuf_common;                                              \
		_fields(PERFBUF_MEMBER)                                                            \
	} __packed;                                                                                \
	struct _name##_args {                                                                      \
		_fields(PERFBUF_ARG)                                                               \
	};                                                                                         \
	static_assert(sizeof(struct _name##_record) <= PERFBUF_FIXED_MAX,                          \
		      "the fixed part of event " #_name " is too long");                           \
	enum { _name##_parts = 0 _fields(PERFBUF_PARTS) };                                         \
	extern struct perfbuf_event _name##_event;                                                 \
	static __always_inline void _name##_store(struct _name##_record *perfbuf_to,               \
						  const struct _name##_args *perfbuf_a)            \
	{                                                                                          \
		_fields(PERFBUF_NOWHERE) _fields(PERFBUF_STORE)                                    \
	}                                                                                          \
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
