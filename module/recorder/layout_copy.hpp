/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of an event's layout, names included, that outlives the module of the event. */
#pragma once

#include "ring/abi.hpp"

#include <cxxrt/alloc.hpp>
#include <cxxrt/result.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

class layout_copy
{
public:
	layout_copy() noexcept = default;
	~layout_copy() { cxxrt_free(memory_); }
	layout_copy(const layout_copy &) = delete;
	layout_copy &operator=(const layout_copy &) = delete;

	/* ENOMEM. Process context, may sleep. @from was checked (producer/format.hpp). */
	cxxrt::result<void> set(const perfbuf_layout &from) noexcept;

	const perfbuf_layout &get() const noexcept { return layout_; }

private:
	class filler;

	void *memory_ = nullptr;
	perfbuf_layout layout_ = {};
};

} // namespace perfbuf
