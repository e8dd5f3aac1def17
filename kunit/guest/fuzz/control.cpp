// SPDX-License-Identifier: GPL-2.0
/* PERF_EVENT_IOC_* and PERFBUF_IOC_RING. */
#include <linux/perfbuf.h>
#include <sys/ioctl.h>

#include "fuzz/world.hpp"

namespace fuzz
{

namespace
{

template <unsigned long Request>
int plain(actor &by)
{
	return error_of(ioctl(by.file(), Request, by.one_of<unsigned long>({0, 0, 0, 1, ~0ul})));
}

int period(actor &by)
{
	uint64_t value = by.one_of<uint64_t>({1, 2, 1000, 300'000, 5'000'000, 0, ~0ULL});
	return error_of(ioctl(by.file(), PERF_EVENT_IOC_PERIOD,
			      by.once_in(16) ? reinterpret_cast<uint64_t *>(8) : &value));
}

int filter(actor &by)
{
	const char *text = by.one_of(
		{"number == 1", "number > 10 && context != 2", "common_pid == 1", "data ~ \"*a*\"",
		 "", "0", "nothing == 1", "number ==", "((((((((((((((((((1))))", "vfs_*",
		 "!vfs_read", "number == 99999999999999999999999", "a_s8 < -1 || name == \"x\"",
		 "number in (1, 4..6)", "number > 4KiB"});
	return error_of(ioctl(by.file(), PERF_EVENT_IOC_SET_FILTER,
			      by.once_in(16) ? reinterpret_cast<const char *>(8) : text));
}

int check_filter(actor &by)
{
	const char *text =
		by.one_of({"number in (1, 2..5)", "number > 5us", "number in (", "vfs_*"});
	perfbuf_filter_check check = {};
	check.text = by.once_in(16) ? 8 : reinterpret_cast<uintptr_t>(text);
	return error_of(
		ioctl(by.file(), PERFBUF_IOC_CHECK_FILTER,
		      by.once_in(16) ? reinterpret_cast<perfbuf_filter_check *>(8) : &check));
}

int id(actor &by)
{
	uint64_t value;
	return error_of(ioctl(by.file(), PERF_EVENT_IOC_ID,
			      by.once_in(16) ? reinterpret_cast<uint64_t *>(8) : &value));
}

int set_output(actor &by)
{
	const long to = by.once_in(8) ? -1 : by.file();
	return error_of(ioctl(by.file(), PERF_EVENT_IOC_SET_OUTPUT, to));
}

int ring(actor &by)
{
	perfbuf_ring wanted = {.size = sizeof(wanted),
			       .storage = static_cast<uint32_t>(by.below(by.once_in(8) ? 5 : 3)),
			       .flags = by.once_in(4),
			       .reserved = by.once_in(24),
			       .wakeup_latency = by.one_of<uint64_t>({0, 0, 10000, 1'000'000, 5})};
	if (by.once_in(16))
		wanted.size = by.one_of<uint32_t>({0, 8, 4096, 5000});
	return error_of(ioctl(by.file(), PERFBUF_IOC_RING, &wanted));
}

int fence(actor &by)
{
	uint64_t time = 0;
	return error_of(ioctl(by.file(), PERFBUF_IOC_FENCE,
			      by.once_in(16) ? reinterpret_cast<uint64_t *>(8) : &time));
}

int positions(actor &by)
{
	perfbuf_positions found = {};
	return error_of(ioctl(by.file(), PERFBUF_IOC_POSITIONS,
			      by.once_in(16) ? reinterpret_cast<perfbuf_positions *>(8) : &found));
}

int copy_ring(actor &by)
{
	static thread_local std::vector<char> data(64 * 4096);
	perf_event_attr attr;
	perfbuf_ring_copy wanted = {
		.attr = reinterpret_cast<uintptr_t>(by.once_in(16) ? nullptr : &attr),
		.attr_size = by.once_in(16) ? 8 : static_cast<uint32_t>(sizeof(attr)),
		.flags = by.once_in(24),
		.buffer = by.once_in(16) ? 8 : reinterpret_cast<uintptr_t>(data.data()),
		.bytes = by.once_in(4) ? by.below(data.size()) : data.size(),
		.ring = 0,
		.written = 0,
		.positions = {}};
	return error_of(ioctl(by.file(), PERFBUF_IOC_COPY_RING,
			      by.once_in(16) ? reinterpret_cast<perfbuf_ring_copy *>(8) : &wanted));
}

int follow(actor &by)
{
	const perfbuf_follow wanted = {
		.pid = by.one_of({0, gettid(), getppid(), 1, -1, 1 << 22}),
		.flags = by.once_in(16),
	};
	return error_of(ioctl(by.file(), PERFBUF_IOC_FOLLOW, by.once_in(16) ? nullptr : &wanted));
}

int modify(actor &by)
{
	perf_event_attr attr = some_attr(by);
	return error_of(ioctl(by.file(), PERF_EVENT_IOC_MODIFY_ATTRIBUTES, &attr));
}

int bpf(actor &by)
{
	uint32_t query[4] = {2};
	return by.once_in(2) ? error_of(ioctl(by.file(), PERF_EVENT_IOC_SET_BPF, by.file()))
			     : error_of(ioctl(by.file(), PERF_EVENT_IOC_QUERY_BPF, query));
}

int unknown(actor &by)
{
	return error_of(ioctl(by.file(), static_cast<unsigned long>(by.random() & 0xffffffff),
			      by.random()));
}

} /* namespace */

std::vector<operation> control_operations()
{
	const auto control = [](const char *name, unsigned weight, int (*call)(actor &),
				std::initializer_list<int> more = {}) {
		std::vector<int> all = {EBADF, ENOTTY, EBADFD, ENODEV};
		all.insert(all.end(), more);
		return operation{name, readers, weight, call, all};
	};
	return {
		control("ENABLE", 8, plain<PERF_EVENT_IOC_ENABLE>,
			{EINVAL, EBUSY, EOPNOTSUPP, ENOMEM, EAGAIN}),
		control("DISABLE", 5, plain<PERF_EVENT_IOC_DISABLE>),
		control("RESET", 2, plain<PERF_EVENT_IOC_RESET>),
		control("REFRESH", 3, plain<PERF_EVENT_IOC_REFRESH>, {EINVAL, EBUSY, ENOMEM}),
		control("PAUSE_OUTPUT", 3, plain<PERF_EVENT_IOC_PAUSE_OUTPUT>, {EINVAL}),
		control("PERIOD", 4, period, {EINVAL, EFAULT, EOPNOTSUPP, EBUSY}),
		control("SET_FILTER", 5, filter,
			{EINVAL, EFAULT, ENOENT, ERANGE, E2BIG, ENOMEM, EOPNOTSUPP}),
		control("PERFBUF_IOC_CHECK_FILTER", 2, check_filter,
			{EINVAL, EFAULT, ENOMEM, EOPNOTSUPP}),
		control("ID", 2, id, {EFAULT}),
		control("SET_OUTPUT", 8, set_output, {EINVAL, ENOSPC}),
		control("PERFBUF_IOC_RING", 5, ring, {EINVAL, E2BIG, EBUSY, EFAULT, ENOMEM}),
		control("PERFBUF_IOC_FENCE", 2, fence, {EFAULT}),
		control("PERFBUF_IOC_POSITIONS", 2, positions, {EINVAL, EFAULT}),
		control("PERFBUF_IOC_COPY_RING", 2, copy_ring, {EINVAL, EFAULT, ENOSPC}),
		control("PERFBUF_IOC_FOLLOW", 4, follow,
			{EINVAL, EFAULT, EACCES, ESRCH, EOPNOTSUPP, ENOMEM, EMFILE, ENOSPC}),
		control("MODIFY_ATTRIBUTES", 2, modify,
			{EINVAL, E2BIG, EOPNOTSUPP, EACCES, ENOSPC}),
		control("SET_BPF, QUERY_BPF", 1, bpf, {EINVAL}),
		control("an unknown request", 1, unknown,
			{EINVAL, EFAULT, EPERM, EACCES, ENOENT, E2BIG, EBUSY, EOPNOTSUPP}),
	};
}

} /* namespace fuzz */
