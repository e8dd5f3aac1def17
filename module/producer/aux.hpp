/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AUX area of a source in another module: what it declared, and its areas.
 *
 *   set_up() ── setup_aux() ── free_aux() ── ... ── withdraw(): what is left is
 *   freed in the module; its pages stay until their last mapping goes
 *
 * Its mutex is inside of mmap_lock and of a ring's mapping(), and nothing is taken
 * within, but by the module's setup() and free().
 */
#pragma once

#include "device/aux.hpp"

#include <cxxrt/lock.hpp>
#include <perfbuf/event.h>

namespace perfbuf
{

class typed_source;

class aux_side final : public aux_source
{
public:
	explicit aux_side(typed_source &of) noexcept;

	/* EINVAL: as perfbuf_source_register() says. */
	cxxrt::result<void> set_up(perfbuf_source &made) noexcept;
	/* On return no call of the module's setup() or free() runs, and none will. No stream runs.
	 */
	void withdraw() noexcept;

	bool is_there() const noexcept { return event_; }
	bool follows_tasks() const noexcept { return follows_tasks_; }

	const aux_abilities *abilities(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &memory) noexcept override;
	void free_aux(void *private_data) noexcept override;

private:
	/* The module's own data of an area, or @memory if the module allocates none. */
	struct area {
		void *private_data;
		perfbuf_aux_pages memory;
		area *next;
	};

	cxxrt::result<void *> ask_module(area &fresh) noexcept;

	typed_source &of_;
	aux_abilities abilities_;
	bool follows_tasks_ = false;
	const perfbuf_event *event_ = nullptr;
	u64 event_id_ = 0;
	cxxrt::mutex mutex_;
	perfbuf_source *made_ = nullptr; /* nullptr once it is unregistered */
	const perfbuf_aux *declared_ = nullptr;
	area *areas_ = nullptr;
	friend class typed_source;
};

} // namespace perfbuf
