// SPDX-License-Identifier: GPL-2.0
/* PERF_EVENT_IOC_ENABLE, DISABLE, RESET and MODIFY_ATTRIBUTES, and the requests that are refused.
 */
#include "device/attr.hpp"
#include "device/file.hpp"
#include "glue/glue.h"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

/* The errno that perf returns for requests that are for BPF programs only. */
error file::refuse(u32 request, u64 argument) noexcept
{
	switch (request) {
	case PERF_EVENT_IOC_SET_BPF:
		return error(descriptor(static_cast<s32>(argument)).is_open() ? EINVAL : EBADF);
	case PERF_EVENT_IOC_QUERY_BPF:
		return error(EINVAL);
	default:
		return error(ENOTTY);
	}
}

/*
 * perf changes breakpoints only: where they are, what their signals carry, and whether they are
 * enabled. The rest of the attribute has to stay. After an error the event is as before.
 */
result<void> file::modify(event &of, u64 argument) noexcept
{
	perf_event_attr attr = {};

	TRY(copy_attr(attr, argument));
	if (!check_ranges(attr) || attr.type != of.attr().type)
		return error(EINVAL);
	if (attr.type != PERF_TYPE_BREAKPOINT)
		return error(EOPNOTSUPP);

	perf_event_attr same = of.attr();

	same.disabled = attr.disabled;
	same.sig_data = attr.sig_data;
	same.bp_type = attr.bp_type;
	same.bp_addr = attr.bp_addr;
	same.bp_len = attr.bp_len;
	if (!attr.sample_max_stack)
		attr.sample_max_stack = max_stack_frames;
	if (__builtin_memcmp(&same, &attr, sizeof(attr)))
		return error(EINVAL);

	const bool was_active = of.active();

	of.disable();

	result<void> changed = of.modify(attr);

	if (!changed) {
		if (was_active)
			(void)of.enable();
		return changed;
	}
	if (!attr.disabled)
		TRY(of.enable());
	return {};
}

/* ENABLE, DISABLE and RESET, of all of the event's group if @for_all. */
result<void> file::control(event &of, u32 request, bool for_all) noexcept
{
	event_group *group = of.group();
	event_group *whole = for_all ? group : nullptr;

	switch (request) {
	case PERF_EVENT_IOC_ENABLE:
		TRY(whole ? whole->enable_all(of) : of.enable());
		break;
	case PERF_EVENT_IOC_DISABLE:
		if (whole)
			whole->disable_all(of);
		else
			of.disable();
		break;
	default:
		if (whole)
			whole->reset_all(of);
		else
			of.reset();
	}
	/* The siblings start and stop with their leader. */
	if (whole || (group && group->leads(of)))
		group->each(refresh_user_page);
	refresh_user_page(of);
	return {};
}

} // namespace perfbuf
