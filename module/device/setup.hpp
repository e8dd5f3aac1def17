/* SPDX-License-Identifier: GPL-2.0 */
/* The locks of glue/setup.h, for a scope. */
#pragma once

#include "glue/setup.h"

namespace perfbuf
{

/* The lock of first and last users. Process context, may sleep. */
class [[nodiscard]] setup_guard
{
public:
	setup_guard() noexcept { pb_setup_lock(); }
	~setup_guard() { pb_setup_unlock(); }
	setup_guard(const setup_guard &) = delete;
	setup_guard &operator=(const setup_guard &) = delete;
};

/* Changes to the lists that hooks walk; interrupts are off. */
class [[nodiscard]] lists_guard
{
public:
	lists_guard() noexcept : flags_(pb_lists_lock()) {}
	~lists_guard() { pb_lists_unlock(flags_); }
	lists_guard(const lists_guard &) = delete;
	lists_guard &operator=(const lists_guard &) = delete;

private:
	const unsigned long flags_;
};

} // namespace perfbuf
