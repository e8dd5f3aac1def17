// SPDX-License-Identifier: GPL-2.0
/* The stream of PERF_COUNT_SW_DUMMY: no samples, no counts; it starts nothing. */
#include "device/dummy.hpp"

#include "device/one_cpu_stream.hpp"
#include "device/run_time.hpp"

namespace perfbuf
{

using cxxrt::gfp;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

/* Counts the time for which it was enabled, as perf's dummy event does, and nothing else. */
class dummy_part
{
public:
	dummy_part(event &, const sample_writer *, u32) noexcept {}

	void start(u64) noexcept
	{
		if (!runs())
			ran_.start();
	}

	u64 stop() noexcept
	{
		if (runs())
			ran_.stop();
		return 0;
	}

	bool runs() const noexcept { return ran_.runs(); }
	u64 count() const noexcept { return 0; }
	u64 running_ns() const noexcept { return ran_.ns(); }

private:
	run_time ran_;
};

template <typename Follows>
result<unique_ptr<stream>> make_dummy(event &owner) noexcept
{
	auto made = TRY(make<Follows>(gfp::kernel, owner));

	TRY(made->open());
	return unique_ptr<stream>(made.release());
}

} // namespace

result<unique_ptr<stream>> open_dummy(event &owner) noexcept
{
	return owner.target() ? make_dummy<on_tasks<dummy_part>>(owner)
			      : make_dummy<on_one_cpu<dummy_part>>(owner);
}

} // namespace perfbuf
