// SPDX-License-Identifier: GPL-2.0
/* Writes PERF_RECORD_SAMPLE: sizes its fields, reserves the record and puts them. Any context. */
#include "device/sample.hpp"

#include "device/aux.hpp"
#include "device/sample_write.hpp"
#include "device/scratch.hpp"

#include <arch_registers.h>

namespace perfbuf
{

using cxxrt::min;
using cxxrt::result;
using cxxrt::round_up;

namespace
{

constexpr u32 word = sizeof(u64);
/* Fields of a number of words that is not fixed, between the words that are and RAW. */
constexpr u64 fields_in_scratch = PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN;
/* PERF_SAMPLE_DATA_SRC: no source of this module knows which memory an access went to. */
constexpr u64 data_source_unknown = PERF_MEM_S(OP, NA) | PERF_MEM_S(LVL, NA) |
				    PERF_MEM_S(SNOOP, NA) | PERF_MEM_S(LOCK, NA) |
				    PERF_MEM_S(TLB, NA);

/* Drops the module's own frames: all before @ip, if @ip is among the frames. */
u32 drop_before(u64 *frames, u32 count, u64 ip) noexcept
{
	u32 first = 0;

	while (first < count && frames[first] != ip)
		first++;
	if (first == count)
		return count;
	for (u32 i = first; i < count; i++)
		frames[i - first] = frames[i];
	return count - first;
}

} // namespace

sample_writer::sample_writer(event &owner) noexcept
	: owner_(owner), fields_(owner.attr().sample_type),
	  fixed_bytes_(sizeof(perf_event_header) +
		       cxxrt::count_bits(fields_ & fixed_fields) * word),
	  varies_(fields_ & ~(fixed_fields | PERF_SAMPLE_RAW)),
	  regs_(cxxrt::count_bits(owner.attr().sample_regs_user))
{
}

sample_writer::~sample_writer()
{
	if (scratch_)
		scratch_->put();
}

result<void> sample_writer::open() noexcept
{
	if (!(fields_ & fields_in_scratch))
		return {};

	scratch_memory *wanted = &callchain_scratch;

	if (fields_ & PERF_SAMPLE_READ)
		wanted = &counts_scratch;
	TRY(wanted->get());
	scratch_ = wanted;
	return {};
}

void sample_writer::put_head(reservation &record, const sample &sample, const moment &when,
			     u32 bytes) const noexcept
{
	/* Kernels that zero every variable would do so here for each sample. */
	__attribute__((uninitialized)) u64 words[fixed_words_max];

	fill_fixed(words, sample, when, bytes);
	record.copy(words, fixed_bytes_);
	put_raw_size(record, sample);
}

result<reservation> sample_writer::begin_fixed(const sample &sample, const moment &when,
					       rest &behind) const noexcept
{
	const u32 bytes = fixed_bytes_ + raw_field_bytes(sample);
	/* Kernels that zero every variable would do so here for each sample. */
	__attribute__((uninitialized)) result<reservation> begun = owner_.begin(bytes, when);

	if (!begun) [[unlikely]] {
		owner_.sample_lost();
		return begun.error();
	}

	__attribute__((uninitialized)) reservation record = begun.take();

	put_head(record, sample, when, bytes);
	behind.record_bytes = bytes;
	return record;
}

/* Their number, PERF_CONTEXT_KERNEL, the kernel's frames, PERF_CONTEXT_USER, the user's. Returns
 * how many words that are. */
u32 sample_writer::unwind(u64 *words, const sample &sample,
			  const pb_user_state &user) const noexcept
{
	u64 *frames = words + 1;
	const perf_event_attr &attr = owner_.attr();
	const u32 max = min<u32>(attr.sample_max_stack, max_stack_frames);
	u32 taken = 0;
	u32 n = 0;

	if (!attr.exclude_callchain_kernel && !sample.user) {
		frames[n++] = PERF_CONTEXT_KERNEL;
		taken = pb_unwind_kernel(sample.regs, frames + n, max);
		if (sample.from_here)
			taken = drop_before(frames + n, taken, sample.ip);
		n += taken;
	}
	if (!attr.exclude_callchain_user && user.regs && user.has_memory) {
		frames[n++] = PERF_CONTEXT_USER;
		n += pb_unwind_user(&user, frames + n, max - taken);
	}
	words[0] = n;
	return n + 1;
}

/* The dump ends where user space does, and leaves space for its two sizes, and that of AUX, in the
 * largest record. */
u32 sample_writer::stack_bytes(u32 others, const pb_user_state &user) const noexcept
{
	const u32 sizes = fields_ & PERF_SAMPLE_AUX ? 3 * word : 2 * word;

	if (others + sizes > record_size_max)
		return 0;

	const u64 space = record_size_max - others - sizes;
	const u64 wanted = min<u64>(owner_.attr().sample_stack_user, user.stack_space);

	return static_cast<u32>(min(wanted, space)) & ~(word - 1);
}

/* Holds as many AUX bytes as the largest record has space for beside @others bytes and the word of
 * their size. */
aux_snapshot sample_writer::hold_aux(u32 others) const noexcept
{
	const u32 space = others + word < record_size_max ? record_size_max - others - word : 0;

	return owner_.linked()->hold_aux(min(owner_.attr().aux_sample_size, space));
}

void sample_writer::put_aux(reservation &record, const aux_snapshot &held) const noexcept
{
	record.put(u64{held.bytes});
	if (held.bytes)
		held.area->copy_to(record, held.from, held.bytes);
	owner_.linked()->release_aux(held);
}

result<reservation> sample_writer::begin_varying(const sample &sample, const moment &when,
						 rest &behind) const noexcept
{
	pb_user_state_get(sample.regs, &behind.user);
	behind.regs_count = behind.user.regs ? regs_ : 0;
	if (!(fields_ & fields_in_scratch))
		return begin_parts(sample, when, nullptr, 0, behind);
	if (fields_ & PERF_SAMPLE_READ)
		return begin_counted(sample, when, behind);

	scratch<callchain_words>::user array(callchain_scratch, pb_this_cpu());

	if (!array) [[unlikely]]
		return refuse_nested();

	const u32 count = unwind(array.words(), sample, behind.user);

	return begin_parts(sample, when, array.words(), count, behind);
}

result<reservation> sample_writer::begin_counted(const sample &sample, const moment &when,
						 rest &behind) const noexcept
{
	decltype(counts_scratch)::user array(counts_scratch, pb_this_cpu());

	if (!array) [[unlikely]]
		return refuse_nested();

	u32 count = owner_.sampled_values(array.words());

	if (fields_ & PERF_SAMPLE_CALLCHAIN)
		count += unwind(array.words() + count, sample, behind.user);
	return begin_parts(sample, when, array.words(), count, behind);
}

cxxrt::error sample_writer::refuse_nested() const noexcept
{
	owner_.count_loss(loss_cause::recursion);
	return cxxrt::error(EBUSY);
}

result<reservation> sample_writer::begin_parts(const sample &sample, const moment &when,
					       const u64 *from_scratch, u32 count,
					       rest &behind) const noexcept
{
	u32 bytes = fixed_bytes_ + count * word + raw_field_bytes(sample);

	if (fields_ & PERF_SAMPLE_REGS_USER)
		bytes += word + behind.regs_count * word;
	if (fields_ & PERF_SAMPLE_DATA_SRC)
		bytes += word;
	if (fields_ & PERF_SAMPLE_STACK_USER) {
		behind.dump_bytes = stack_bytes(bytes, behind.user);
		bytes += word + (behind.dump_bytes ? behind.dump_bytes + word : 0);
	}
	if (fields_ & PERF_SAMPLE_AUX) {
		behind.aux = hold_aux(bytes);
		bytes += word + behind.aux.bytes;
	}

	/* Kernels that zero every variable would do so here for each sample. */
	__attribute__((uninitialized)) result<reservation> begun = owner_.begin(bytes, when);

	if (!begun) [[unlikely]] {
		owner_.sample_lost();
		if (fields_ & PERF_SAMPLE_AUX)
			owner_.linked()->release_aux(behind.aux);
		return begun.error();
	}

	__attribute__((uninitialized)) reservation record = begun.take();
	__attribute__((uninitialized)) u64 words[fixed_words_max];

	fill_fixed(words, sample, when, bytes);
	record.copy(words, fixed_bytes_);
	if (count)
		record.copy(from_scratch, count * word);
	put_raw_size(record, sample);
	behind.record_bytes = bytes;
	return record;
}

void sample_writer::put_rest(reservation &record, const rest &behind) const noexcept
{
	if (fields_ & PERF_SAMPLE_REGS_USER) {
		__attribute__((uninitialized)) u64 values[PB_ARCH_REGS_MAX];

		record.put(u64{behind.user.abi});
		if (behind.regs_count) {
			pb_regs_values(behind.user.regs, owner_.attr().sample_regs_user, values);
			record.copy(values, behind.regs_count * word);
		}
	}
	if (fields_ & PERF_SAMPLE_STACK_USER) {
		record.put(u64{behind.dump_bytes});
		if (behind.dump_bytes) {
			const u32 unread = record.copy_from_user(behind.user.sp, behind.dump_bytes);

			record.put(u64{behind.dump_bytes - unread});
		}
	}
	if (fields_ & PERF_SAMPLE_DATA_SRC)
		record.put(data_source_unknown);
	if (fields_ & PERF_SAMPLE_AUX)
		put_aux(record, behind.aux);
}

} // namespace perfbuf
