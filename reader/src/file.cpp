// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Opens a source's file, and makes the requests of perf_event_open(2)'s ABI.
#include <perfbuf/file.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <linux/perfbuf.h>
#include <string>
#include <sys/ioctl.h>

#include "positions.hpp"

namespace perfbuf::reader
{

static_assert(format_lost_by_cause == PERFBUF_FORMAT_LOST_CAUSES);

result<file> file::open(std::string_view source)
{
	std::string path(source);
	if (path.find('/') == std::string::npos)
		path.insert(0, "/dev/perfbuf/");
	unique_fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
	if (!fd)
		return system_error("cannot open " + path);
	return file(std::move(fd));
}

result<void> file::configure(perf_event_attr attr, pid_t pid, int cpu, unsigned long flags)
{
	attr.size = attr_size;
	perfbuf_open how{};
	how.attr = reinterpret_cast<uintptr_t>(&attr);
	how.pid = pid;
	how.cpu = cpu;
	how.flags = flags;
	auto done = request(PERFBUF_IOC_OPEN, reinterpret_cast<uintptr_t>(&how),
			    "cannot configure the source");
	if (done)
		read_format_ = attr.read_format;
	return done;
}

result<void> file::enable() const
{
	return request(PERF_EVENT_IOC_ENABLE, 0, "cannot enable the source");
}

result<void> file::disable() const
{
	return request(PERF_EVENT_IOC_DISABLE, 0, "cannot disable the source");
}

result<void> file::reset() const
{
	return request(PERF_EVENT_IOC_RESET, 0, "cannot reset the count");
}

result<void> file::pause(bool on) const
{
	return request(PERF_EVENT_IOC_PAUSE_OUTPUT, on, "cannot pause the ring");
}

result<void> file::follow(pid_t thread) const
{
	const perfbuf_follow wanted{thread, 0};
	return request(PERFBUF_IOC_FOLLOW, reinterpret_cast<uintptr_t>(&wanted),
		       "cannot follow another thread");
}

result<void> file::redirect(const file &target) const
{
	return request(PERF_EVENT_IOC_SET_OUTPUT, static_cast<unsigned long>(target.fd()),
		       "cannot write into the ring of another file");
}

result<void> file::set_filter(const std::string &expression) const
{
	return request(PERF_EVENT_IOC_SET_FILTER, reinterpret_cast<uintptr_t>(expression.c_str()),
		       "cannot set the filter");
}

result<filter_check> file::check_filter(const std::string &expression) const
{
	perfbuf_filter_check check{};
	check.text = reinterpret_cast<uintptr_t>(expression.c_str());
	auto done = request(PERFBUF_IOC_CHECK_FILTER, reinterpret_cast<uintptr_t>(&check),
			    "cannot check the filter");
	if (!done)
		return done.error();
	return filter_check{static_cast<int>(check.error), check.reason, check.at, check.bytes};
}

result<uint64_t> file::id() const
{
	uint64_t id = 0;
	auto done =
		request(PERF_EVENT_IOC_ID, reinterpret_cast<uintptr_t>(&id), "cannot read the id");
	if (!done)
		return done.error();
	return id;
}

result<uint64_t> file::fence() const
{
	__u64 time = 0;
	auto done = request(PERFBUF_IOC_FENCE, reinterpret_cast<uintptr_t>(&time),
			    "cannot wait until the records before now are published");
	if (!done)
		return done.error();
	return uint64_t{time};
}

result<ring_positions> file::positions() const
{
	perfbuf_positions found{};
	auto done = request(PERFBUF_IOC_POSITIONS, reinterpret_cast<uintptr_t>(&found),
			    "cannot read how far the writers of the ring have come");
	if (!done && done.error().code == std::errc::operation_not_supported)
		return system_error("on this machine the ring of an event without a CPU is copied "
				    "while it is paused: pause() the file",
				    EOPNOTSUPP);
	if (!done)
		return done.error();
	return positions_from(found);
}

result<counts> file::read() const
{
	if (read_format_ & PERF_FORMAT_GROUP)
		return system_error("counts of a group are not supported", EINVAL);

	// Space for causes that a later module counts.
	std::array<uint64_t, 64> words{};
	const ssize_t got = ::read(fd_.get(), words.data(), sizeof(words));
	if (got < 0)
		return system_error("cannot read the counts");

	// The order is that of the bits, but the value comes first.
	size_t at = 0;
	const size_t end = static_cast<size_t>(got) / sizeof(uint64_t);
	const auto value_of = [&](uint64_t bit) -> std::optional<uint64_t> {
		if (!(read_format_ & bit) || at >= end)
			return std::nullopt;
		return words[at++];
	};
	counts out;
	out.value = words[at++];
	out.time_enabled = value_of(PERF_FORMAT_TOTAL_TIME_ENABLED);
	out.time_running = value_of(PERF_FORMAT_TOTAL_TIME_RUNNING);
	out.id = value_of(PERF_FORMAT_ID);
	out.lost = value_of(PERF_FORMAT_LOST);
	if (const auto causes = value_of(format_lost_by_cause)) {
		const auto first = words.begin() + static_cast<ptrdiff_t>(at);
		out.lost_by_cause.assign(first, first + static_cast<ptrdiff_t>(std::min<uint64_t>(
								*causes, end - at)));
	}
	return out;
}

std::string_view loss_cause_name(size_t cause) noexcept
{
	static constexpr std::array<std::string_view, PERFBUF_LOST_CAUSES> names = {
		"full", "paused", "too big", "recursion", "no ring", "context"};
	return cause < names.size() ? names[cause] : "other";
}

result<void> file::request(unsigned long code, unsigned long argument, const char *message) const
{
	int done;
	do
		done = ::ioctl(fd_.get(), code, argument);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return system_error(message);
	return {};
}

std::optional<uint64_t> fence_of(std::span<const file> files)
{
	for (const file &each : files) {
		const auto time = each.fence();
		if (time)
			return *time;
		// The source of another file may have gone; but no file has what the module has
		// not.
		if (time.error().code == std::errc::inappropriate_io_control_operation)
			break;
	}
	return std::nullopt;
}

} // namespace perfbuf::reader
