/* SPDX-License-Identifier: GPL-2.0 */
/* Scope guards: what is begun in a scope is ended with it. */
#pragma once

#include <cxxrt/std.hpp>

namespace cxxrt
{

/* Runs @undo at the end of the scope unless it was dismissed: the error path of a function that
 * builds step by step. */
template <typename F>
class [[nodiscard]] scope_guard
{
public:
	explicit scope_guard(F undo) noexcept : undo_(std::move(undo)) {}
	scope_guard(const scope_guard &) = delete;
	scope_guard &operator=(const scope_guard &) = delete;

	~scope_guard()
	{
		if (armed_)
			undo_();
	}

	void dismiss() noexcept { armed_ = false; }

private:
	F undo_;
	bool armed_ = true;
};

} // namespace cxxrt
