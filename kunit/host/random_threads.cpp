// SPDX-License-Identifier: GPL-2.0
/*
 * Beyond what can be explored: a writer with nested writers at random accesses, a
 * reader, a waker and a thread that pauses, attaches and detaches, as real threads,
 * under ThreadSanitizer and under ASan and UBSan.
 *
 *	ring_random [SEED [RECORDS [no-wmb]]]
 *
 * ThreadSanitizer knows acquire and release, not smp_wmb() and not control
 * dependencies. So the hook annotates both: a store behind smp_wmb() releases (B),
 * and data is stored with the tail's loads acquired (A). Without the barrier in the
 * ring there would be no annotation, and it would report the race, as with no-wmb.
 */
#include "../support.h"
#include "host.hpp"
#include "model/record.hpp"

#include "cxxrt_model.hpp"

#include "ring/write.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void *);
extern "C" void __tsan_release(void *);
#else
static void __tsan_acquire(void *)
{
}
static void __tsan_release(void *)
{
}
#endif

using namespace perfbuf;

namespace
{

constexpr u32 contexts = 3;
constexpr u32 context_shift = 28;

bool wmb_is_ignored;

[[noreturn]] void fail(const char *message)
{
	std::fprintf(stderr, "ring_random: %s\n", message);
	std::abort();
}

class bare_origin final : public record_origin
{
public:
	bare_origin() : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

class counting_target final : public wake_target
{
public:
	void wake() noexcept override { woken++; }
	std::atomic<u64> woken{0};
};

/* The writing CPU. */
struct writer {
	perf_buffer *ring;
	std::minstd_rand random;
	u32 level = 0;
	bool ordered = false; /* smp_wmb() came before the next store */
	u32 attempted[contexts] = {};
	u64 refused = 0;
	u64 given_up = 0;

	void write();
	void before(cxxrt::model::access kind, const volatile void *where);
};

thread_local writer *writing;

void writer::write()
{
	const bare_origin origin;
	const u32 id = level << context_shift | attempted[level]++;
	const u32 bytes = model::smallest_record + 8 * (random() % 9);
	const bool gives_up = random() % 32 == 0;
	cxxrt::result<reservation> begun =
		gives_up ? ring->begin_discardable(bytes, origin) : ring->begin(bytes, origin);

	if (!begun) {
		refused++;
		return;
	}

	reservation record = begun.take();
	u64 words[model::largest_record / 8];

	model::make_record(words, id, bytes);

	const u32 split = 8 + 8 * (random() % (bytes / 8 - 1));

	record.copy(words, split);
	record.copy(words + split / 8, bytes - split);
	ring->count_event(5);
	if (gives_up) {
		given_up++;
		record.discard(bytes, origin);
	} else {
		record.commit();
	}
}

void writer::before(cxxrt::model::access kind, const volatile void *where)
{
	using enum cxxrt::model::access;

	if (level + 1 < contexts && random() % 64 == 0) {
		const bool interrupted = std::exchange(ordered, false);

		level++;
		write();
		level--;
		ordered = interrupted;
	}
	if (random() % 256 == 0)
		std::this_thread::yield();
	/* The interrupted thread goes on from here. */
	if (kind == wmb && !wmb_is_ignored)
		ordered = true;
	if (kind == store && std::exchange(ordered, false))
		__tsan_release(const_cast<void *>(where));
	if (kind == plain_store)
		__tsan_acquire(&ring->user_page()->data_tail);
}

struct reader {
	explicit reader(perf_buffer &ring) : ring(ring)
	{
		for (u32 i = 0; i < ring.nr_pages(); i++)
			pages.push_back(static_cast<char *>(
				pb_test_frame_address(ring.page_frame(i + 1).take())));
		tail = ring.user_page()->data_tail;
	}

	perf_buffer &ring;
	std::vector<char *> pages;
	u64 tail;
	u32 next[contexts] = {};
	u64 received = 0;
	u64 reported = 0;

	u64 word(u64 position) const
	{
		const u64 offset = position & (ring.size() - 1);
		u64 value;

		std::memcpy(&value, pages[offset >> page_shift] + (offset & (page_size - 1)), 8);
		return value;
	}

	void take(u64 position, u32 bytes)
	{
		u64 words[model::largest_record / 8];

		for (u32 i = 0; i < bytes / 8; i++)
			words[i] = word(position + 8 * i);

		const u32 id = static_cast<u32>(words[1]);
		const u32 context = id >> context_shift;
		const u32 sequence = id & ((1u << context_shift) - 1);

		if (context >= contexts || !model::is_whole(words, bytes))
			fail("a torn record");
		if (sequence < next[context])
			fail("a record that is doubled or out of order");
		next[context] = sequence + 1;
		received++;
	}

	/* One round; whether there was anything. */
	bool read()
	{
		/* C, pairs with B. */
		const u64 head = __atomic_load_n(&ring.user_page()->data_head, __ATOMIC_ACQUIRE);

		if (head - tail > ring.size())
			fail("data_head goes back, or too far");
		if (head == tail)
			return false;
		while (tail != head) {
			const perf_event_header header =
				__builtin_bit_cast(perf_event_header, word(tail));

			if (header.size < 16 || header.size % 8 || header.size > head - tail)
				fail("what is no record");
			if (header.type == PERF_RECORD_LOST)
				reported += word(tail + 16);
			else
				take(tail, header.size);
			tail += header.size;
		}
		/* D, pairs with A. */
		__atomic_store_n(&ring.user_page()->data_tail, tail, __ATOMIC_RELEASE);
		return true;
	}
};

/* Another thread does something again and again while the scope lasts. */
template <typename F>
class meanwhile
{
public:
	explicit meanwhile(F &&again)
		: thread_([this, again] {
			  while (!ends_)
				  again();
		  })
	{
	}
	~meanwhile()
	{
		ends_ = true;
		thread_.join();
	}

private:
	std::atomic<bool> ends_{false};
	std::thread thread_;
};

/* One ring's life; returns the records attempted. */
u64 run(u32 seed, u32 records)
{
	std::minstd_rand random(seed);
	const perf_buffer::options wanted = {
		.nr_pages = 2u << random() % 5,
		.watermark = random() % 300,
		.storage = random() % 2 ? storage_kind::pages : storage_kind::vmalloc,
		.start = (random() % 3 ? 0 - u64{8} * (random() % 100000)
				       : 0xffffffff - 8 * (random() % 10000)) &
			 ~u64{7}};
	cxxrt::ref<perf_buffer> ring = perf_buffer::create(wanted).take();
	writer cpu{.ring = ring.get(), .random = std::minstd_rand(seed + 1)};
	reader other(*ring);
	counting_target always, sometimes;

	ring->attach(always);
	{
		meanwhile wakes([] {
			host::run_irq_works();
			std::this_thread::yield();
		});
		meanwhile meddles([&ring, &sometimes] {
			ring->attach(sometimes);
			ring->readable();
			ring->pause(true);
			std::this_thread::yield();
			ring->pause(false);
			ring->detach(sometimes);
			std::this_thread::sleep_for(std::chrono::microseconds(200));
		});
		meanwhile reads([&other] {
			if (!other.read())
				std::this_thread::yield();
		});

		writing = &cpu;
		for (u32 i = 0; i < records; i++)
			cpu.write();
		writing = nullptr;
	}
	for (u32 i = 0; i < 2; i++) {
		while (other.read())
			;
		ring->pause(false);
		ring->flush_lost(bare_origin());
	}
	while (other.read())
		;
	ring->detach(always);

	u64 attempted = 0;

	for (u32 value : cpu.attempted)
		attempted += value;
	if (other.received + cpu.refused + cpu.given_up != attempted)
		fail("a record was committed and is not there");
	if (other.reported != cpu.refused || ring->losses().total() != cpu.refused)
		fail("PERF_RECORD_LOST does not report what was lost");
	if (ring->records() != other.received)
		fail("the ring counts other records than there are");
	ring.reset();
	host::settle();
	return attempted;
}

} // namespace

void cxxrt::model::before(access kind, const volatile void *where, std::size_t) noexcept
{
	if (writing)
		writing->before(kind, where);
}

int main(int argc, char **argv)
{
	const u32 seed = argc > 1 ? static_cast<u32>(std::strtoul(argv[1], nullptr, 0))
				  : std::random_device()();
	const u64 records = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 2000000;
	u64 attempted = 0;
	u32 rings = 0;

	wmb_is_ignored = argc > 3;

	std::printf("seed %u\n", seed);
	std::fflush(stdout);
	for (; attempted < records; rings++)
		attempted += run(seed + 1000 * rings, 5000);
	std::printf("%llu records in %u rings, each received, lost and reported, or given up\n",
		    attempted, rings);
}
