/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * perfbuf's reader for C, and for languages that call C: events by name, live on all CPUs and out
 * of perf.data, in the order of their times. Link with -lperfbuf-reader (pkg-config
 * perfbuf-reader-c).
 *
 * A function that returns int returns a negative errno if it fails; perfbuf_error() then says in a
 * sentence why. Handles are opaque. A handle is for one thread at a time.
 *
 * The ABI is stable: within libperfbuf-reader.so.1 a function keeps what it does and takes, and new
 * ones may come (perfbuf_reader_version() grows).
 */
#ifndef PERFBUF_READER_H
#define PERFBUF_READER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PERFBUF_READER_VERSION 1

/* PERFBUF_READER_VERSION of the library that runs. */
unsigned int perfbuf_reader_version(void);

/* Why the last call of this thread failed; valid until its next call. Never NULL. */
const char *perfbuf_error(void);

/* ---------------------------------------------------------------- events */

/* The description of an event: of a session, of a recording, or from perfbuf_event_find(). */
struct perfbuf_event_info;

/* Calls @use(@data, name) for each event that the module has now, "source:event" or "source". If
 * @use returns something else than 0, that is returned. */
int perfbuf_event_list(int (*use)(void *data, const char *name), void *data);

/* -ENOENT: there is none. The info is the caller's, for perfbuf_event_free(). */
int perfbuf_event_find(const char *name, struct perfbuf_event_info **out);
void perfbuf_event_free(struct perfbuf_event_info *event);

const char *perfbuf_event_name(const struct perfbuf_event_info *event);
/* The event's value of attr.config; 0: a source without typed events. */
uint64_t perfbuf_event_id(const struct perfbuf_event_info *event);

/* How a field is to be read. Further values may come. */
enum perfbuf_field_form {
	PERFBUF_FIELD_UNSIGNED, /* perfbuf_sample_integer() */
	PERFBUF_FIELD_SIGNED,	/* the same, as int64_t */
	PERFBUF_FIELD_BOOLEAN,	/* 0 or 1 */
	PERFBUF_FIELD_TEXT,	/* perfbuf_sample_text() */
	PERFBUF_FIELD_BYTES,	/* perfbuf_sample_bytes() */
	PERFBUF_FIELD_ADDRESS,	/* the same, or as people write it perfbuf_sample_text() */
};

/* Fields have numbers from 0 on, in the order of the record. */
size_t perfbuf_event_field_count(const struct perfbuf_event_info *event);
/* NULL: there is no such field. */
const char *perfbuf_event_field_name(const struct perfbuf_event_info *event, size_t field);
/* enum perfbuf_field_form; -EINVAL. */
int perfbuf_event_field_form(const struct perfbuf_event_info *event, size_t field);
/* The values of the field have names (perfbuf_sample_text()), or it is an array: 1, else 0;
 * -EINVAL. */
int perfbuf_event_field_is_named(const struct perfbuf_event_info *event, size_t field);
int perfbuf_event_field_is_array(const struct perfbuf_event_info *event, size_t field);
/* The number of the field; -ENOENT. */
int perfbuf_event_field_find(const struct perfbuf_event_info *event, const char *name);

/* ---------------------------------------------------------------- samples */

/* An occurrence of an event. It lives as long as the call that passes it. */
struct perfbuf_sample;

/* Something else than 0 ends the pass, and is what the function returns that called it; it should
 * be positive, since negative numbers are errnos. What is left of the pass is given up. */
typedef int (*perfbuf_sample_fn)(void *data, const struct perfbuf_sample *sample);

const struct perfbuf_event_info *perfbuf_sample_event(const struct perfbuf_sample *sample);
uint64_t perfbuf_sample_time(const struct perfbuf_sample *sample); /* ns */
uint32_t perfbuf_sample_cpu(const struct perfbuf_sample *sample);
uint32_t perfbuf_sample_pid(const struct perfbuf_sample *sample);
uint32_t perfbuf_sample_tid(const struct perfbuf_sample *sample);
uint64_t perfbuf_sample_ip(const struct perfbuf_sample *sample); /* 0: not asked for */
/* Elements of a field; 1 if it is no array. 0: there is no such field, or it is not in the sample.
 */
size_t perfbuf_sample_field_count(const struct perfbuf_sample *sample, size_t field);
/* An element, sign extended. -EINVAL: it is none. */
int perfbuf_sample_integer(const struct perfbuf_sample *sample, size_t field, size_t element,
			   uint64_t *out);
/* The bytes of a field, which live as long as the sample. -EINVAL. */
int perfbuf_sample_bytes(const struct perfbuf_sample *sample, size_t field, const void **bytes,
			 size_t *size);
/* The field as people write it: "3", "busy|error", "10.0.0.1". As snprintf(): its length, and as
 * much of it as fits with a NUL. -EINVAL. */
int perfbuf_sample_text(const struct perfbuf_sample *sample, size_t field, char *to, size_t size);

/* ---------------------------------------------------------------- live */

struct perfbuf_session;

/* @names: of @count events. @pid: -1 everything on all CPUs, or a thread. @pages: of each ring, a
 * power of two; 0: 64. Nothing is recorded before perfbuf_session_start(). */
int perfbuf_session_open(const char *const *names, size_t count, int pid, size_t pages,
			 struct perfbuf_session **out);
void perfbuf_session_close(struct perfbuf_session *session);

size_t perfbuf_session_event_count(const struct perfbuf_session *session);
/* In the order of the names; NULL: there is none. */
const struct perfbuf_event_info *perfbuf_session_event(const struct perfbuf_session *session,
						       size_t event);

/* docs/producer.md has what a filter may be. perfbuf_error() shows where it is wrong. */
int perfbuf_session_set_filter(struct perfbuf_session *session, size_t event, const char *filter);
/* Every record of the passes from now on goes into a perf.data at @path, too, which
 * perfbuf_session_finish() makes whole. -EBUSY: it does already. */
int perfbuf_session_record(struct perfbuf_session *session, const char *path);
int perfbuf_session_start(struct perfbuf_session *session);
int perfbuf_session_stop(struct perfbuf_session *session);

/* For poll(2) and its like; readable when a ring is: more than half of it is unread, it was full,
 * or the thread or the source of an event has gone. Fewer records wake no reader, so a loop calls
 * perfbuf_session_read() on a timer, too. */
int perfbuf_session_fd(const struct perfbuf_session *session);
/* 1: perfbuf_session_fd() is readable; 0: the time is over (ms; -1: never). */
int perfbuf_session_wait(struct perfbuf_session *session, int timeout);
/* One pass over all rings: @use gets each sample before the fence, in the order of time. @use:
 * or NULL. */
int perfbuf_session_read(struct perfbuf_session *session, perfbuf_sample_fn use, void *data);
/* Stops, and passes all that is left. */
int perfbuf_session_finish(struct perfbuf_session *session, perfbuf_sample_fn use, void *data);
/* Records that did not fit into the rings, so far. */
uint64_t perfbuf_session_lost(const struct perfbuf_session *session);
/* Bytes of rings that stood behind a record of a size that cannot be, so far. */
uint64_t perfbuf_session_given_up(const struct perfbuf_session *session);

/* ---------------------------------------------------------------- perf.data */

struct perfbuf_recording;

/* "-": standard input. */
int perfbuf_recording_open(const char *path, struct perfbuf_recording **out);
void perfbuf_recording_close(struct perfbuf_recording *recording);
size_t perfbuf_recording_event_count(const struct perfbuf_recording *recording);
const struct perfbuf_event_info *perfbuf_recording_event(const struct perfbuf_recording *recording,
							 size_t event);
/* All samples, in the order of time. */
int perfbuf_recording_read(struct perfbuf_recording *recording, perfbuf_sample_fn use, void *data);

#ifdef __cplusplus
}
#endif

#endif /* PERFBUF_READER_H */
