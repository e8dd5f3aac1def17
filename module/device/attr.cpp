// SPDX-License-Identifier: GPL-2.0
/* Copies struct perf_event_attr from user space, and checks it as perf does. Process context. */
#include "device/attr.hpp"

#include "device/aux.hpp"
#include "glue/glue.h"
#include "ring/storage.hpp"

#include <arch_registers.h>
#include <linux/perfbuf.h>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::result;

namespace
{

/* The bits that the headers of this build know. */
constexpr u64 known_sample_type = u64{PERF_SAMPLE_MAX} - 1;
constexpr u64 known_read_format = (u64{PERF_FORMAT_MAX} - 1) | PERFBUF_FORMAT_LOST_CAUSES;

constexpr u64 supported_sample_type =
	PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
	PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
	PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER |
	PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC;

constexpr u64 supported_read_format =
	PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING | PERF_FORMAT_ID |
	PERF_FORMAT_GROUP | PERF_FORMAT_LOST | PERFBUF_FORMAT_LOST_CAUSES;
constexpr u32 aux_switches = PERFBUF_AUX_PAUSE | PERFBUF_AUX_RESUME;
constexpr u32 known_aux_actions = PERFBUF_AUX_START_PAUSED | aux_switches;
/* The bits of attr from disabled to sigtrap. */
constexpr u32 known_bits = 38;

result<void> check_clock(const perf_event_attr &attr) noexcept
{
	if (!attr.use_clockid)
		return {};
	switch (attr.clockid) {
	case 0:	 /* CLOCK_REALTIME */
	case 1:	 /* CLOCK_MONOTONIC */
	case 4:	 /* CLOCK_MONOTONIC_RAW */
	case 7:	 /* CLOCK_BOOTTIME */
	case 11: /* CLOCK_TAI */
		return {};
	}
	return error(EINVAL);
}

/*
 * Records and actions that perf has and this module has not. A kernel that is older than one of
 * these bits returns EINVAL, and clients of perf_event_open(2) then try again without the bit. They
 * give up at any other errno.
 */
bool is_known_to_older_kernels(const perf_event_attr &attr) noexcept
{
	/* Later headers give the bits behind sigtrap names. */
	u64 bits;

	__builtin_memcpy(&bits, &attr.read_format + 1, sizeof(bits));
	return !(bits >> known_bits) && !attr.namespaces && !attr.ksymbol && !attr.bpf_event &&
	       !attr.cgroup && !attr.text_poke && !attr.build_id;
}

/*
 * False: perf_event has something in @attr that this module has not. It is refused, never ignored.
 */
bool is_supported(const perf_event_attr &attr, const aux_abilities *aux,
		  const aux_abilities *linked) noexcept
{
	const u64 of_linked = linked && linked->can_hold ? u64{PERF_SAMPLE_AUX} : 0;

	if (attr.sample_type & ~(supported_sample_type | of_linked))
		return false;
	if (attr.pinned || attr.exclusive || attr.exclude_host || attr.precise_ip ||
	    attr.inherit_stat || attr.aux_output)
		return false;
	if (aux_action(attr) & PERFBUF_AUX_START_PAUSED && !(aux && aux->can_pause))
		return false;
	if (aux_action(attr) & (PERFBUF_AUX_PAUSE | PERFBUF_AUX_RESUME) &&
	    !(linked && linked->can_pause))
		return false;

	/* A sample has perf's words alone. */
	if (attr.sample_type & PERF_SAMPLE_READ && attr.read_format & PERFBUF_FORMAT_LOST_CAUSES)
		return false;

	return !(attr.read_format & ~supported_read_format) &&
	       !((attr.sample_regs_user | attr.sample_regs_intr) & PB_ARCH_VECTOR_REGS) &&
	       (!attr.aux_watermark || aux) && (!attr.aux_sample_size || linked);
}

/* Whether samples of @attr hold kernel addresses or user memory, which lockdown=confidentiality
 * forbids. */
bool is_confidential(const perf_event_attr &attr) noexcept
{
	if (!attr.exclude_kernel)
		return true;
	if (attr.sample_type & PERF_SAMPLE_CALLCHAIN && !attr.exclude_callchain_kernel)
		return true;
	return attr.sample_type & PERF_SAMPLE_STACK_USER;
}

/* Returns a pointer to the member, or nullptr if the headers do not have it. */
template <typename Attr>
auto *config3_in(Attr &attr) noexcept
{
	if constexpr (requires { attr.config3; })
		return &attr.config3;
	else
		return static_cast<u64 *>(nullptr);
}

} // namespace

u64 config3(const perf_event_attr &attr) noexcept
{
	const auto *found = config3_in(attr);

	return found ? *found : 0;
}

void set_config3(perf_event_attr &attr, u64 value) noexcept
{
	if (auto *found = config3_in(attr))
		*found = value;
}

u32 aux_action(const perf_event_attr &attr) noexcept
{
	u32 action;

	__builtin_memcpy(&action, &attr.aux_sample_size + 1, sizeof(action));
	return action;
}

bool is_dummy(const perf_event_attr &attr) noexcept
{
	return attr.type == PERF_TYPE_SOFTWARE && attr.config == PERF_COUNT_SW_DUMMY;
}

bool needs_link(const perf_event_attr &attr) noexcept
{
	return attr.aux_sample_size || aux_action(attr) & aux_switches;
}

result<void> copy_attr(perf_event_attr &attr, u64 user_address) noexcept
{
	u32 size;

	TRY(from_return(pb_copy_from_user(
		&size, user_address + __builtin_offsetof(perf_event_attr, size), sizeof(size))));
	if (!size)
		size = PERF_ATTR_SIZE_VER0;

	int ret = -E2BIG;

	if (size >= PERF_ATTR_SIZE_VER0 && size <= page_size)
		ret = pb_copy_struct_from_user(&attr, sizeof(attr), user_address, size);
	if (ret == -E2BIG) {
		/* Writes back the size that the module knows. If this write fails, the caller still
		 * gets E2BIG. */
		size = sizeof(attr);
		pb_copy_to_user(user_address + __builtin_offsetof(perf_event_attr, size), &size,
				sizeof(size));
		return error(E2BIG);
	}
	TRY(from_return(ret));
	attr.size = size;
	return {};
}

result<void> check_ranges(const perf_event_attr &attr) noexcept
{
	if (attr.__reserved_1 || attr.__reserved_2)
		return error(EINVAL);
	if (aux_action(attr) & ~known_aux_actions ||
	    (aux_action(attr) & aux_switches) == aux_switches)
		return error(EINVAL);
	if (attr.sample_type & ~known_sample_type)
		return error(EINVAL);
	if (attr.read_format & ~known_read_format)
		return error(EINVAL);
	if (attr.sample_type & PERF_SAMPLE_REGS_USER &&
	    (!attr.sample_regs_user ||
	     attr.sample_regs_user & ~(PB_ARCH_USER_REGS | PB_ARCH_VECTOR_REGS)))
		return error(EINVAL);
	if (attr.sample_type & PERF_SAMPLE_STACK_USER &&
	    (attr.sample_stack_user >= 0xffff || attr.sample_stack_user % record_alignment))
		return error(EINVAL);
	if (attr.sample_type & PERF_SAMPLE_REGS_INTR &&
	    (!attr.sample_regs_intr ||
	     attr.sample_regs_intr & ~(PB_ARCH_USER_REGS | PB_ARCH_VECTOR_REGS)))
		return error(EINVAL);
	if (attr.sample_type & PERF_SAMPLE_WEIGHT && attr.sample_type & PERF_SAMPLE_WEIGHT_STRUCT)
		return error(EINVAL);
	if (attr.inherit_thread && !attr.inherit)
		return error(EINVAL);
	if (attr.remove_on_exec && attr.enable_on_exec)
		return error(EINVAL);
	if (attr.sigtrap && !attr.remove_on_exec)
		return error(EINVAL);
	if (attr.freq) {
		if (attr.sample_freq > pb_param_max_sample_rate())
			return error(EINVAL);
	} else if (attr.sample_period & (1ULL << 63)) {
		return error(EINVAL);
	}
	if (attr.inherit && attr.sample_type & PERF_SAMPLE_READ)
		return error(EINVAL);
	return {};
}

result<void> check_support(perf_event_attr &attr, const aux_abilities *aux,
			   const aux_abilities *linked) noexcept
{
	if (!attr.sample_max_stack)
		attr.sample_max_stack = max_stack_frames;
	if (attr.sample_type & PERF_SAMPLE_CALLCHAIN && attr.sample_max_stack > max_stack_frames)
		return error(EOVERFLOW);
	TRY(check_clock(attr));
	if (linked && !needs_link(attr))
		return error(EINVAL);
	if (!is_known_to_older_kernels(attr))
		return error(EINVAL);
	if (!is_supported(attr, aux, linked))
		return error(EOPNOTSUPP);
	if (pb_locked_down() && is_confidential(attr))
		return error(EPERM);
	return {};
}

} // namespace perfbuf
