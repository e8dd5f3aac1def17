// SPDX-License-Identifier: GPL-2.0
/*
 * A member that cannot be a field of an event does not compile. run-gates compiles this file once
 * for each "refused" line, with that case defined: the compiler says one error, and it is this one.
 * Without a case the file builds.
 */
#include <linux/module.h>

#include <perfbuf/producer.h>

/* clang-format off */
#if defined(case_int)
// refused case_int: "perfbuf: field count cannot be of type int: give u8, u16, u32, u64, s8, s16, s32 or s64"
#define THIRD(F) F(INT, int, count)
#elif defined(case_unsigned)
// refused case_unsigned: "perfbuf: field count cannot be of type unsigned int: give u8, u16, u32, u64, s8, s16, s32 or s64"
#define THIRD(F) F(HEX, unsigned int, count)
#elif defined(case_bool)
// refused case_bool: "perfbuf: field count cannot be of type bool: give u8, u16, u32, u64, s8, s16, s32 or s64"
#define THIRD(F) F(INT, bool, count)
#elif defined(case_enum)
// refused case_enum: "perfbuf: field count cannot be of type enum pid_type: give u8, u16, u32, u64, s8, s16, s32 or s64"
#define THIRD(F) F(ENUM, enum pid_type, count, {0, "process"})
#elif defined(case_array)
// refused case_array: "perfbuf: field count cannot be of type long: give u8, u16, u32, u64, s8, s16, s32 or s64"
#define THIRD(F) F(ARRAY, long, count, 4)
#elif defined(case_common)
// refused case_common: "perfbuf: field common_pid: names that begin with common_ are those of every event: choose another"
#define THIRD(F) F(INT, u32, common_pid)
#elif defined(case_long_name)
// refused case_long_name: "perfbuf: field a_name_that_is_longer_than_it_may_be: a name has 31 characters at most"
#define THIRD(F) F(STRING, a_name_that_is_longer_than_it_may_be)
#elif defined(case_empty)
// refused case_empty: "perfbuf: field name has space for no character"
#define THIRD(F) F(CHARS, name, 0)
#elif defined(case_kind)
// refused case_kind: "perfbuf: INTEGER, the kind of field u32, count, is none of INT HEX TIME FLAGS ENUM BOOL POINTER IPV4 IPV6 MAC UUID ARRAY DYNAMIC_ARRAY CHARS STRING BYTES"
#define THIRD(F) F(INTEGER, u32, count)
#elif defined(case_kind_without_type)
// refused case_kind_without_type: "perfbuf: SWITCH, the kind of field count, is none of INT HEX TIME FLAGS ENUM BOOL POINTER IPV4 IPV6 MAC UUID ARRAY DYNAMIC_ARRAY CHARS STRING BYTES"
#define THIRD(F) F(SWITCH, count)
#elif defined(case_dynamic_array)
// refused case_dynamic_array: "perfbuf: field count cannot be of type size_t: give u8, u16, u32, u64, s8, s16, s32 or s64"
#define THIRD(F) F(DYNAMIC_ARRAY, size_t, count)
#elif defined(case_pointer_name)
// refused case_pointer_name: "perfbuf: field common_ptr: names that begin with common_ are those of every event: choose another"
#define THIRD(F) F(POINTER, common_ptr)
#elif defined(case_long_address)
// refused case_long_address: "perfbuf: field an_address_that_is_longer_than_it_may: a name has 31 characters at most"
#define THIRD(F) F(IPV6, an_address_that_is_longer_than_it_may)
#elif defined(case_event_name)
// refused case_event_name: "perfbuf: event a_name_that_is_longer_than_it_may_be: a name has 31 characters at most"
#define THIRD(F) F(INT, u32, count)
PERFBUF_EVENT(a_name_that_is_longer_than_it_may_be, THIRD)
#else
#define THIRD(F) F(INT, u32, count)
#endif
#define FIELDS(F)                                                                                  \
	F(TIME, when)                                                                              \
	F(FLAGS, u16, flags, {1, "busy"}, {2, "error"})                                            \
	THIRD(F)                                                                                   \
	F(BOOL, on)                                                                                \
	F(POINTER, where)                                                                          \
	F(IPV4, src)                                                                              \
	F(IPV6, dst)                                                                                \
	F(MAC, station)                                                                            \
	F(UUID, volume)                                                                            \
	F(DYNAMIC_ARRAY, u32, sizes)                                                               \
	F(BYTES, data)
/* clang-format on */
PERFBUF_EVENT(refused, FIELDS)

/* The field is used, too: that adds no error. */
static void __maybe_unused emit(void)
{
#if !defined(case_common) && !defined(case_long_name) && !defined(case_empty) &&                   \
	!defined(case_array) && !defined(case_dynamic_array) && !defined(case_pointer_name) &&     \
	!defined(case_long_address)
	perfbuf_emit(refused, .when = 1, .count = 2);
#endif
}
MODULE_LICENSE("GPL");
