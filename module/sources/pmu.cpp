// SPDX-License-Identifier: GPL-2.0
/* The pmu source: creates a counter of the kernel's perf for each event, and writes a sample per
 * overflow. */
#include "sources/pmu.hpp"

#include "device/attr.hpp"
#include "device/open_stream.hpp"
#include "glue/pmu.h"
#include "ring/irq_work.hpp"
#include "ring/recursion.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constexpr u64 supported_fields = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
				 PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER |
				 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
				 PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
				 PERF_SAMPLE_STACK_USER | PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC;

/* The part of @attr that concerns the kernel's counter. perfbuf writes the samples, so fields about
 * them stay 0. */
perf_event_attr attr_of_counter(const perf_event_attr &attr) noexcept
{
	perf_event_attr made = {};

	made.size = sizeof(made);
	made.type = attr.type;
	made.config = attr.config;
	made.config1 = attr.config1;
	made.config2 = attr.config2;
	set_config3(made, config3(attr));
	made.bp_type = attr.bp_type;
	made.freq = attr.freq;
	made.sample_period = attr.sample_period;
	/* With PERIOD and no frequency, perf's software events are a sample each. */
	made.sample_type = attr.sample_type & (PERF_SAMPLE_RAW | PERF_SAMPLE_PERIOD);
	made.inherit = attr.inherit;
	made.inherit_thread = attr.inherit_thread;
	made.exclude_user = attr.exclude_user;
	made.exclude_kernel = attr.exclude_kernel;
	made.exclude_hv = attr.exclude_hv;
	made.exclude_idle = attr.exclude_idle;
	made.exclude_guest = attr.exclude_guest;
	made.disabled = attr.disabled && attr.enable_on_exec;
	made.enable_on_exec = made.disabled;
	/* The copies that children inherit are the kernel's, which removes them itself. */
	made.remove_on_exec = attr.remove_on_exec;
	return made;
}

/*
 * perf counts and samples; this part only sends the signal of attr.sigtrap. An overflow in user
 * mode raises an interrupt on its CPU. The interrupt comes before the task's next instruction, and
 * may take the locks of signals. Where it comes later (no interrupt for irq_work, a slow interrupt
 * controller), the task may have executed another program meanwhile. So the signal is sent only
 * while the event still runs: the exec, like the exit and a switch to another task, has stopped the
 * part.
 */
class trap_part
{
public:
	static constexpr bool writes_late = true;

	trap_part(event &owner, const sample_writer *, u32) noexcept
		: owner_(owner), send_(*this, send)
	{
	}

	/* The counter has been released, so nothing raises the interrupt any more. */
	~trap_part()
	{
		if (owner_.attr().sigtrap)
			send_.sync();
	}

	/* On the part's CPU, over user mode; also NMI. */
	void trap(u64 address) noexcept
	{
		task_ = pb_task_current();
		address_ = address;
		send_.raise();
	}

	void start(u64) noexcept { runs_ = owner_.attr().sigtrap; }
	u64 stop() noexcept
	{
		runs_ = false;
		return 0;
	}
	bool runs() const noexcept { return runs_; }
	u64 count() const noexcept { return 0; }
	u64 running_ns() const noexcept { return 0; }

private:
	static void send(trap_part &self) noexcept
	{
		if (self.runs_ && self.task_ == pb_task_current())
			pb_send_trap(self.address_, self.owner_.attr().type,
				     self.owner_.trap_data());
	}

	event &owner_;
	irq_work<trap_part> send_;
	const pb_task *task_ = nullptr; /* for comparison only */
	u64 address_ = 0;
	bool runs_ = false; /* a task of an event with sigtrap runs here */
};

/* The C entry knows it by this. */
class overflowing
{
public:
	virtual void overflowed(const pb_overflow &overflow) noexcept = 0;

protected:
	~overflowing() = default;
};

/*
 * The counter runs from open() on, for the children that it is inherited by cannot be started and
 * stopped from here; while the event is off its overflows are not written and what it counts is
 * left out. Only what is to begin at an exec is begun there, by perf.
 */
template <typename Follows>
class pmu_stream final : public Follows, private overflowing
{
public:
	explicit pmu_stream(event &owner) noexcept
		: Follows(owner), at_{owner.attr().bp_addr, owner.attr().bp_len,
				      owner.attr().bp_type},
		  counts_(owner.attr().enable_on_exec)
	{
	}

	~pmu_stream() override
	{
		if (counter_)
			pb_counter_release(counter_);
	}

	result<void> open() noexcept
	{
		const perf_event_attr attr = attr_of_counter(this->owner_.attr());

		TRY(from_return(pb_counter_create(&attr, this->owner_.cpu(), this->owner_.target(),
						  static_cast<overflowing *>(this), &counter_)));
		/* From here on others see it: the last that may fail. */
		return Follows::open();
	}

	void start() noexcept override
	{
		Follows::start();
		leave_out_until_now();
		was_started_ = true;
		pb_counter_enable(counter_);
	}

	void stop() noexcept override
	{
		Follows::stop();
		/* The counter is off until an exec, of which this source is not notified. */
		if (!was_started_ && this->owner_.awaits_exec())
			return;
		if (counts_.read_once()) {
			before_.set(now());
			counts_.store_release(false);
			update();
		}
	}

	u64 count() noexcept override { return update().count; }
	u64 running_ns() noexcept override { return update().running; }
	/* perf's lock for a read is outside mmap_lock. */
	u64 recent_count() noexcept override { return recent_.read().count; }
	u64 recent_running_ns() noexcept override { return recent_.read().running; }

	/* The copies that children have inherited cannot be reached from here. */
	result<void> modify(const perf_event_attr &to) noexcept override
	{
		if (is_at(to))
			return {};
		if (this->owner_.attr().inherit)
			return error(EOPNOTSUPP);
		TRY(from_return(pb_counter_move(counter_, to.bp_addr, to.bp_len, to.bp_type)));
		at_ = {to.bp_addr, to.bp_len, to.bp_type};
		return {};
	}

	/* start() and stop() interrupt the CPU of the event's writers before they change what
	 * counts_ selects. So it does not change under a writer. */
	count_and_time sampled_count() noexcept override
	{
		if (!counts_.load_acquire())
			return before_.read();

		u64 ns;
		const u64 count = pb_counter_read_here(counter_, &ns);

		return counted(count, ns);
	}

	result<void> follow(const pb_task *) noexcept override { return error(EOPNOTSUPP); }

	result<void> period_changed() noexcept override
	{
		return from_return(pb_counter_set_period(counter_, this->owner_.period()));
	}

	bool has_missed() const noexcept override
	{
		return missed_.read_once() || Follows::has_missed();
	}

	void count_missed() noexcept override
	{
		for (u64 left = missed_.exchange(0); left; left--)
			this->owner_.count_loss(loss_cause::recursion);
		Follows::count_missed();
	}

private:
	/* Of a breakpoint; under the event's mutex. */
	struct place {
		u64 address;
		u64 bytes;
		u32 type;
	};

	bool is_at(const perf_event_attr &to) const noexcept
	{
		return to.bp_addr == at_.address && to.bp_len == at_.bytes &&
		       to.bp_type == at_.type;
	}

	/* Changed in process context under the event's mutex; writers read it. */
	class reading
	{
	public:
		count_and_time read() const noexcept { return {count_.read(), ns_.read()}; }
		void set(const count_and_time &to) noexcept
		{
			count_.set(to.count);
			ns_.set(to.running);
		}

	private:
		cxxrt::local<u64> count_;
		cxxrt::local<u64> ns_;
	};

	count_and_time update() noexcept
	{
		const count_and_time made = counts_.read_once() ? now() : before_.read();

		recent_.set(made);
		return made;
	}

	/* The count, and the time for which the event was on. */
	count_and_time now() noexcept
	{
		u64 ns;
		const u64 count = pb_counter_read(counter_, &ns);

		return counted(count, ns);
	}

	count_and_time counted(u64 count, u64 ns) const noexcept
	{
		const count_and_time out = left_out_.read();

		return {count - out.count, ns - out.running};
	}

	void leave_out_until_now() noexcept
	{
		if (counts_.read_once())
			return;

		const count_and_time all = now();
		const count_and_time was = before_.read();
		const count_and_time out = left_out_.read();

		left_out_.set({out.count + all.count - was.count,
			       out.running + all.running - was.running});
		counts_.store_release(true);
	}

	void overflowed(const pb_overflow &overflow) noexcept override
	{
		event &owner = this->owner_;

		if (!owner.active())
			return;
		if (owner.attr().sigtrap && overflow.is_user) [[unlikely]] {
			if (trap_part *here = this->part_on(overflow.cpu))
				here->trap(overflow.address);
		}
		if (!this->writes_)
			return;

		/* perf takes a counter off its task after the hook of the switch. */
		const typename Follows::late_writer may(*this, overflow.cpu);

		if (!may) [[unlikely]] {
			missed_.fetch_add(1);
			return;
		}

		const nesting level = static_cast<nesting>(pb_nesting_level());

		if (!busy_.try_enter(level)) [[unlikely]] {
			owner.count_loss(loss_cause::recursion);
			return;
		}
		write(overflow);
		busy_.exit(level);
	}

	void write(const pb_overflow &overflow) noexcept
	{
		(void)this->owner_.count_overflow();

		__attribute__((uninitialized)) const sample found = {
			.regs = overflow.regs,
			.ip = overflow.ip,
			.user = static_cast<bool>(overflow.is_user),
			.address = overflow.address,
			.period = overflow.period,
			.raw_bytes = overflow.raw_bytes,
			.from_here = false,
		};
		this->writer_.write(found, overflow.raw);
		this->owner_.sample_over();
	}

	pb_counter *counter_ = nullptr;
	place at_;
	cxxrt::shared<u8> counts_; /* the event is on, or waits for an exec */
	bool was_started_ = false; /* by us, not by an exec */
	reading recent_;
	reading before_;   /* of the times that it was on, if it is off */
	reading left_out_; /* of the times that it was off */
	recursion_contexts busy_;
	cxxrt::shared<u64> missed_; /* while writers might not begin */
};

} // namespace

constinit pmu_source the_pmu;

const char *pmu_source::description() const noexcept
{
	return "samples by counters of perf_event_open(2): hardware, software, tracepoints";
}

/* The kernel says which events there are. */
result<void> pmu_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.sample_type & ~supported_fields)
		return error(EOPNOTSUPP);
	if (attr.type == PERF_TYPE_BREAKPOINT && !pb_breakpoints_go_on())
		return error(EOPNOTSUPP);
	return {};
}

bool pmu_source::sends_traps() const noexcept
{
	return pb_can_send_traps();
}

result<unique_ptr<stream>> pmu_source::open(event &owner) noexcept
{
	return open_stream<pmu_stream<on_tasks<trap_part>>, pmu_stream<on_one_cpu<trap_part>>>(
		owner);
}

} // namespace perfbuf

void perfbuf_counter_overflowed(void *owner, const struct pb_overflow *overflow) noexcept
{
	static_cast<perfbuf::overflowing *>(owner)->overflowed(*overflow);
}
