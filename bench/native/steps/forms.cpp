// SPDX-License-Identifier: GPL-2.0
/* Writes a record of 64 bytes by each form of forms.hpp, compiled with the kernel's options. */
#include "forms.hpp"

#include "calls.hpp"

#include "ring/write.hpp"

namespace steps
{

using perfbuf::perf_buffer;
using perfbuf::reservation;

namespace
{

constexpr perf_event_header header = {
	.type = PERF_RECORD_SAMPLE, .misc = 0, .size = sizeof(record)};

inline void fill(void *to, const u64 *words) noexcept
{
	__builtin_memcpy(to, &header, sizeof(header));
	__builtin_memcpy(static_cast<char *>(to) + sizeof(header), words, sizeof(record::words));
}

template <typename Write>
[[gnu::always_inline]] inline void each(u64 *words, u32 count, Write write) noexcept
{
	for (u32 i = 0; i < count; i++) {
		write();
		words[0]++;
		cxxrt::barrier();
	}
}

void only_memcpy(void *to, u64 *words, u32 count)
{
	bare_ring &ring = *static_cast<bare_ring *>(to);
	u64 head = ring.head;

	each(words, count, [&] {
		fill(ring.data + (head & ring.mask), words);
		head += sizeof(record);
	});
	ring.head = head;
}

/* Each step has those before it. */
enum : u32 {
	step_head = 1,	  /* the position is in memory */
	step_publish = 2, /* and on the user page, behind the record */
	step_reserve = 4, /* one instruction takes it, so an interrupt or an NMI may nest */
	step_limit = 8,	  /* it is compared with the limit, and with what is to be done after */
	step_nest = 16,	  /* the outermost writer publishes, and looks a second time */
	step_count = 32,  /* records are counted */
	step_locked = 64, /* not a step: the reservation with a lock prefix */
};

template <u32 steps>
void bare(void *to, u64 *words, u32 count)
{
	bare_ring &ring = *static_cast<bare_ring *>(to);

	each(words, count, [&] {
		using namespace cxxrt;

		if constexpr (steps & step_nest)
			asm volatile("addl $1, %0" : "+m"(ring.nest) : : "memory", "cc");

		u64 head = read_once(ring.head);
		const u64 next = head + sizeof(record);

		if constexpr (steps & step_limit) {
			if (!not_before_once(ring.limit, next)) [[unlikely]]
				__builtin_trap();
		}
		if constexpr (steps & step_locked) {
			if (!__atomic_compare_exchange_n(&ring.head, &head, next, false,
							 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
				[[unlikely]]
				__builtin_trap();
		} else if constexpr (steps & step_reserve) {
			bool done;

			asm volatile("cmpxchgq %3, %1"
				     : "=@ccz"(done), "+m"(ring.head), "+a"(head)
				     : "r"(next)
				     : "memory");
			if (!done) [[unlikely]]
				__builtin_trap();
		} else {
			write_once(ring.head, next);
		}
		if constexpr (steps & step_count)
			asm volatile("addq $1, %0" : "+m"(ring.records) : : "memory", "cc");
		fill(ring.data + (head & ring.mask), words);
		if constexpr (steps & step_nest) {
			if (!equals_once(ring.nest, 1)) [[unlikely]]
				__builtin_trap();
		}
		if constexpr (steps & step_publish) {
			barrier();
			const u64 published = read_once(ring.head);

			smp_wmb();
			write_once(ring.page->data_head, published);
			if constexpr (steps & step_nest) {
				barrier();
				write_once(ring.nest, 0);
				barrier();
				if (!equals_once(ring.head, published)) [[unlikely]]
					__builtin_trap();
			}
		}
		if constexpr (steps & step_limit) {
			if (!equals_once(ring.after, 0)) [[unlikely]]
				__builtin_trap();
		}
	});
}

void reserve_inline(void *to, u64 *words, u32 count)
{
	perf_buffer &ring = *static_cast<perf_buffer *>(to);

	each(words, count, [&] {
		void *place = ring.reserve_contiguous(sizeof(record), origin);

		if (!place) [[unlikely]]
			__builtin_trap();
		fill(place, words);
		ring.commit_contiguous();
	});
}

void reserve_calls(void *to, u64 *words, u32 count)
{
	perf_buffer *ring = static_cast<perf_buffer *>(to);

	each(words, count, [&] {
		void *place = reserve_by_call(ring, sizeof(record));

		if (!place) [[unlikely]]
			__builtin_trap();
		fill(place, words);
		commit_by_call(ring);
	});
}

void copy_inline(void *to, u64 *words, u32 count)
{
	perf_buffer &ring = *static_cast<perf_buffer *>(to);

	each(words, count, [&] {
		__attribute__((uninitialized)) cxxrt::result<reservation> begun =
			ring.begin(sizeof(record), origin);

		if (!begun) [[unlikely]]
			__builtin_trap();

		reservation made = begun.take();

		made.put(header);
		made.copy(words, sizeof(record::words));
		made.commit();
	});
}

void copy_calls(void *to, u64 *words, u32 count)
{
	perf_buffer *ring = static_cast<perf_buffer *>(to);

	each(words, count, [&] {
		__attribute__((uninitialized)) alignas(reservation) char made[sizeof(reservation)];

		if (begin_by_call(ring, made, sizeof(record))) [[unlikely]]
			__builtin_trap();
		copy_by_call(made, &header, sizeof(header));
		copy_by_call(made, words, sizeof(record::words));
		end_by_call(made);
	});
}

constexpr u32 with_publish = step_head | step_publish;
constexpr u32 with_reserve = with_publish | step_reserve;
constexpr u32 with_limit = with_reserve | step_limit;
constexpr u32 with_nest = with_limit | step_nest;
constexpr u32 with_count = with_nest | step_count;

} // namespace

const form forms[] = {
	{"memcpy", target::bare, only_memcpy},
	{"+ the position in memory", target::bare, bare<step_head>},
	{"+ published on the user page", target::bare, bare<with_publish>},
	{"+ reserved by one unlocked instruction", target::bare, bare<with_reserve>},
	{"+ a limit, and what is due after it", target::bare, bare<with_limit>},
	{"+ nesting, and the second look", target::bare, bare<with_nest>},
	{"+ records counted", target::bare, bare<with_count>},
	{"perfbuf: reserve, memcpy, commit inline", target::mirrored, reserve_inline},
	{"perfbuf: reserve, memcpy, commit by calls", target::mirrored, reserve_calls},
	{"... overwrite, inline", target::mirrored_overwrite, reserve_inline},
	{"perfbuf: begin, copy, end inline, mirrored", target::mirrored, copy_inline},
	{"... in pages", target::pages, copy_inline},
	{"perfbuf: begin, copy, end by calls, in pages", target::pages, copy_calls},
};
const u32 form_count = sizeof(forms) / sizeof(forms[0]);

const form locked_form = {"the last step with a lock prefix", target::bare,
			  bare<with_count | step_locked>};

} // namespace steps
