// SPDX-License-Identifier: GPL-2.0
/* Parses a filter into a set of functions, and shares the set between files with the same text. */
#include "sources/functrace/function_set.hpp"

#include "device/setup.hpp"
#include "glue/functrace.h"
#include "sources/functrace/tracer.hpp"

#include <cxxrt/guard.hpp>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constinit function_set *sets = nullptr; /* under the setup lock */

constexpr bool is_separator(char c) noexcept
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n';
}

constexpr bool is_name(char c) noexcept
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '$' || c == '-';
}

constexpr bool is_glob(char c) noexcept
{
	return is_name(c) || c == '*' || c == '?' || c == '[' || c == ']' || c == '^';
}

/* One term, cut in place. */
struct term {
	bool removes;
	const char *glob;   /* "": none was given */
	const char *module; /* nullptr: any */

	static result<term> parse(char *text) noexcept;
};

result<term> term::parse(char *text) noexcept
{
	static constexpr char separator[] = ":mod:";
	term made = {*text == '!', text, nullptr};

	if (made.removes)
		made.glob++;

	char *at = text + made.removes;

	/* ftrace takes a number for the number of a function. */
	if (*at >= '0' && *at <= '9')
		return error(EINVAL);
	while (is_glob(*at))
		at++;
	if (*at == ':') {
		*at++ = '\0';
		for (u32 i = 1; separator[i]; i++, at++) {
			if (*at != separator[i])
				return error(EINVAL);
		}
		made.module = at;
		while (is_name(*at))
			at++;
		if (at == made.module || made.removes)
			return error(EINVAL);
	} else if (!*made.glob) {
		return error(EINVAL);
	}
	if (*at)
		return error(EINVAL);
	return made;
}

bool same(const char *a, const char *b) noexcept
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

} // namespace

function_set::~function_set()
{
	if (attached_)
		pb_functions_detach(functions_);
	pb_functions_destroy(functions_);
	while (module_count_)
		pb_traced_module_put(modules_[--module_count_]);
}

result<void> function_set::add_functions_of(const void *module, const char *glob) noexcept
{
	const u32 all = pb_traced_module_sites(module);
	auto *sites = static_cast<unsigned long *>(
		cxxrt_alloc((all + u64{1}) * sizeof(unsigned long), PB_GFP_KERNEL));

	if (!sites)
		return error(ENOMEM);
	cxxrt::scope_guard free_sites([&] { cxxrt_free(sites); });

	u32 count = 0;

	for (u32 i = 0; i < all; i++) {
		const u64 site = pb_traced_module_site(module, i);

		if (site && pb_site_matches(site, glob))
			sites[count++] = site;
	}
	if (!count)
		return error(ENOENT);

	int ret = pb_functions_add_sites(functions_, sites, count);

	if (ret != -EINVAL)
		return from_return(ret);

	/* ftrace does not know all symbols, such as weak functions that were overridden. */
	u32 added = 0;

	for (u32 i = 0; i < count; i++) {
		ret = pb_functions_add_sites(functions_, &sites[i], 1);
		if (ret && ret != -EINVAL)
			return from_return(ret);
		added += !ret;
	}
	if (!added)
		return error(ENOENT);
	return {};
}

result<void> function_set::add_module(const char *name, const char *glob) noexcept
{
	if (module_count_ == modules_max)
		return error(E2BIG);

	void *module = pb_traced_module_get(name);

	if (!module)
		return error(ENOENT);
	modules_[module_count_++] = module;
	return add_functions_of(module, glob);
}

void *function_set::on_cpu(u32 cpu) const noexcept
{
	return pb_functions_at(functions_, cpu);
}

/* Twice: what is not understood is refused before anything is looked for. */
result<void> function_set::add_terms(const char *text) noexcept
{
	for (bool applies : {false, true}) {
		const char *at = text;

		for (;;) {
			u32 length = 0;

			while (is_separator(*at))
				at++;
			if (!*at)
				break;
			/* Its own text is the place to cut in; it gets the whole one at the end. */
			while (*at && !is_separator(*at))
				text_[length++] = *at++;
			text_[length] = '\0';

			const term term = TRY(term::parse(text_));

			if (!applies)
				continue;
			if (term.module)
				TRY(add_module(term.module, *term.glob ? term.glob : "*"));
			else if (term.removes)
				TRY(from_return(pb_functions_remove(functions_, term.glob)));
			else
				TRY(from_return(pb_functions_add(functions_, term.glob)));
		}
	}
	return {};
}

function_set *function_set::find(const char *text) noexcept
{
	for (function_set *set = sets; set; set = set->next_) {
		if (same(set->text_, text)) {
			set->users_++;
			return set;
		}
	}
	return nullptr;
}

result<unique_ptr<function_set>> function_set::make(const char *text, u32 length) noexcept
{
	void *functions = pb_functions_create(sizeof(tracers));

	if (!functions)
		return error(ENOMEM);

	unique_ptr<function_set> made(new (cxxrt::gfp::kernel) function_set(functions));

	if (!made) {
		pb_functions_destroy(functions);
		return error(ENOMEM);
	}
	TRY(made->add_terms(text));
	__builtin_memcpy(made->text_, text, length + 1);
	return made;
}

result<function_set *> function_set::join(const char *text) noexcept
{
	u32 length = 0;

	while (text[length])
		length++;
	if (length >= text_bytes_max)
		return error(E2BIG);
	{
		setup_guard held;

		if (function_set *found = find(text))
			return found;
	}

	/* Not under the lock, which all users take: docs/limits.md. */
	unique_ptr<function_set> made = TRY(make(text, length));
	setup_guard held;

	/* Another file may have made the set meanwhile. */
	if (function_set *found = find(text))
		return found;
	made->next_ = sets;
	sets = made.get();
	return made.release();
}

void function_set::leave(function_set *set) noexcept
{
	if (--set->users_)
		return;

	function_set **link = &sets;

	while (*link != set)
		link = &(*link)->next_;
	*link = set->next_;
	delete set;
}

result<void> function_set::attach() noexcept
{
	if (!attached_)
		TRY(from_return(pb_functions_attach(functions_)));
	attached_ = true;
	return {};
}

} // namespace perfbuf
