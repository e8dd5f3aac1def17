/* SPDX-License-Identifier: GPL-2.0 */
/* The events of perfbuf_test_source.ko, with every kind of field; the module and the test that
 * reads its records include this file. */
#ifndef PERFBUF_TEST_FIELDS_H
#define PERFBUF_TEST_FIELDS_H

#define TEST_ALL(F)                                                                                \
	F(INT, u8, a_u8)                                                                           \
	F(INT, u64, a_u64)                                                                         \
	F(INT, u16, a_u16)                                                                         \
	F(INT, u32, a_u32)                                                                         \
	F(INT, s8, a_s8)                                                                           \
	F(INT, s16, a_s16)                                                                         \
	F(INT, s32, a_s32)                                                                         \
	F(INT, s64, a_s64)                                                                         \
	F(HEX, u64, address)                                                                       \
	F(TIME, when)                                                                              \
	F(FLAGS, u32, flags, {1, "busy"}, {2, "error"}, {0x80000000, "last"})                      \
	F(ENUM, s8, state, {-1, "none"}, {0, "idle"}, {1, "running"})                              \
	F(ARRAY, u16, lanes, 4)                                                                    \
	F(ARRAY, s64, wide, 2)                                                                     \
	F(CHARS, name, 16)                                                                         \
	F(STRING, message)                                                                         \
	F(BYTES, blob)                                                                             \
	F(STRING, tail)

/* Kinds that readers show in a form of their own: addresses, UUIDs, arrays of a variable length. */
#define TEST_KINDS(F)                                                                              \
	F(BOOL, on)                                                                                \
	F(POINTER, where)                                                                          \
	F(IPV4, src)                                                                               \
	F(IPV6, dst)                                                                               \
	F(MAC, station)                                                                            \
	F(UUID, volume)                                                                            \
	F(DYNAMIC_ARRAY, u16, shorts)                                                              \
	F(STRING, label)                                                                           \
	F(DYNAMIC_ARRAY, s64, wides)                                                               \
	F(INT, u32, last)

/* The context that emitted it, and how many that context had emitted before. */
#define TEST_COUNTED(F)                                                                            \
	F(ENUM, u32, context, {0, "task"}, {1, "softirq"}, {2, "irq"}, {3, "nmi"})                 \
	F(INT, u64, number)                                                                        \
	F(BYTES, filling)

/* The same as an event of a fixed size, whose record needs padding. */
#define TEST_FIXED(F)                                                                              \
	F(ENUM, u32, context, {0, "task"}, {1, "softirq"}, {2, "irq"}, {3, "nmi"})                 \
	F(INT, u64, number)                                                                        \
	F(INT, u8, last)

/* A record of a burst: its context, its number there, its index in the burst and the burst's
 * length. */
#define TEST_GROUP(F)                                                                              \
	F(ENUM, u32, context, {0, "task"}, {1, "softirq"}, {2, "irq"}, {3, "nmi"})                 \
	F(INT, u64, number)                                                                        \
	F(INT, u8, index)                                                                          \
	F(INT, u8, count)

#endif /* PERFBUF_TEST_FIELDS_H */
