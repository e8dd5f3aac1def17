/* SPDX-License-Identifier: GPL-2.0 */
/* AUX as what the tests write and read, in place of records: writer.cpp hands over to it. */
#pragma once

#include "nmi.h"

namespace aux_test
{

/* Between nmi_aux_create() and nmi_ring_destroy(). */
bool is_on() noexcept;

int write(unsigned int context) noexcept;
int read(unsigned int records) noexcept;
bool is_half_empty() noexcept;
void get_counts(nmi_counts &to) noexcept;
unsigned long long attempted() noexcept;
const char *failure() noexcept;
/* nullptr, or what is not accounted for. */
const char *account() noexcept;
void destroy() noexcept;

} // namespace aux_test
