/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that a filter names: one set for all files that have the same
 * text, so that ftrace calls us once for a function, and directly where we are
 * the only ones.
 *
 * The text, as PERF_EVENT_IOC_SET_FILTER has it: terms with commas or spaces
 * between them.
 *
 *	GLOB            functions of that name, of the kernel or a module
 *	!GLOB           and these not
 *	:mod:MODULE     all of a module
 *	GLOB:mod:MODULE some of a module
 *
 * Without a term that adds, everything is traced but what is taken away.
 */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/result.hpp>

namespace perfbuf
{

class function_set
{
public:
	static constexpr u32 text_bytes_max = 1024; /* with its NUL */

	/*
	 * The set of @text: that of others, or a new one. EINVAL: not understood; ENOENT: a term
	 * matches nothing; E2BIG: too many modules; ENOMEM. All of these in process context, under
	 * the setup lock.
	 */
	static cxxrt::result<function_set *> join(const char *text) noexcept;
	/* A tracer that has left is in no list of the set. */
	static void leave(function_set *one) noexcept;
	/* From the first of these on its functions are traced. EOPNOTSUPP, ENODEV, ENOMEM. */
	cxxrt::result<void> attach() noexcept;

	/* What is kept on @cpu. Any context. */
	void *on_cpu(u32 cpu) const noexcept;

private:
	explicit function_set(void *functions) noexcept : functions_(functions) {}
	~function_set();

	cxxrt::result<void> add_terms(const char *text) noexcept;

	void *const functions_; /* of glue/functrace.h */
	function_set *next_ = nullptr;
	u32 users_ = 1;
	bool attached_ = false;
	char text_[text_bytes_max] = {};
};

} // namespace perfbuf
