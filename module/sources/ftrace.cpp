// SPDX-License-Identifier: GPL-2.0
/* The ftrace source: writes each entry of ftrace to the files that are open on its CPU. */
#include "sources/ftrace.hpp"

#include "device/one_cpu_stream.hpp"
#include "device/setup.hpp"
#include "glue/ftrace.h"
#include "glue/producer.h"
#include "producer/output.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::gfp;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constexpr u64 supported_fields = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
				 PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_STREAM_ID |
				 PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_READ |
				 PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
				 PERF_SAMPLE_STACK_USER | PERF_SAMPLE_RAW | PERF_SAMPLE_DATA_SRC;

/* trace_entry.type has 16 bits. */
constexpr u64 id_max = 0xffff;

/*
 * The newest entries that events commit to tracefs instances on one CPU. The export of an entry
 * follows on the same CPU, and interrupts in between add few others. An entry that a filter
 * discards is not exported; it stays until a commit to tracefs itself has the same address.
 */
class instance_commits
{
public:
	/* Any context. A nested caller takes another slot. */
	void add(const void *entry) noexcept
	{
		slots_[next_.fetch_add(1) % slot_count].write_once(entry);
	}

	/* Removes @entry, and returns whether it was among them. Any context. */
	bool remove(const void *entry) noexcept
	{
		bool found = false;

		for (auto &slot : slots_) {
			if (slot.read_once() == entry) {
				slot.write_once(nullptr);
				found = true;
			}
		}
		return found;
	}

private:
	static constexpr u32 slot_count = 8;

	cxxrt::shared<u32> next_;
	cxxrt::shared<const void *> slots_[slot_count];
};

/* The outputs find their list through the base. */
struct ftrace_cpu : event_cpu {
	instance_commits commits;
};

/* An ftrace_cpu for each CPU: from the first file's opening to the last one's end. */
cxxrt::shared<void *> all_cpus;

ftrace_cpu &on_cpu(u32 cpu) noexcept
{
	return *static_cast<ftrace_cpu *>(pb_percpu_at(all_cpus.load_acquire(), cpu));
}
u32 users;	/* under the setup lock */
bool is_probed; /* trace_event_buffer_commit(); likewise */

/* All but the events. */
void stop_markers() noexcept
{
	if (is_probed)
		pb_unprobe_commits();
	pb_unexport_markers();
	/* The kernel calls an export with preemption off. */
	cxxrt_synchronize_rcu();
}

result<void> start_export() noexcept
{
	if (pb_export_markers())
		return error(EOPNOTSUPP);
	/* Where there is none, the events of instances come, too. */
	is_probed = !pb_probe_commits();
	if (!pb_export_events())
		return {};
	stop_markers();
	return error(EOPNOTSUPP);
}

result<void> join() noexcept
{
	setup_guard held;

	if (!users) {
		void *made = pb_percpu_alloc(sizeof(ftrace_cpu));

		if (!made)
			return error(ENOMEM);
		all_cpus.store_release(made);

		result<void> started = start_export();

		if (!started) {
			all_cpus.write_once(nullptr);
			pb_percpu_free(made);
			return started;
		}
	}
	users++;
	return {};
}

void leave() noexcept
{
	setup_guard held;

	if (--users)
		return;
	pb_unexport_events();
	stop_markers();
	pb_percpu_free(all_cpus.exchange(nullptr));
}

/* Its output finds its list through output_shared. */
template <typename Follows>
class ftrace_stream final : private output_shared, public Follows
{
public:
	/* Between join() and leave(), which follows in the destructor. */
	explicit ftrace_stream(event &owner) noexcept
		: output_shared{all_cpus.read_once(), {}, {}},
		  Follows(owner, static_cast<output_shared &>(*this))
	{
	}

	~ftrace_stream() override { leave(); }

	result<void> open() noexcept { return Follows::open(static_cast<output_shared &>(*this)); }

	bool has_missed() const noexcept override
	{
		return missed.read_once() || Follows::has_missed();
	}

	void count_missed() noexcept override
	{
		for (u64 left = missed.exchange(0); left; left--)
			this->owner_.count_loss(loss_cause::recursion);
		Follows::count_missed();
	}
};

template <typename Follows>
result<unique_ptr<stream>> make_ftrace(event &owner) noexcept
{
	TRY(join());

	result<unique_ptr<ftrace_stream<Follows>>> made =
		make<ftrace_stream<Follows>>(gfp::kernel, owner);

	if (!made) {
		leave();
		return made.error();
	}

	unique_ptr<ftrace_stream<Follows>> mine = made.take();

	TRY(mine->open());
	return unique_ptr<stream>(mine.release());
}

/* An entry of ftrace, as a file's samples have it. */
struct exported_entry {
	const void *bytes;
	u32 size;
	u64 ip;
	output *to;

	static void write(void *self, const pb_regs *regs) noexcept
	{
		const exported_entry &mine = *static_cast<exported_entry *>(self);
		event &owner = mine.to->owner();
		__attribute__((uninitialized)) const sample sample = {
			.regs = regs,
			.ip = mine.ip,
			.user = false,
			.address = 0,
			.period = owner.period(),
			.raw_bytes = mine.size,
			.from_here = true,
		};

		mine.to->writer()->write(sample, mine.bytes);
	}
};

void write(exported_entry entry) noexcept
{
	event &owner = entry.to->owner();

	/* The last that REFRESH allows is written, too; may_write() refuses the next. */
	(void)owner.count_overflow();
	if (entry.to->writer()->wants_regs())
		pb_with_here_regs(exported_entry::write, &entry);
	else
		exported_entry::write(&entry, nullptr);
	owner.sample_over();
}

} // namespace

constinit ftrace_source the_ftrace;

const char *ftrace_source::description() const noexcept
{
	return "the events that are enabled in tracefs, and what is written to trace_marker";
}

result<void> ftrace_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.type != PERF_TYPE_TRACEPOINT || !attr.config || attr.config > id_max)
		return error(ENOENT);
	if (attr.freq || attr.exclude_kernel || attr.exclude_idle ||
	    attr.sample_type & ~supported_fields)
		return error(EOPNOTSUPP);
	return {};
}

result<unique_ptr<stream>> ftrace_source::open(event &owner) noexcept
{
	return owner.target() ? make_ftrace<on_tasks<output>>(owner)
			      : make_ftrace<on_one_cpu<output>>(owner);
}

} // namespace perfbuf

using namespace perfbuf;

/* Events that the module's own writes cause arrive here, too. A reader of them gets a loss. */
void perfbuf_trace_exported(const void *entry, __u32 bytes, __u64 ip, __u32 cpu,
			    __u32 level) noexcept
{
	event_cpu &here = on_cpu(cpu);
	recursion_context &context = here.context(static_cast<nesting>(level));
	const bool entered = context.try_enter();
	u16 id;

	__builtin_memcpy(&id, entry, sizeof(id));
	for (output *output = here.first(); output; output = output->next()) {
		if (output->owner().attr().config != id || !output->may_write())
			continue;
		if (!entered)
			output->owner().count_loss(loss_cause::recursion);
		else if (output->count_and_check_period())
			write({entry, bytes, ip, output});
	}
	if (entered)
		context.exit();
}

void perfbuf_trace_commits(const void *entry, int is_of_instance, __u32 cpu) noexcept
{
	instance_commits &commits = on_cpu(cpu).commits;

	if (is_of_instance)
		commits.add(entry);
	else
		(void)commits.remove(entry);
}

/* An event that an instance has enabled is recorded for tracefs itself, if that has enabled it,
 * too.
 */
void perfbuf_trace_event_exported(const void *entry, __u32 bytes, __u64 ip, __u32 cpu,
				  __u32 level) noexcept
{
	if (!on_cpu(cpu).commits.remove(entry))
		perfbuf_trace_exported(entry, bytes, ip, cpu, level);
}
