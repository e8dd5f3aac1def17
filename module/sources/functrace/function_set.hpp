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

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class function_set
{
public:
	static constexpr u32 text_bytes_max = 1024; /* with its NUL */

	/*
	 * The set of @text, with a user more: that of others, or a new one. EINVAL: not understood;
	 * ENOENT: a term matches nothing; E2BIG: too many modules; ENOMEM. Process context, without
	 * the setup lock.
	 */
	static cxxrt::result<function_set *> join(const char *text) noexcept;
	/* Process context, under the setup lock, as attach(). A tracer that has left is in no list
	 * of the set. */
	static void leave(function_set *set) noexcept;
	/* From the first of these on its functions are traced. EOPNOTSUPP, ENODEV, ENOMEM. */
	cxxrt::result<void> attach() noexcept;

	/* The set's tracers on @cpu: struct tracers. Any context. */
	void *on_cpu(u32 cpu) const noexcept;

	explicit function_set(void *functions) noexcept : functions_(functions) {}
	~function_set();

private:
	cxxrt::result<void> add_terms(const char *text) noexcept;
	/* A set that is not in the list yet. */
	static cxxrt::result<cxxrt::unique_ptr<function_set>> make(const char *text,
								   u32 length) noexcept;
	/* With a user more; nullptr: there is none. Under the setup lock. */
	static function_set *find(const char *text) noexcept;

	/* Adds the functions of module @name that @glob matches; the module stays loaded while the
	 * set exists. */
	cxxrt::result<void> add_module(const char *name, const char *glob) noexcept;
	cxxrt::result<void> add_functions_of(const void *module, const char *glob) noexcept;

	static constexpr u32 modules_max = 16;

	void *const functions_; /* of glue/functrace.h */
	void *modules_[modules_max];
	u32 module_count_ = 0;
	function_set *next_ = nullptr;
	u32 users_ = 1;
	bool attached_ = false;
	char text_[text_bytes_max] = {};
};

} // namespace perfbuf
