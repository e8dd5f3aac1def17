/* SPDX-License-Identifier: GPL-2.0 */
/* A task set for tests, which knows which of its members run. */
#pragma once

#include "machine.hpp"

#include <set>
#include <utility>
#include <vector>

namespace perfbuf::host
{

/* A set that knows which of its members run. */
class followed_set final : public task_set
{
public:
	explicit followed_set(const task_set_kind &kind)
		: task_set(kind), inherits(kind.inherits),
		  slots_(kind.cpu < 0 ? pb_nr_cpu_ids() : 1)
	{
		set_slots(slots_.data(), sizeof(task_set_slot));
		opened = open();
		is_open_ = static_cast<bool>(opened);
	}
	~followed_set() { finish(); }

	/* close(), and the grace period before the destructor. */
	void finish()
	{
		if (std::exchange(is_open_, false)) {
			close();
			grace_period();
		}
	}

	const bool inherits;
	std::set<const pb_task *> runs;
	bool exited = false;
	u32 not_followed = 0;
	cxxrt::result<void> opened;
	u32 enabled = 0;

private:
	void begin_run(task_member &member, u32) noexcept override
	{
		runs.insert(member.task().task());
	}
	void end_run(task_member &member, u32) noexcept override
	{
		runs.erase(member.task().task());
	}
	bool enable_on_exec() noexcept override { return !enabled++; }
	void all_exited() noexcept override { exited = true; }
	void child_not_followed() noexcept override { not_followed++; }

	std::vector<task_set_slot> slots_;
	bool is_open_ = false;
};

inline task_set_kind kind_of(const pb_task *target, s32 cpu = -1, bool inherits = false)
{
	return {target, cpu, inherits, false, false, false, nullptr};
}

} // namespace perfbuf::host
