/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring: one writer CPU (task, softirq, irq and NMI nested on it), one
 * reader in user space. The shared layout and the letters of the barriers are
 * in ring/abi.hpp; the contract and the argument for it are docs/ring.md.
 *
 * A write:   begin()  reserves bytes by moving head_; a nested writer reserves
 *                     behind it
 *            copy()   fills them
 *            commit() publishes: only the outermost writer moves
 *                     user_page->data_head, and then over everything that
 *                     nested writers have finished
 *
 * Preemption is off from begin() to commit(). That keeps the writer on its CPU
 * and is the RCU read-side section that keeps the ring alive.
 *
 * One word, limit_, decides whether a reservation takes the fast path
 * (ring/write.hpp). The slow path is ring/write.cpp, wakeups ring/wakeup.cpp.
 */
#pragma once

#include "ring/irq_work.hpp"
#include "ring/latency.hpp"
#include "ring/loss.hpp"
#include "ring/mapping_state.hpp"
#include "ring/pages.h"
#include "ring/reservation.hpp"
#include "ring/slow_path.hpp"
#include "ring/stats.hpp"
#include "ring/storage.hpp"

#include <cxxrt/deferred.hpp>
#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>
#include <cxxrt/ref.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

class aux_area;

/* Free bytes behind @head. Masked, so a tail that is stored modulo the size is as good. */
inline u64 circ_space(u64 head, u64 tail, u64 mask) noexcept
{
	return (tail - (head + 1)) & mask;
}

/*
 * Invariants:
 *  - head_ counts reserved bytes: upwards in a forward ring, downwards in a backward one.
 *    published_ is what data_head says. If nest_ is 0, they are equal.
 *  - nest_ has the number of writers between begin() and commit(), and what they asked the
 *    outermost writer to do.
 *  - in discard mode, head_ - data_tail (masked) is less than size().
 *  - a record that ends at or before limit_ has space, is contiguous at base_, passes no wakeup
 *    mark, and no reason asks for the slow path. Only the outermost writer opens the limit.
 *  - outside of commit(), progress(published_) <= wakeup_mark_, and
 *    wakeup_mark_ <= progress(woken_at_) + watermark_: see docs/ring.md.
 *  - lost_ is what no PERF_RECORD_LOST has reported yet; stats_->lost is all since the start.
 */
class perf_buffer
{
public:
	struct options {
		u32 nr_pages = 0;  /* data pages: 0 or 2^n */
		u64 watermark = 0; /* bytes; 0: half the ring; at most the ring */
		int node = -1;	   /* NUMA node of the pages; -1: any */
		bool overwrite = false;
		bool backward = false;
		storage_kind storage = storage_kind::pages;
		u32 page_order = 0; /* largest chunk of storage_kind::pages: 2^page_order pages */
		u64 start = 0; /* where the stream begins: a multiple of 8. For tests of its wrap */
		bool marks = false; /* keep marks(): forward rings */
		/* All of the ring is in it, the object, too; not storage_kind::mirrored. */
		ring_memory *memory = nullptr;
	};

	/* EINVAL (nr_pages), ENOMEM. Process context, may sleep. */
	static cxxrt::result<cxxrt::ref<perf_buffer>> create(const options &wanted) noexcept;

	perf_buffer(const perf_buffer &) = delete;
	perf_buffer &operator=(const perf_buffer &) = delete;

	void get() noexcept { references_.get(); }
	/* The last put() frees the ring after a grace period. Any context but NMI. */
	void put() noexcept;
	/* The last put_unused() frees the ring at once: the caller knows that no writer is between
	 * begin() and commit(), and that none will come. Process context, sleeps. */
	void put_unused() noexcept;

	/* ------------------------------------------------ writing: any context, preemption off */

	/* Reserves @bytes for one record: at most record_size_max, a multiple of 8, at least 8.
	 * Errors are counted as a loss: ENOSPC (full), EAGAIN (paused), E2BIG (it never fits). */
	cxxrt::result<reservation> begin(u32 bytes, const record_origin &origin) noexcept;

	/* begin() for a record that may be discarded. EINVAL: @bytes is less than the
	 * PERF_RECORD_LOST that replaces a discarded record. */
	cxxrt::result<reservation> begin_discardable(u32 bytes,
						     const record_origin &origin) noexcept;

	/*
	 * A burst: @records records (at least one) of @bytes in all, under one reservation and one
	 * publication, so a reader sees all of them or none. @bytes is at most record_size_max. The
	 * caller writes the records with their headers; in a backward ring the newest record
	 * first. If the burst is refused, @records losses are counted.
	 */
	cxxrt::result<reservation> begin_burst(u32 bytes, u32 records,
					       const record_origin &origin) noexcept;
	/* Counts the other @records - 1 of a burst that the caller reserved as one record. @code:
	 * 0, or the errno that refused it: then they are losses. */
	void count_burst(u32 records, int code) noexcept;

	/* begin() for C: makes the reservation at @to; 0 or the errno. */
	int begin_at(void *to, u64 bytes, const record_origin &origin) noexcept;

	/* A whole record without a reservation object, for rings of mirrored storage: the caller
	 * fills it and calls commit_contiguous(). nullptr: refused and counted as by begin(). On
	 * other storage also nullptr, and not counted, if the record is not contiguous. */
	[[nodiscard]] void *reserve_contiguous(u64 bytes, const record_origin &origin) noexcept;
	void commit_contiguous() noexcept { publish(); }

	/*
	 * Reserve and commit in steps, on any storage, for a caller that has its own slow path:
	 *
	 *   try_reserve()  true: the record is at @to.address. False: the caller calls
	 *                  reserve_after_try(), which makes a reservation at @to, or returns the
	 *                  errno of begin().
	 *   try_commit()   for a record of try_reserve(). Not done: the caller calls commit_slow().
	 */
	template <bool backward = false>
	bool try_reserve(u64 bytes, contiguous_record &to) noexcept;
	int reserve_after_try(void *to, u64 bytes, const record_origin &origin) noexcept;
	enum class committed {
		done,
		unpublished, /* nothing is published: the writer is nested, or has requests */
		/* Published, and the nesting level is exited; a nested writer reserved or requested
		 * something in between. */
		overtaken,
	};
	committed try_commit() noexcept;
	void commit_slow(committed how) noexcept;

	bool is_mirrored() const noexcept { return storage_.kind() == storage_kind::mirrored; }

	/* Requests a wakeup from the outermost writer. Between begin() and commit(). */
	void request_wakeup() noexcept { nest_.set_bits(wakeup_requested); }
	/* One of every @every records wakes; 0: none. Between begin() and commit(). */
	void count_event(u32 every, u32 records = 1) noexcept;

	/* Writes a PERF_RECORD_LOST for the pending losses, if there are any and it has space. */
	void flush_lost(const record_origin &origin) noexcept;
	/* Counts @records that the caller did not try to reserve. On the ring's CPU. */
	void count_loss(loss_cause cause, u32 records = 1) noexcept;
	/* Wakes the reader once everything written so far is published. If this interrupted a
	 * writer, that writer publishes and wakes. On the ring's CPU. */
	void wake_published() noexcept;

	/* ------------------------------------------------ any context and CPU */

	/* Whether flush_lost() would write: a loss is pending, and its record has space. */
	bool can_flush_lost(u32 trailer_bytes) const noexcept;
	const loss_counts &losses() const noexcept { return stats_->lost; }
	u64 records() const noexcept { return records_.read(); }

	/* Wakes the reader now, for everything that is published. */
	void wakeup() noexcept
	{
		note_woken(published_.load_acquire());
		send_wakeup();
	}
	/* Repeats the last wakeup, for a wake target that was attached too late for it. */
	void repeat_wakeups() noexcept { wakeup_work_.raise(); }

	/* A ring without data pages stays paused. */
	void pause(bool on) noexcept;
	bool paused() const noexcept { return reasons_.has(slow_path_reasons::paused); }

	/* Whether poll() returns POLLIN, computed from the positions. In overwrite mode, where the
	 * tail does not move, each wakeup counts for one call. */
	bool readable() noexcept;
	/* Unread bytes; at most size(), because the reader may store any tail. */
	u64 unread() const noexcept;

	/* The longest that a record waits for a wakeup (ns; 0: no limit), and whether wakeups are
	 * sent at all. Process context, sleeps for a grace period; ENOMEM: nothing has changed.
	 * Under mapping(). */
	cxxrt::result<void> set_wakeups(u64 latency_ns, bool send) noexcept;

	/* Wakeups go to @target until detach(). The caller holds one lock, for all rings. */
	void attach(wake_target &target) noexcept;
	void detach(wake_target &target) noexcept;
	/* The first target still attached, or nullptr; under the same lock. */
	wake_target *first_target() noexcept { return targets_.read_once(); }

	/* The AUX area that writers find, or nullptr. Set under mapping(); a caller of aux() has
	 * preemption off, or holds a reference to what it finds. */
	aux_area *aux() const noexcept { return aux_.load_acquire(); }
	void set_aux(aux_area *area) noexcept { aux_.store_release(area); }
	/* readable(), of the AUX area. Preemption off. */
	bool aux_readable() const noexcept;
	bool aux_unread() const noexcept;

	u64 size() const noexcept { return storage_.size(); }
	u32 nr_pages() const noexcept { return storage_.nr_pages(); }
	u64 watermark() const noexcept { return watermark_; }
	bool overwrite() const noexcept { return overwrite_; }
	bool backward() const noexcept { return backward_; }
	perf_event_mmap_page *user_page() noexcept { return user_page_; }
	ring_stats &stats() noexcept { return *stats_; }
	/* Where the next record is reserved; other CPUs may see it go back. */
	u64 reserved() const noexcept { return head_.read(); }
	/* reserved(), for a reader that has copied bytes while the writers of @cpu (-1: of any
	 * CPU) went on: all bytes that they may have overwritten are before the result. Process
	 * context; errors of pb_order_stores(). */
	cxxrt::result<u64> reserved_after_copy(int cpu) const noexcept;
	/* Whether a byte that the caller has copied from @position on (in a backward ring, down
	 * from it) was not overwritten meanwhile, for a caller that cannot interrupt the writers'
	 * CPU. Where the writers' stores may be seen in any order, only bytes of the newer half of
	 * the ring hold. Any context. */
	bool holds_after_copy(u64 position) const noexcept;
	/* The bytes of all published records. */
	u64 bytes() const noexcept { return progress(published_.read_once()); }

	/* Positions at which records begin, one for each watermark that the stream has passed: a
	 * reader that comes after the start was overwritten begins at one. They lie behind the
	 * statistics; nullptr without options::marks. */
	static constexpr u32 mark_count = 32;
	const u64 *marks() const noexcept { return marks_; }
	/* The addresses of reserved() and published(), for a reader of the memory of a dead
	 * kernel (docs/recorder.md). */
	const void *reserved_word() const noexcept { return &head_; }
	const void *published_word() const noexcept { return &user_page_->data_head; }
	/* The position up to which records are published. Any CPU. */
	u64 published() const noexcept { return published_.load_acquire(); }
	const storage &data() const noexcept { return storage_; }

	/* The page frame of page @index of the mapping (0: the user page). ENXIO: past the end.
	 * Process context. */
	cxxrt::result<unsigned long> page_frame(u64 index) const noexcept;

	/* The page frame of the statistics page. From now on the ring counts all of them, those
	 * that cost time included. Process context, sleeps for a grace period. */
	unsigned long watch_stats() noexcept;

	/* State of module/device/map.cpp, which maps the ring. The ring does not read it. */
	using mapping_state = ring_mapping_state;
	cxxrt::guarded<mapping_state, cxxrt::mutex> &mapping() noexcept { return mapping_; }

private:
	friend class reservation;

	perf_buffer(const options &wanted, storage &&data, perf_event_mmap_page *user_page,
		    ring_stats *stats) noexcept;
	~perf_buffer();

	/* A reservation's position, or the errno that refuses it. */
	struct reserve_result {
		u64 position;
		int code;
	};

	/* In the comments below, "entered" means: the caller has counted itself in nest_. */
	/* Moves head_ by @bytes if that stays within the limit. False: the slow path. Entered. */
	template <bool backward>
	bool reserve_within_limit(u64 bytes, contiguous_record &to) noexcept;
	/* The slow path of begin(). Entered; exits if the record is refused. */
	reserve_result reserve_slow(u64 bytes, const record_origin &origin) noexcept;
	reserve_result reserve_with_loss_report(u64 bytes, const record_origin &origin) noexcept;
	reserve_result reserve_record(u64 bytes) noexcept;
	/* Tail calls of begin_at(), reserve_after_try() and reserve_contiguous(), so that those
	 * save no registers. */
	[[gnu::noinline]] int reserve_at_slow(void *to, u64 bytes,
					      const record_origin &origin) noexcept;
	[[gnu::noinline]] void *reserve_contiguous_slow(u64 bytes,
							const record_origin &origin) noexcept;
	/* Moves head_ over @bytes. False: there is no space. Entered. */
	bool advance_head(u64 bytes, u64 &position) noexcept;
	/* Counts a loss and exits. */
	reserve_result refuse(loss_cause cause, int code) noexcept;
	bool is_still_full(u64 bytes) const noexcept;
	/* Exits the nesting level of a writer that has reserved nothing. */
	void exit_nesting() noexcept;

	u64 space(u64 head, u64 tail) const noexcept;
	/* Computes the limit for records behind @head. The outermost writer, entered. */
	void set_limit(u64 head, u64 tail) noexcept;
	/* Makes the next record take the slow path. Any CPU. */
	void close_limit() noexcept;
	/* Makes every record take the slow path from now on. Any CPU. */
	void add_reason(slow_path_reasons::reason why) noexcept;
	/* add_reason(), and waits until no writer is on the fast path. Process context, sleeps. */
	void add_reason_and_wait(slow_path_reasons::reason why) noexcept;

	/* try_commit() of a writer that is not nested, and has no requests. */
	committed try_commit_alone() noexcept;
	/* Exits the nesting level; the outermost writer publishes. */
	void publish() noexcept;
	/* publish() after committed::unpublished, and after committed::overtaken. */
	void publish_slow() noexcept;
	void publish_again() noexcept;
	/* Publishes, fulfils the requests, and exits. The outermost writer, entered. */
	void publish_outermost() noexcept;
	/* Returns and clears the requests of nested writers. The outermost writer, entered. */
	u32 collect_requests() noexcept;
	/* Stores @head where readers see it. */
	void publish_head(u64 head) noexcept;
	/* Whether the published @head wakes the reader; moves the wakeup mark. */
	bool wakeup_is_due(u32 requests, u64 head) noexcept;
	/* Notes that the next wakeup covers everything before the published @head. Any CPU. */
	void note_woken(u64 head) noexcept;
	void send_wakeup() noexcept; /* any CPU */
	/* Notes in marks_ that a record begins at the published @head. */
	void set_mark(u64 head) noexcept;

	/* Counts a pending loss: a later record reports it. */
	void note_loss(loss_cause cause, u32 records) noexcept;
	bool has_loss() noexcept;
	/* Returns the number of pending losses, and clears it. */
	u64 collect_losses() noexcept;
	void report_loss(reservation &into, const record_origin &origin) noexcept;
	void count_record() noexcept { records_.add(1); }
	/* The largest sum of records that the ring can hold at once. */
	u64 capacity() const noexcept
	{
		/* Discard mode keeps head and tail apart, and both are multiples of 8. */
		return overwrite_ ? size() : size() - record_alignment;
	}
	/* How far the stream has come at @position: counts upwards in both directions. */
	u64 progress(u64 position) const noexcept { return backward_ ? 0 - position : position; }
	static void reclaim(perf_buffer &ring) noexcept;
	static void run_wakeups(perf_buffer &ring) noexcept;
	static void latency_expired(void *ring) noexcept;
	static void fill_discarded(reservation &into, u32 bytes,
				   const record_origin &origin) noexcept;
	/* Moves head_ back over the last @bytes, if nothing was reserved behind them. */
	bool unreserve(u64 position, u32 bytes) noexcept;
	void note_reservation(u64 head, u64 tail) noexcept;
	void note_commit(u32 depth) noexcept;
	void publish_stats(u64 head) noexcept;

	/* In nest_: how many writers have entered; how many of them are timed for the statistics;
	 * and the requests to the outermost writer. */
	static constexpr u32 nest_depth = 0xff;
	static constexpr u32 nest_watched = 0x100;
	static constexpr u32 nest_watched_all = 0xff00;
	static constexpr u32 publish_requested = 0x10000; /* also: to check the wakeup mark */
	static constexpr u32 wakeup_requested = 0x20000;
	static constexpr u32 full_wakeup_requested = 0x40000; /* a record had no space */
	static constexpr u32 all_requests =
		publish_requested | wakeup_requested | full_wakeup_requested;

	/* A CPU has four contexts, so a deeper writer is one that a test made; it is not timed. */
	static constexpr u32 timed_depths = 4;
	/* A limit this far behind the head admits nothing. */
	static constexpr u64 closed_distance = u64{1} << 62;

	/* Writers, every record: the first cache line. */
	cxxrt::local<u64> head_;
	cxxrt::local<u32> nest_;
	cxxrt::shared<u64> limit_; /* forward: no record of the fast path ends behind it */
	cxxrt::shared<u64> floor_; /* backward: none begins before it */
	cxxrt::local<u64> base_;   /* address of a position = base_ + position, up to the limit */
	cxxrt::shared<u64> published_; /* what data_head says; user space can write data_head */
	perf_event_mmap_page *user_page_;
	cxxrt::local<u64> records_;

	/* Writers, slow path. */
	u64 mask_; /* size() - 1; 0 without data pages */
	ring_stats *stats_;
	storage storage_;
	slow_path_reasons reasons_;
	cxxrt::shared<aux_area *> aux_;
	cxxrt::local<u64> lost_;
	cxxrt::local<u64> wakeup_mark_; /* progress: a head that has passed it wakes the reader */
	cxxrt::local<u64> limit_from_;	/* progress: the head for which the limit was set */
	u64 watermark_;			/* bytes */
	u32 record_max_;		/* bytes; a larger record is refused as too big */
	const bool overwrite_;
	const bool backward_;
	u64 *marks_ = nullptr;
	ring_memory *memory_;
	cxxrt::local<u32> events_;		/* records since the last that woke by count */
	cxxrt::local<u64> begun_[timed_depths]; /* ns, by depth: when the writer there began */

	/* Readers and wakeups. */
	cxxrt::shared<u64> woken_at_; /* data_head at the last wakeup */
	cxxrt::shared<u32> poll_;     /* there is a wakeup that poll() has not returned yet */
	cxxrt::shared<wake_target *> targets_;
	cxxrt::shared<u8> silent_; /* the reader wants no wakeups */
	latency_limit latency_;
	irq_work<perf_buffer> wakeup_work_;

	cxxrt::refcount references_;
	cxxrt::deferred<perf_buffer> reclaim_work_;
	cxxrt::guarded<mapping_state, cxxrt::mutex> mapping_;
};

} // namespace perfbuf
