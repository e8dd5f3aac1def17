/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The types that a producer and perfbuf share: plain, for C and C++. Producers
 * include <perfbuf/producer.h> or <perfbuf/producer.hpp>.
 */
#ifndef PERFBUF_EVENT_H
#define PERFBUF_EVENT_H

#include <linux/types.h>

/*
 * Of all of this. perfbuf_source_register() refuses another with -EPROTO, and a module that was
 * compiled against another and only emits does not load: the names of what it calls end in the
 * version of emission, since 3. What was written for 2 compiles as it is. 4 has
 * perfbuf_source.recorder at the end, and takes what was compiled against 3, which has none. 5 has
 * the kinds of fields from PERFBUF_KIND_BOOL on; what was compiled against 3 or 4 is taken.
 */
#define PERFBUF_ABI			5
#define PERFBUF_ABI_OLDEST		3
#define PERFBUF_EMISSION_ABI		3
#define PERFBUF_VERSIONED_(name, abi)	name##_abi##abi
#define PERFBUF_VERSIONED_AS(name, abi) PERFBUF_VERSIONED_(name, abi)
#define PERFBUF_VERSIONED(name)		PERFBUF_VERSIONED_AS(name, PERFBUF_EMISSION_ABI)

#define perfbuf_emit_begin		PERFBUF_VERSIONED(perfbuf_emit_begin)
#define perfbuf_emit_next		PERFBUF_VERSIONED(perfbuf_emit_next)
#define perfbuf_fixed_emit		PERFBUF_VERSIONED(perfbuf_fixed_emit)
#define perfbuf_fixed_next		PERFBUF_VERSIONED(perfbuf_fixed_next)
#define perfbuf_begin			PERFBUF_VERSIONED(perfbuf_begin)
#define perfbuf_next			PERFBUF_VERSIONED(perfbuf_next)
#define perfbuf_copy			PERFBUF_VERSIONED(perfbuf_copy)
#define perfbuf_discard			PERFBUF_VERSIONED(perfbuf_discard)
#define perfbuf_reserve			PERFBUF_VERSIONED(perfbuf_reserve)
#define perfbuf_reserve_next		PERFBUF_VERSIONED(perfbuf_reserve_next)
#define perfbuf_recorder_dump		PERFBUF_VERSIONED(perfbuf_recorder_dump)

/* Bytes of the fixed part of an event, at most: that much may stand on a stack. */
#define PERFBUF_FIXED_MAX 512
/* Characters of the names of sources, events and fields. */
#define PERFBUF_NAME_MAX 31

enum perfbuf_kind {
	PERFBUF_KIND_INT,
	PERFBUF_KIND_HEX,
	PERFBUF_KIND_TIME,   /* ns */
	PERFBUF_KIND_FLAGS,  /* bits with names */
	PERFBUF_KIND_ENUM,   /* values with names */
	PERFBUF_KIND_ARRAY,  /* of integers */
	PERFBUF_KIND_CHARS,  /* a string in a fixed array */
	PERFBUF_KIND_STRING, /* behind the fixed part; a u32 says where and how long */
	PERFBUF_KIND_BYTES,  /* the same, any bytes */
	/* Since version 5 of PERFBUF_ABI. */
	PERFBUF_KIND_BOOL,	    /* a byte, 0 or 1 */
	PERFBUF_KIND_POINTER,	    /* a u64; readers without CAP_PERFMON get what %p prints */
	PERFBUF_KIND_IPV4,	    /* 4 bytes in network order */
	PERFBUF_KIND_IPV6,	    /* 16 bytes in network order */
	PERFBUF_KIND_MAC,	    /* 6 bytes */
	PERFBUF_KIND_UUID,	    /* 16 bytes, as uuid_t has them */
	PERFBUF_KIND_DYNAMIC_ARRAY, /* of integers, behind the fixed part as STRING is */
};

/* Fields of PERFBUF_KIND_POINTER in an event, at most. */
#define PERFBUF_POINTERS_MAX 8

struct perfbuf_name {
	__u64 value;
	const char *name;
};

struct perfbuf_field {
	const char *type; /* of an element: u8 to u64, s8 to s64, char, bool, void * */
	const char *name;
	const struct perfbuf_name *names; /* ends with one without a name; or NULL */
	__u32 offset;			  /* from the start of the payload */
	__u32 bytes;			  /* of the whole field */
	__u32 elements;			  /* of ARRAY and CHARS; bytes of IPV4 to UUID */
	__u8 kind;			  /* enum perfbuf_kind */
	__u8 is_signed;
};

struct perfbuf_layout {
	const struct perfbuf_field *fields;
	__u32 field_count;
	__u32 bytes; /* of the fixed part, with what is common to all events */
};

/* Every payload begins with these fields, which are ftrace's. */
struct perfbuf_common {
	__u16 type;
	__u8 flags;
	__u8 preempt_count;
	__s32 pid;
};

/* An event: static, made by PERFBUF_EVENT. Only perfbuf writes to it. */
struct perfbuf_event {
#ifdef __cplusplus
	__u64 listened[2];
#else
	union {
		struct static_key_false listened; /* an open file names the event */
		__u64 listened_space[2];
	};
#endif
	void *cpus; /* for each CPU; NULL while it is not registered */
	const char *name;
	void (*describe)(struct perfbuf_layout *out);
	__u32 bytes; /* of the fixed part */
	__u32 id;
	void *registered;
};

/* Bytes that are copied behind the fixed part. */
struct perfbuf_part {
	const void *from;
	__u32 bytes;
};

/* An emission under way, on the stack of the caller. perfbuf's. */
struct perfbuf_emission {
	__u64 irq_flags;
	__u64 time;   /* ns; this and the next as far as a reader needs them */
	__u64 ids;    /* of the current thread: tgid, and tid in the upper half */
	__u64 caller; /* of a raw event */
	void *here;
	__u64 space[33];
};

struct perfbuf_aux; /* <perfbuf/aux.h> */

/*
 * The flight recorder of a source (docs/recorder.md): from registration on, its newest events are
 * in a ring of the kernel's own on each CPU. All 0: there is none, unless the administrator
 * requests one.
 */
struct perfbuf_recorder {
	__u32 bytes_per_cpu; /* of each ring: a power of two, at least 4096 */
	__u32 reserved;	     /* 0 */
	const char *events;  /* those that are recorded: names with commas between; NULL: all */
};

struct perfbuf_source;

/* For structures that C++ reads: RANDSTRUCT shuffles those of function pointers alone, in C only.
 */
#if defined(__KERNEL__) && !defined(__cplusplus)
#define PERFBUF_FIXED_LAYOUT __no_randomize_layout
#else
#define PERFBUF_FIXED_LAYOUT
#endif

/* All in process context, may sleep, one at a time; none may unregister the source. */
struct perfbuf_source_ops {
	/* The first file has been opened on an event. An errno refuses it. */
	int (*start)(struct perfbuf_source *source);
	/* The last has gone, or the source is being unregistered. After a start() that did not
	 * fail. */
	void (*stop)(struct perfbuf_source *source);
	/* User space wrote @bytes, at most PERFBUF_WRITE_MAX, into the node: @data, in kernel
	 * memory. NULL: write() is refused with EINVAL. */
	int (*write)(struct perfbuf_source *source, const void *data, __u32 bytes);
} PERFBUF_FIXED_LAYOUT;

/*
 * Bits of perfbuf_source.contexts: where a source emits. An event that comes from elsewhere is not
 * written, and counted as lost by its context for each reader.
 */
#define PERFBUF_CONTEXT_TASK	(1U << 0)
#define PERFBUF_CONTEXT_SOFTIRQ (1U << 1)
#define PERFBUF_CONTEXT_HARDIRQ (1U << 2)
#define PERFBUF_CONTEXT_NMI	(1U << 3)

/* A source; stays while it is registered. */
struct perfbuf_source {
	const char *name;	 /* of the node: letters, digits, '-', '_' */
	const char *description; /* one line */
	struct perfbuf_event *const *events;
	__u32 event_count;
	__u32 mode;			      /* of the node; 0: 0600 */
	const struct perfbuf_source_ops *ops; /* or NULL */
	void *data;			      /* the owner's */
	void *registered;		      /* perfbuf's */
	const struct perfbuf_aux *aux;	      /* its AUX area; NULL: none */
	__u32 contexts;			      /* PERFBUF_CONTEXT_*; 0: any */
	struct perfbuf_recorder recorder;     /* since version 4 of PERFBUF_ABI */
};

#endif /* PERFBUF_EVENT_H */
