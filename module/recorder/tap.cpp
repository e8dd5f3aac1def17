// SPDX-License-Identifier: GPL-2.0
/* The attribute and the output by which a recorder receives a typed event on one CPU. */
#include "recorder/tap.hpp"

namespace perfbuf
{

using cxxrt::gfp;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

/* The tap attaches its output by itself. */
class tap_stream final : public stream
{
public:
	void start() noexcept override {}
	void stop() noexcept override {}
	void close() noexcept override {}
	u64 count() noexcept override { return 0; }
	u64 running_ns() noexcept override { return 0; }
	bool has_missed() const noexcept override { return false; }
	void count_missed() noexcept override {}
	result<void> period_changed() noexcept override { return {}; }
	void run_as_writer(void (*)(void *), void *) noexcept override {}
};

} // namespace

perf_event_attr tap::attr_of(u32 id) noexcept
{
	perf_event_attr attr = {};

	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config = id;
	attr.sample_period = 1;
	attr.sample_type = recorded_fields;
	/* No sample counts towards a wakeup. */
	attr.watermark = 1;
	return attr;
}

tap::tap(u32 id, u32 cpu, output_shared &shared, perf_buffer &into) noexcept
	: event_(attr_of(id), static_cast<s32>(cpu), nullptr, file_), writer_(event_),
	  output_(event_, &writer_, cpu, shared)
{
	event_.set_ring(&into);
}

result<void> tap::set_up() noexcept
{
	TRY(writer_.open());

	unique_ptr<stream> made(TRY(make<tap_stream>(gfp::kernel)).release());

	event_.set_stream(std::move(made));
	return event_.enable();
}

} // namespace perfbuf
