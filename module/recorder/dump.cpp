// SPDX-License-Identifier: GPL-2.0
/* Requests devcoredumps of a recorder in any context, and makes them in process context. */
#include "recorder/dump.hpp"

#include "glue/glue.h"
#include "glue/recorder.h"
#include "recorder/registry.hpp"
#include "recorder/snapshot.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::ref;
using cxxrt::result;

namespace
{

constexpr u64 ns_of_a_second = 1'000'000'000;

class memory_target final : public snapshot_target
{
public:
	explicit memory_target(void *memory) noexcept : memory_(static_cast<char *>(memory)) {}

	result<void> put(u64 offset, const void *from, u64 bytes) noexcept override
	{
		__builtin_memcpy(memory_ + offset, from, bytes);
		return {};
	}

private:
	char *const memory_;
};

} // namespace

recorder_dump::recorder_dump(const typed_source &of) noexcept : of_(of)
{
	work_.owner = this;
	pb_dump_work_init(&work_.raw, run);
}

result<void> recorder_dump::request(void *device) noexcept
{
	if (!device)
		return error(EINVAL);
	if (!of_.get_recorder())
		return error(ENOENT);
	if (!pending_.try_cmpxchg(0, 1))
		return error(EBUSY);

	const u64 now = pb_duration_clock_ns();

	if (last_ns_ && now - last_ns_ < pb_param_recorder_dump_seconds() * ns_of_a_second) {
		pending_.store_release(0);
		return error(EAGAIN);
	}
	last_ns_ = now;
	device_ = device;
	pb_device_get(device);
	pb_dump_work_raise(&work_.raw);
	return {};
}

void recorder_dump::run(void *raw) noexcept
{
	recorder_dump &self = *CXXRT_CONTAINER_OF(raw, work, raw)->owner;

	const char *const why_not = self.make();

	if (why_not)
		pb_log_recorder(self.of_.name(), why_not);
	pb_device_put(self.device_);
	self.pending_.store_release(0);
}

const char *recorder_dump::make() noexcept
{
	const ref<recorder> found = the_recorders().find(of_);

	/* The administrator has taken it away since the request. */
	if (!found)
		return nullptr;
	if (pb_locked_down())
		return "the kernel is locked down for confidentiality: its recorder is not dumped";

	const u64 bytes = snapshot_bytes(*found);
	void *memory = pb_dump_memory(bytes);

	if (!memory)
		return "there is no memory to dump its recorder";

	memory_target to(memory);
	/* Into memory it cannot fail. */
	const result<void> copied = take_snapshot(*found, to);

	(void)copied;
	pb_device_coredump(device_, memory, bytes);
	return nullptr;
}

} // namespace perfbuf
