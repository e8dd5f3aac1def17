// SPDX-License-Identifier: GPL-2.0
/* The pattern source: fills AUX areas with words that tests can predict. */
#include "pattern.hpp"

#include "device/task.h"
#include "glue/glue.h"
#include "thread.h"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

/* The memory of an area, from its setup on. */
struct kept_area {
	perfbuf_aux_pages memory;
};

u64 *word_at(const kept_area &area, u64 position) noexcept
{
	const u64 offset = position & ((u64{area.memory.nr_pages} << page_shift) - 1);

	return reinterpret_cast<u64 *>(
		static_cast<char *>(area.memory.pages[offset >> page_shift]) +
		(offset & (page_size - 1)));
}

/* By the first five bits of attr.config. */
template <u64 Bits>
constexpr aux_abilities abilities_of = {
	.memory = {.max_order = Bits & PATTERN_LARGE ? 30u : 0u,
		   .one_chunk = (Bits & PATTERN_ONE_CHUNK) != 0,
		   .virtual_memory = (Bits & PATTERN_VIRTUAL) != 0},
	.shared = (Bits & PATTERN_SHARED) != 0,
	.overwrite = !(Bits & PATTERN_NO_OVERWRITE),
	.can_pause = true,
};

template <u64... Bits>
constexpr const aux_abilities *abilities_table(u64 config, std::integer_sequence<u64, Bits...>)
{
	const aux_abilities *found = nullptr;

	((found = config == Bits ? &abilities_of<Bits> : found), ...);
	return found;
}

} // namespace

/* ---------------------------------------------------------------- pattern_stream */

pattern_stream::pattern_stream(event &owner) noexcept : owner_(owner)
{
}

pattern_stream::~pattern_stream()
{
	pb_alarm_destroy(timer_);
}

result<void> pattern_stream::open() noexcept
{
	timer_ = pb_alarm_create(tick, this);
	if (!timer_)
		return error(ENOMEM);
	return {};
}

void pattern_stream::start() noexcept
{
	pb_call_on_cpu(owner_.cpu(), start_here, this);
	/* Again after the event went off by itself: the thread is still there. */
	if (is(PATTERN_SHARED) && !thread_)
		thread_ = pattern_thread_start(owner_.cpu(), write_from_thread, this);
}

void pattern_stream::stop() noexcept
{
	pattern_thread_stop(std::exchange(thread_, nullptr));
	pb_call_on_cpu(owner_.cpu(), stop_here, this);
}

void pattern_stream::stop_aux() noexcept
{
	pb_call_on_cpu(owner_.cpu(), end_here, this);
}

/* Timers of one CPU do not interrupt each other. */
void pattern_stream::pause_aux(bool on) noexcept
{
	if (on)
		end(0);
}

bool pattern_stream::hold_aux(u64 &head) noexcept
{
	if (handle_.area)
		head = handle_.head + written_;
	return true;
}

void pattern_stream::run_as_writer(void (*fn)(void *arg), void *arg) noexcept
{
	pb_call_on_cpu(owner_.cpu(), fn, arg);
}

void pattern_stream::start_here(void *argument) noexcept
{
	pattern_stream *self = static_cast<pattern_stream *>(argument);

	if (self->runs_)
		return;
	self->runs_ = true;
	perfbuf_aux_itrace_start(as_stream(self->owner_));
	pb_alarm_start(self->timer_, self->owner_.period());
}

void pattern_stream::stop_here(void *argument) noexcept
{
	static_cast<pattern_stream *>(argument)->runs_ = false;
	end_here(argument);
}

void pattern_stream::end_here(void *argument) noexcept
{
	static_cast<pattern_stream *>(argument)->end(0);
}

void pattern_stream::tick(void *argument) noexcept
{
	pattern_stream *self = static_cast<pattern_stream *>(argument);

	/* The stream of an event that went off by itself is not stopped, so its timer runs. */
	if (!self->owner_.active()) {
		self->runs_ = false;
		self->end(0);
	}
	if (!self->runs_)
		return;
	self->ticks_.add(1);
	if (self->is(PATTERN_SHARED))
		self->write_packet(PATTERN_TIMER);
	else
		self->fill();
	pb_alarm_start(self->timer_, self->owner_.period());
}

void pattern_stream::write_from_thread(void *argument) noexcept
{
	pattern_stream *self = static_cast<pattern_stream *>(argument);

	for (u32 i = 0; i < 16; i++)
		self->write_packet(PATTERN_THREAD);
}

/* Only what got in has a number, so that readers know of each that is missing. */
void pattern_stream::write_packet(pattern_producer producer) noexcept
{
	const u64 number = numbers_[producer].read();
	const u32 words = 2 + static_cast<u32>(number % 7);
	u64 packet[8];

	packet[0] = pattern_head(producer, words * sizeof(u64), number);
	for (u32 i = 1; i < words; i++)
		packet[i] = pattern_packet_word(packet[0], i);
	if (!perfbuf_aux_write(as_stream(owner_), packet, words * sizeof(u64)))
		numbers_[producer].add(1);
}

void pattern_stream::fill() noexcept
{
	if (!handle_.area) {
		if (!perfbuf_aux_begin(&handle_, as_stream(owner_)))
			return;
		written_ = 0;
		held_ = 0;
	}

	const kept_area &area = *static_cast<const kept_area *>(perfbuf_aux_get(&handle_));
	const u64 space = handle_.size & ~u64{7};
	const u64 to =
		cxxrt::min<u64>(written_ + PATTERN_STEP, cxxrt::min<u64>(space, PATTERN_MOST));

	for (; written_ < to; written_ += sizeof(u64))
		*word_at(area, handle_.head + written_) = pattern_word(handle_.head + written_);
	if (written_ == space && !area.memory.overwrite)
		end(PERF_AUX_FLAG_TRUNCATED);
	else if (++held_ == (is(PATTERN_HOLDS) ? 16 : 1))
		end(0);
}

void pattern_stream::end(u64 flags) noexcept
{
	if (!handle_.area)
		return;
	if (is(PATTERN_PARTIAL))
		flags |= PERF_AUX_FLAG_PARTIAL | PATTERN_FORMAT;
	perfbuf_aux_flag(&handle_, flags);
	/* In snapshot mode the head is ours to move. */
	if (static_cast<const kept_area *>(perfbuf_aux_get(&handle_))->memory.overwrite)
		handle_.head += written_;
	perfbuf_aux_end(&handle_, written_);
}

/* ---------------------------------------------------------------- pattern_source */

constinit pattern_source the_pattern;

result<void> pattern_source::check(const perf_event_attr &attr) const noexcept
{
	if (attr.type != PATTERN_TYPE || attr.config >= PATTERN_BITS)
		return error(ENOENT);
	if (!attr.sample_period || attr.freq)
		return error(EINVAL);
	return {};
}

result<unique_ptr<stream>> pattern_source::open(event &owner) noexcept
{
	if (owner.target())
		return error(EOPNOTSUPP);

	unique_ptr<pattern_stream> made = TRY(cxxrt::make<pattern_stream>(gfp::kernel, owner));

	TRY(made->open());
	return unique_ptr<stream>(made.release());
}

const aux_abilities *pattern_source::abilities(const perf_event_attr &attr) const noexcept
{
	if (attr.config & PATTERN_NO_AUX)
		return nullptr;
	return abilities_table(attr.config % PATTERN_NO_AUX,
			       std::make_integer_sequence<u64, PATTERN_NO_AUX>());
}

/* Refuses a snapshot area of one page, so that a test meets a source that refuses. */
result<void *> pattern_source::setup_aux(const perfbuf_aux_pages &memory) noexcept
{
	if (memory.overwrite && memory.nr_pages == 1)
		return error(EIO);

	kept_area *kept = new (gfp::kernel) kept_area{memory};

	if (!kept)
		return error(ENOMEM);
	return static_cast<void *>(kept);
}

void pattern_source::free_aux(void *kept) noexcept
{
	delete static_cast<kept_area *>(kept);
}

} // namespace perfbuf
