// SPDX-License-Identifier: GPL-2.0
/* The functrace source: checks attributes, opens streams, and forwards requests on AUX areas to
 * tracers. */
#include "sources/functrace/source.hpp"

#include "device/attr.hpp"
#include "device/open_stream.hpp"
#include "device/setup.hpp"
#include "sources/functrace/tracer.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

/* There are no samples: these shape the trailer of records. */
constexpr u64 supported_fields = sample_id_fields;
constexpr u64 tick_shift_max = 31;

constexpr aux_abilities functrace_abilities = {
	.memory = {.virtual_memory = true},
	.can_pause = true,
};

/* Its tracers find their set through tracer_shared. */
template <typename Follows>
class functrace_stream final : private tracer_shared, public Follows
{
public:
	explicit functrace_stream(event &owner) noexcept
		: Follows(owner, static_cast<tracer_shared &>(*this))
	{
	}

	/* Of the last one the functions are let alone, which takes a while. */
	~functrace_stream() override
	{
		setup_guard held;

		if (function_set *mine = set.read_once())
			function_set::leave(mine);
	}

	result<void> open() noexcept
	{
		set.store_release(TRY(function_set::join("")));
		/* An exec cannot report an error; and once others see the stream, its
		 * opening cannot fail. */
		if (this->owner_.attr().enable_on_exec || !this->owner_.attr().disabled)
			TRY(get_ready());
		return Follows::open(static_cast<tracer_shared &>(*this));
	}

	result<void> get_ready() noexcept override
	{
		setup_guard held;

		return attach(*set.read_once());
	}

	/* Until the tracers have moved, the old one goes on. */
	result<void> set_filter(const char *text) noexcept override
	{
		function_set *wanted = TRY(function_set::join(text));
		setup_guard held;
		const result<void> ready = attached_ ? attach(*wanted) : result<void>{};

		if (!ready) {
			function_set::leave(wanted);
			return ready;
		}

		function_set *old = set.read_once();

		set.store_release(wanted);
		this->on_its_cpus(move_here);
		function_set::leave(old);
		return {};
	}

	void stop_aux() noexcept override { this->on_its_cpus(end_aux_here); }

	void pause_aux(bool on) noexcept override
	{
		tracer *here = this->part_on(pb_this_cpu());

		if (on && here)
			here->pause();
	}

	bool hold_aux(u64 &head) noexcept override
	{
		if (tracer *here = this->part_on(pb_this_cpu()))
			head = here->hold(head);
		return true;
	}

	void release_aux() noexcept override
	{
		if (tracer *here = this->part_on(pb_this_cpu()))
			here->release();
	}

	/* poll() and read() publish first, because a transaction may stay open for long. */
	bool has_missed() const noexcept override
	{
		return has_unpublished() || Follows::has_missed();
	}

	void count_missed() noexcept override
	{
		if (tracer *here = this->part_on(pb_this_cpu()))
			here->publish();
		Follows::count_missed();
	}

private:
	result<void> attach(function_set &to) noexcept
	{
		TRY(to.attach());
		attached_ = true;
		return {};
	}

	bool has_unpublished() const noexcept
	{
		functrace_stream &self = const_cast<functrace_stream &>(*this);

		for (u32 cpu = 0; cpu < pb_nr_cpu_ids(); cpu++) {
			const tracer *tracer = self.part_on(cpu);

			if (tracer && tracer->has_unpublished())
				return true;
		}
		return false;
	}

	static tracer *here(void *stream) noexcept
	{
		return static_cast<functrace_stream *>(static_cast<cpu_stream *>(stream))
			->part_on(pb_this_cpu());
	}

	static void move_here(void *stream) noexcept
	{
		if (tracer *tracer = here(stream))
			tracer->change_list();
	}

	static void end_aux_here(void *stream) noexcept
	{
		if (tracer *tracer = here(stream))
			tracer->end_aux();
	}

	bool attached_ = false; /* under the setup lock */
};

} // namespace

constinit functrace_source the_functrace;

const char *functrace_source::description() const noexcept
{
	return "the functions that are entered, into AUX";
}

result<void> functrace_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.type != PERF_TYPE_SOFTWARE || attr.config != PERF_COUNT_SW_CPU_CLOCK)
		return error(ENOENT);
	if (attr.config1 > tick_shift_max || attr.config2 || config3(attr))
		return error(EINVAL);
	if (attr.freq || attr.sample_period > 1 || attr.exclude_kernel || attr.exclude_idle ||
	    attr.sample_type & ~supported_fields)
		return error(EOPNOTSUPP);
	return {};
}

result<unique_ptr<stream>> functrace_source::open(event &owner) noexcept
{
	return open_stream<functrace_stream<on_tasks<tracer>>,
			   functrace_stream<on_one_cpu<tracer>>>(owner);
}

const aux_abilities *functrace_source::abilities(const perf_event_attr &) const noexcept
{
	return &functrace_abilities;
}

/* The pages follow each other: vmalloc was asked for. */
result<void *> functrace_source::setup_aux(const perfbuf_aux_pages &memory) noexcept
{
	trace_memory *made = new (gfp::kernel) trace_memory{
		static_cast<u8 *>(memory.pages[0]),
		u64{memory.nr_pages} << page_shift,
		memory.overwrite != 0,
	};

	if (!made)
		return error(ENOMEM);
	return static_cast<void *>(made);
}

void functrace_source::free_aux(void *private_data) noexcept
{
	delete static_cast<trace_memory *>(private_data);
}

} // namespace perfbuf
