/* SPDX-License-Identifier: GPL-2.0 */
/* The writer and reader of the NMI tests for AUX areas: writer.cpp calls these functions in place
 * of its own while an area is tested. */
#pragma once

#include "nmi.h"

namespace aux_test
{

/* Between nmi_aux_create() and nmi_ring_destroy(). */
bool is_on() noexcept;

/* Writes a packet. Any context, on the area's CPU, preemption off. 0 or a negative errno. */
int write(unsigned int context) noexcept;
/* Reads and checks at most so many packets. Returns their number. Any CPU, one caller at a time. */
int read(unsigned int records) noexcept;
bool is_half_empty() noexcept;
void get_counts(nmi_counts &to) noexcept;
unsigned long long attempted() noexcept;
const char *failure() noexcept;
/* Compares the counts of writers and reader. Returns nullptr, or the difference as a sentence. */
const char *account() noexcept;
void destroy() noexcept;

} // namespace aux_test
