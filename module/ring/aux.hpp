/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An AUX area: bytes that a source writes by itself and the ring announces.
 * The contract is docs/aux.md.
 *
 *   source                                reader
 *
 *   LOAD aux_tail leaves room             LOAD aux_head
 *           (A) control dependency        smp_rmb                    (F)
 *   STORE bytes                           LOAD data_head, the records
 *           (B) with the record           smp_rmb                    (C)
 *   PERF_RECORD_AUX                       LOAD bytes
 *   smp_wmb                 (E)           smp_mb                     (D)
 *   STORE aux_head                        STORE aux_tail
 *
 * E pairs with F: who sees a head sees the records of all that is under it. The
 * others are those of ring/abi.hpp.
 *
 * An area is of one of two kinds, by its source's wish:
 *
 *   exclusive  one transaction at a time, as perf's: begin() -> end(). The
 *              source alone knows what it has written until it ends.
 *   shared     short reservations, nested in any way: reserve() -> commit().
 *              The outermost publishes for all, as in the data area.
 */
#pragma once

#include "ring/aux_storage.hpp"
#include "ring/perf_buffer.hpp"

#include <perfbuf/aux.h>

namespace perfbuf
{

/* The source that fills an area. It stays from setup_aux() to free_aux(). Process context, may
 * sleep. */
class aux_owner
{
public:
	/* What it keeps for the area: never nullptr. */
	virtual cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &memory) noexcept = 0;
	virtual void free_aux(void *kept) noexcept = 0;

protected:
	~aux_owner() = default;
};

/* PERF_RECORD_AUX and PERF_RECORD_ITRACE_START without their sample_id. */
struct aux_record {
	perf_event_header header;
	u64 offset;
	u64 size;
	u64 flags;
};
struct itrace_start_record {
	perf_event_header header;
	u32 pid;
	u32 tid;
};
static_assert(sizeof(aux_record) == 32 && sizeof(itrace_start_record) == 16);

/* What a source may say of its own transaction; OVERWRITE is the area's to say. */
inline constexpr u64 aux_flags_of_sources = PERF_AUX_FLAG_TRUNCATED | PERF_AUX_FLAG_PARTIAL |
					    PERF_AUX_FLAG_COLLISION |
					    PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK;

class aux_reservation;

/*
 * Invariants:
 *  - head_ is what is reserved (shared) or published (exclusive); published_ is what aux_head
 *    says; they are the same while nest_ is 0.
 *  - nest_ is the number of reservations inside, or 1 in a transaction.
 *  - each transaction holds a reference; so do all mappings together, one.
 *  - but for overwrite mode, head_ - aux_tail is less than size(), if the tail makes sense.
 *  - while held_ is hold_window_set, reserve() does not take head_ beyond held_from_ + size().
 */
class aux_area
{
public:
	struct options {
		u64 nr_pages = 0;  /* 2^n */
		u32 watermark = 0; /* bytes; 0: half the area */
		int node = -1;	   /* NUMA node of the pages; -1: any */
		s32 cpu = -1;	   /* of the event */
		bool overwrite = false;
		bool shared = false;
		aux_wishes memory = {};
		u64 start = 0; /* where the stream begins */
	};

	/*
	 * With one reference, of the mappings. EINVAL, ENOMEM, and what setup_aux() says. The area
	 * keeps a reference to @ring, whose mapping() the caller holds; process context, may sleep.
	 */
	static cxxrt::result<cxxrt::ref<aux_area>> create(perf_buffer &ring, aux_owner &owner,
							  const options &wanted) noexcept;

	aux_area(const aux_area &) = delete;
	aux_area &operator=(const aux_area &) = delete;

	void get() noexcept { references_.get(); }
	/* False: it is going. */
	[[nodiscard]] bool try_get() noexcept { return references_.get_unless_zero(); }
	/* The last one has the area freed later, in process context. Any context, NMI included. */
	void put() noexcept;

	/* ---------------- exclusive. Any context, preemption off, on the ring's CPU */

	/*
	 * On success the caller's reference is the transaction's. EBUSY: another is open (counted);
	 * ENOSPC: the area is full, the reader has been woken; EINVAL: it is shared.
	 */
	cxxrt::result<void> begin(perfbuf_aux_handle &handle) noexcept;
	/* True: it was truncated, so the event should go off. */
	[[nodiscard]] bool end(perfbuf_aux_handle &handle, u64 size,
			       const record_origin &origin) noexcept;
	/* ENOSPC. */
	cxxrt::result<void> skip(perfbuf_aux_handle &handle, u64 size) noexcept;

	/* ---------------- shared. Any context, preemption off from reserve() to commit() */

	/*
	 * @bytes of the stream. ENOSPC: no room, or a sample holds bytes that would be overwritten,
	 * which the next record tells; E2BIG: never; EINVAL: it is exclusive.
	 */
	cxxrt::result<aux_reservation> reserve(u64 bytes, const record_origin &origin) noexcept;

	/* ---------------- any context */

	void *kept() const noexcept { return kept_; }
	/* Where the area's first byte was in the stream. */
	u64 start() const noexcept { return start_; }
	/*
	 * A sample takes bytes of the area: try_hold(), hold_window(), copy_to(), release_hold().
	 * On the ring's CPU. False: a sample that we interrupted does so already.
	 */
	[[nodiscard]] bool try_hold() noexcept
	{
		u32 nobody = hold_none;

		return held_.try_cmpxchg(nobody, hold_begun);
	}
	void release_hold() noexcept { held_.set(hold_none); }
	struct window {
		u64 from; /* a position in the stream */
		u32 bytes;
	};
	/*
	 * The newest bytes, at most @most, that end at @head (of a shared area: at what is
	 * published) and stay as they are until release_hold(). Whole words.
	 */
	window hold_window(u64 head, u32 most) noexcept;
	/* The @bytes at @from of the stream, into a record. */
	void copy_to(reservation &into, u64 from, u32 bytes) const noexcept;
	/* The @bytes at @to of the stream, from kernel memory. At most size(). */
	void copy_from(u64 to, const void *from, u64 bytes) const noexcept;
	perf_buffer &ring() noexcept { return ring_; }
	u64 size() const noexcept { return storage_.size(); }
	u32 nr_pages() const noexcept { return storage_.nr_pages(); }
	u64 watermark() const noexcept { return watermark_; }
	bool overwrite() const noexcept { return overwrite_; }
	bool is_shared() const noexcept { return shared_; }
	aux_owner &owner() noexcept { return owner_; }
	const aux_storage &memory() const noexcept { return storage_; }
	/* Where the stream stands for readers. */
	u64 published() const noexcept { return published_.load_acquire(); }

	/* Whether a reader that waits for AUX should go on, by the positions. */
	bool readable() const noexcept;
	/* There is something that the reader has not given back. */
	bool unread() const noexcept;
	/* The page frame behind page @index. ENXIO past the end. Process. */
	cxxrt::result<unsigned long> page_frame(u64 index) const noexcept;

private:
	friend class aux_reservation;

	aux_area(perf_buffer &ring, aux_owner &owner, const options &wanted,
		 aux_storage &&memory) noexcept;
	~aux_area();

	/* Bytes that are free behind @head; 0 also where the tail makes no sense. */
	u64 room(u64 head) const noexcept;
	bool overwrites_window(u64 head, u64 bytes) const noexcept;
	void write_record(u64 from, u64 bytes, u64 flags, const record_origin &origin) noexcept;
	/* aux_head, E; true: a wakeup is due. */
	bool show_head(u64 head) noexcept;
	void wake(u64 head) noexcept;
	/* Leaves the nesting; the outermost publishes. */
	void publish(const record_origin &origin) noexcept;
	void refuse_for_room(u64 head) noexcept;
	static void release(aux_area &area) noexcept;
	static void reclaim(aux_area &area) noexcept;

	cxxrt::local<u64> head_;
	cxxrt::shared<u64> published_;
	cxxrt::local<u32> nest_;
	cxxrt::local<u64> pending_flags_; /* shared: for the next record */
	cxxrt::local<u64> wakeup_stamp_;
	cxxrt::local<u64> full_head_; /* shared: the head at the refusal that was told last */
	static constexpr u32 hold_none = 0, hold_begun = 1, hold_window_set = 2;
	cxxrt::local<u32> held_;
	cxxrt::local<u64> held_from_; /* shared: the window's first byte, while there is one */
	const u64 start_;
	cxxrt::shared<u64> woken_at_; /* the position at the last wakeup */
	perf_buffer &ring_;
	void *kept_ = nullptr;
	u64 watermark_;
	const bool overwrite_;
	const bool shared_;
	aux_storage storage_;
	aux_owner &owner_;

	cxxrt::refcount references_;
	irq_work<aux_area> release_work_;
	cxxrt::deferred<aux_area> reclaim_work_;
};

/* Bytes of a shared area that reserve() gave; move-only; ends in commit(), all of it written. */
class [[nodiscard]] aux_reservation
{
public:
	aux_reservation(aux_reservation &&other) noexcept;
	aux_reservation(const aux_reservation &) = delete;
	aux_reservation &operator=(const aux_reservation &) = delete;
	aux_reservation &operator=(aux_reservation &&) = delete;
	~aux_reservation();

	/* Of the next byte, in the stream. */
	u64 position() const noexcept { return position_; }
	/* The next @bytes, from kernel memory. Any context. */
	void copy(const void *from, u64 bytes) noexcept;
	void commit(const record_origin &origin) noexcept;

private:
	friend class aux_area;
	aux_reservation(aux_area &area, u64 position, u64 bytes) noexcept;

	aux_area *area_;
	u64 position_;
	u64 left_;
};

} // namespace perfbuf
