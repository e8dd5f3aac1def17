/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring: one writer CPU (task, softirq, irq and NMI nested on it), one
 * reader in user space. The shared layout and the letters of the barriers are
 * in ring/abi.hpp; the contract for producers and readers is docs/ring.md.
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
 */
#pragma once

#include "ring/abi.hpp"
#include "ring/debug.hpp"
#include "ring/gate.hpp"
#include "ring/irq_work.hpp"
#include "ring/latency.hpp"
#include "ring/loss.hpp"
#include "ring/pages.h"
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
class perf_buffer;

/* Bytes that are free behind @head. Masked, so a tail that is stored modulo the size is as good. */
inline u64 circ_space(u64 head, u64 tail, u64 mask) noexcept
{
	return (tail - (head + 1)) & mask;
}

class reservation;

/*
 * Who writes, as far as a PERF_RECORD_LOST needs to know it. The trailer (sample_id with
 * sample_id_all) is asked for only where there is a loss to tell.
 */
class record_origin
{
public:
	constexpr record_origin(u64 id, u32 trailer_bytes) noexcept
		: id(id), trailer_bytes(trailer_bytes)
	{
	}

	/* Writes trailer_bytes. In the writer's context. */
	virtual void write_trailer(reservation &into) const noexcept = 0;

	/* A record that the ring wrote by itself: 0, or what perf_buffer::begin() said. */
	virtual void attempted(const perf_buffer &, int) const noexcept {}

	const u64 id;		 /* of the event that lost records */
	const u32 trailer_bytes; /* a multiple of 8 */

protected:
	~record_origin() = default;
};

/* Who is told that the ring has something to say: an open file. Lives at least until a grace period
 * after detach(). */
class wake_target
{
public:
	/* Hard irq. */
	virtual void wake() noexcept = 0;

	/* The ring's list; the ring's alone. */
	cxxrt::shared<wake_target *> next;

protected:
	~wake_target() = default;
};

/*
 * Bytes that begin() reserved. Move-only; ends in commit(), which debug builds insist on, as
 * they insist that every byte was written or skipped.
 */
class [[nodiscard]] reservation
{
public:
	reservation(reservation &&other) noexcept;
	reservation(const reservation &) = delete;
	reservation &operator=(const reservation &) = delete;
	reservation &operator=(reservation &&) = delete;
	~reservation();

	/* The next @bytes of the record, from kernel memory. Any context. */
	void copy(const void *from, u64 bytes) noexcept;
	/*
	 * From the current task's user memory, without a fault: returns how many bytes at the end
	 * could not be read; zeros stand in their place. Any context.
	 */
	[[nodiscard]] u32 copy_from_user(u64 user_address, u32 bytes) noexcept;
	void zero(u32 bytes) noexcept;
	/* Leaves the next @bytes as they are: old data shows through, so write them later or never
	 * publish secrets. */
	void skip(u32 bytes) noexcept;

	template <typename T>
	void put(const T &value) noexcept
	{
		copy(&value, sizeof(value));
	}

	/*
	 * The next @bytes in place, to be filled before commit(): nullptr where they are not
	 * contiguous, which cannot be on mirrored storage; the reservation is then as it was.
	 */
	[[nodiscard]] void *claim(u32 bytes) noexcept;

	/* Publishes. The reservation is over. */
	void commit() noexcept;

	/*
	 * Gives the record up: nothing of it is seen if no other was begun behind it, else a
	 * PERF_RECORD_LOST of 0 records stands in its place, which every reader skips. @bytes is
	 * what begin_discardable() was given. The reservation is over.
	 */
	void discard(u32 bytes, const record_origin &origin) noexcept;

	/* Where the record goes; until commit(). */
	perf_buffer &ring() noexcept { return *ring_; }

private:
	friend class perf_buffer;
	reservation(perf_buffer &ring, u64 position, u32 bytes) noexcept;
	u64 reach() const noexcept { return static_cast<u64>(end_ - address_); }
	/* address_, end_ and chunk_ for @position. */
	void seek(u64 position) noexcept;
	void seek_next() noexcept;
	/* It is over without a commit(): what follows it is another's. */
	void pass_on() noexcept { ring_ = nullptr; }

	/* copy() where the chunk ends in between. */
	void copy_across(const void *from, u32 bytes) noexcept;

	/* The one loop under copy, copy_from_user and skip: @copier(to, bytes) returns what it left
	 * undone. */
	template <typename Copier>
	u32 transfer(u32 bytes, Copier &&copier) noexcept;

	perf_buffer *ring_;
	char *address_; /* where the next byte goes */
	char *end_;	/* of its chunk */
	u64 chunk_;	/* a position in the stream, in that chunk */
	u64 start_;	/* position of the first byte */
#ifdef PERFBUF_DEBUG
	u32 unwritten_;
#endif
};

/*
 * Invariants:
 *  - head_ counts bytes reserved, in the stream's direction for a forward ring and downwards for
 *    a backward one; between nest_ == 0 and nest_ == 0 it is what data_head says.
 *  - nest_ is the number of writers between begin() and commit().
 *  - in discard mode, head_ - data_tail (masked) is less than size().
 *  - lost_ is what no PERF_RECORD_LOST has told yet; stats_->lost is all since the start. While it
 *    is not 0, the gate is closed.
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
		u32 page_order = 0; /* 2^page_order pages in a row at most, of storage of pages */
		u64 start = 0; /* where the stream begins: a multiple of 8. For tests of its wrap */
	};

	/* EINVAL (nr_pages), ENOMEM. Process context, may sleep. */
	static cxxrt::result<cxxrt::ref<perf_buffer>> create(const options &wanted) noexcept;

	perf_buffer(const perf_buffer &) = delete;
	perf_buffer &operator=(const perf_buffer &) = delete;

	void get() noexcept { references_.get(); }
	/* The last one frees the ring after a grace period. Any context but NMI. */
	void put() noexcept;

	/*
	 * @bytes for one record: at most record_size_max, a multiple of 8. Preemption is off until
	 * commit(). Any context. Not written, and counted as lost: ENOSPC (full), EAGAIN (paused),
	 * E2BIG (it never fits).
	 */
	cxxrt::result<reservation> begin(u32 bytes, const record_origin &origin) noexcept;

	/* The same for a record that may be given up; EINVAL: too small for what then takes its
	 * place. */
	cxxrt::result<reservation> begin_discardable(u32 bytes,
						     const record_origin &origin) noexcept;

	/*
	 * Tells of losses that no record has followed, if there is room. As a writer: on the ring's
	 * CPU, preemption off.
	 */
	void flush_lost(const record_origin &origin) noexcept;
	/* Whether flush_lost() would write: something is owed and there is room. Any context. */
	bool can_flush_lost(u32 trailer_bytes) const noexcept;

	/* A record that the caller could not even begin. On the ring's CPU, any context. */
	void count_loss(loss_cause cause) noexcept;
	const loss_counts &losses() const noexcept { return stats_->lost; }
	u64 records() const noexcept { return records_.read(); }

	/* begin() for C: makes the reservation at @to; 0 or the errno. */
	int begin_at(void *to, u64 bytes, const record_origin &origin) noexcept;

	/*
	 * For who keeps no reservation: a whole record in place, to be filled before
	 * commit_in_place(). nullptr: refused and counted as by begin(), or the storage is not
	 * mirrored.
	 */
	[[nodiscard]] void *begin_in_place(u64 bytes, const record_origin &origin) noexcept;
	void commit_in_place() noexcept { publish(); }

	/*
	 * The same in steps, for who has better things to do with what is rare than to have it
	 * called in between:
	 *
	 *   admits()      may a record take the short way: a forward ring that owes nothing, is not
	 *                 paused or watched. If not, begin().
	 *   try_take()    true: it was taken at @position. False: ask take_at(), which makes the
	 *                 reservation at @to, or says ENOSPC and has counted it.
	 *   in_mirrored() where it goes, on mirrored storage.
	 *   in_one_chunk()
	 *                 the same on the others. False: it is in two pieces, and resume_at()
	 *                 makes the reservation at @to.
	 *   try_commit()  what is left to commit_closely(), if not done.
	 */
	bool admits(u64 bytes) const noexcept { return gate_.admits(bytes); }
	bool try_take(u64 bytes, u64 &position) noexcept;
	int take_at(void *to, u64 bytes) noexcept { return begin_at_entered(to, bytes); }
	bool is_mirrored() const noexcept { return mirrored_; }
	char *in_mirrored(u64 position) const noexcept { return mirrored_ + (position & mask_); }
	bool in_one_chunk(u64 position, u64 bytes, char *&place) const noexcept;
	void resume_at(void *to, u64 position, u64 bytes) noexcept;
	enum class leaving { done, nested, passed, asked };
	leaving try_commit() noexcept;
	void commit_closely(leaving how) noexcept;

	/* Asks for a wakeup when the outermost writer commits. Between begin() and commit(). */
	void request_wakeup() noexcept { after_.fetch_or(after_wakeup); }
	/* One of every @every records wakes; 0: none. Between begin() and commit(). */
	void count_event(u32 every) noexcept;
	/* Wakes now. Any context. */
	void wakeup() noexcept;
	/* Wakes once what is written now is published, which may be by who is interrupted. On the
	 * ring's CPU, any context. */
	void wake_published() noexcept;
	/* Tells every target again what it was told last. Any context. */
	void repeat_wakeups() noexcept { wakeup_work_.raise(); }

	/*
	 * The longest that a record waits for a wakeup (ns; 0: no limit), and whether wakeups are
	 * sent at all. Process context, may sleep; ENOMEM: nothing has changed. Under mapping().
	 */
	cxxrt::result<void> set_wakeups(u64 latency_ns, bool send) noexcept;

	/* A ring without data pages stays paused. Any context. */
	void pause(bool on) noexcept;
	bool paused() const noexcept { return gate_.closed(gate::paused); }

	/*
	 * Whether a reader that waits should go on: computed from the positions; in overwrite mode,
	 * where the tail does not move, each wakeup is seen once. Any context.
	 */
	bool readable() noexcept;
	/* Unread bytes, as far as the tail can be believed. */
	u64 unread() const noexcept;

	/* Wakeups go to @target until detach(). The caller serialises attach and detach (one lock
	 * for all rings). */
	void attach(wake_target &target) noexcept;
	void detach(wake_target &target) noexcept;
	/* The first target still attached, or nullptr; under the same lock. */
	wake_target *first_target() noexcept { return targets_.read_once(); }

	/*
	 * The AUX area that writers find, or nullptr. Set under mapping(); who reads it has
	 * preemption off, or holds a reference to what it finds.
	 */
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
	/* Of all records so far. */
	u64 bytes() const noexcept { return backward_ ? 0 - head_.read() : head_.read(); }

	/* The page frame behind page @index of the mapping (0: the user page). ENXIO past the end.
	 * Process. */
	cxxrt::result<unsigned long> page_frame(u64 index) const noexcept;

	/* The page frame of the statistics; from now on all of them are kept. Process. */
	unsigned long watch_stats() noexcept;

	/* What the owner of the mapping keeps here; the ring does not look at it. */
	struct mapping_state {
		u32 mappings = 0; /* live VMAs of the data area */
		u32 stats_mappings =
			0; /* live VMAs of the statistics, which keep the ring's memory */
		u32 page_sequence = 0; /* what user_page->lock says; never read back from there */
		pb_charge charge = {}; /* who pays for the data area */

		/* Of the AUX area; its VMAs are counted in mappings, too. */
		u32 aux_mappings = 0;
		u64 aux_page_offset = 0;
		u64 aux_start = 0; /* where the stream of the next area begins */
		pb_charge aux_charge = {};
	};
	cxxrt::guarded<mapping_state, cxxrt::mutex> &mapping() noexcept { return mapping_; }

private:
	friend class reservation;

	perf_buffer(const options &wanted, storage &&data, perf_event_mmap_page *user_page,
		    ring_stats *stats) noexcept;
	~perf_buffer();

	/* Where a record goes, or why it does not: an errno. */
	struct place {
		u64 position;
		int why;
	};

	/*
	 * A record takes the short way where the gate admits it. *_closely() is for the others,
	 * *_entered() for who has entered and then found no room or was passed by another.
	 */
	place find_place(u64 bytes, const record_origin &origin) noexcept;
	place find_place_closely(u64 bytes, const record_origin &origin) noexcept;
	place find_place_owing(u64 bytes, const record_origin &origin) noexcept;
	place find_place_entered(u64 bytes) noexcept;
	int begin_at_closely(void *to, u64 bytes, const record_origin &origin) noexcept;
	int begin_at_entered(void *to, u64 bytes) noexcept;
	void *begin_in_place_closely(u64 bytes, const record_origin &origin) noexcept;
	void *begin_in_place_entered(u64 bytes) noexcept;
	void *in_place(place found) const noexcept;

	/* Plain: forward, not overwriting, and no more statistics than are always kept. */
	template <bool plain>
	void enter() noexcept;
	enum class taking { done, full, passed };
	u64 room(bool backward, u64 head, u64 tail) const noexcept;
	/* @bytes at @position, once; full: there is no room behind @position. */
	template <bool plain>
	taking take(u64 bytes, u64 &position) noexcept;
	/* Until it is done; false: full, and nobody has entered. */
	bool take_entered(u64 bytes, u64 &position) noexcept;
	/* Wakes, and leaves. */
	void leave_full(u64 head) noexcept;
	/* A record has been refused at the head, and there still is no room for @bytes. */
	bool is_still_full(u64 bytes) const noexcept;

	/* Leaves the nesting; the outermost publishes. */
	void publish() noexcept;
	/* The same for one that is nested, or watched; and where another came in between. */
	void publish_closely() noexcept;
	void publish_again() noexcept;
	/* False: something was reserved in between, and nobody publishes it. May count: where the
	 * statistics are watched, shows them. */
	template <bool may_count>
	bool publish_head() noexcept;
	/* Does what after_ says. */
	void run_after() noexcept;

	/* Whether there is one to tell; what it is, which is then told. */
	bool look_for_losses() noexcept;
	u64 take_losses() noexcept;
	void report_loss(reservation &into, const record_origin &origin) noexcept;
	place refuse(loss_cause cause, int why) noexcept;
	void count_record() noexcept { records_.add(1); }
	/* The largest sum of records that the ring can hold at once. */
	u64 capacity() const noexcept;
	static void reclaim(perf_buffer &ring) noexcept;
	static void run_wakeups(perf_buffer &ring) noexcept;
	static void latency_expired(void *ring) noexcept;
	static void fill_discarded(reservation &into, u32 bytes,
				   const record_origin &origin) noexcept;
	/* Gives back the last @bytes reserved, if nobody has reserved behind them. */
	bool unreserve(u64 position, u32 bytes) noexcept;
	void note_reservation(u64 head, u64 tail) noexcept;
	void note_commit(u32 depth) noexcept;
	/* What is counted elsewhere goes to the statistics: all up to @head. */
	void show_stats(u64 head) noexcept
	{
		stats_->bytes.set(backward_ ? 0 - head : head);
		stats_->records.set(records_.read());
	}

	/* In nest_, beside the depth: one for each writer who is watched. */
	static constexpr u32 nest_watched = 0x10000;
	static constexpr u32 nest_depth = nest_watched - 1;

	/* Deeper writers are not timed: there are as many contexts. */
	static constexpr u32 depths_timed = 4;

	/* In after_: what the outermost writer does once it has left. */
	static constexpr u32 after_wakeup = 1;	/* it was asked for */
	static constexpr u32 after_latency = 2; /* there may be a limit */

	/* Writers, every record: the first cache line. */
	gate gate_;
	cxxrt::local<u64> head_;
	cxxrt::local<u32> nest_;
	cxxrt::shared<u32> after_;
	cxxrt::local<u64> wake_at_; /* a stream that has come further than this wakes */
	perf_event_mmap_page *user_page_;
	u64 mask_;	 /* size() - 1; 0 without data pages */
	char *mirrored_; /* the data area, if it is mirrored */
	cxxrt::local<u64> records_;

	ring_stats *stats_;
	storage storage_;
	cxxrt::shared<aux_area *> aux_;

	/* Writers who look closely. */
	cxxrt::local<u64> lost_;
	u64 watermark_;	 /* bytes */
	u32 record_max_; /* bytes; the larger is refused as too big */
	const bool overwrite_;
	const bool backward_;
	cxxrt::local<u32> events_;		/* records since the last that woke by count */
	cxxrt::local<u64> begun_[depths_timed]; /* ns, by depth: when the writer there began */

	/* Readers and wakeups. */
	cxxrt::shared<u64> woken_at_; /* data_head at the last wakeup */
	cxxrt::shared<u32> poll_;     /* a wakeup that no poll has seen (overwrite mode) */
	cxxrt::local<u64> full_head_; /* the head at the refusal that woke last */
	cxxrt::shared<wake_target *> targets_;
	cxxrt::shared<u8> silent_; /* the reader wants no wakeups */
	latency_limit latency_;
	irq_work<perf_buffer> wakeup_work_;

	cxxrt::refcount references_;
	cxxrt::deferred<perf_buffer> reclaim_work_;
	cxxrt::guarded<mapping_state, cxxrt::mutex> mapping_;
};

} // namespace perfbuf
