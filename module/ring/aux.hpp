/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An AUX area: pages that a source fills by itself. The ring announces the bytes
 * with PERF_RECORD_AUX. The contract is docs/aux.md.
 *
 *   source                                reader
 *
 *   LOAD aux_tail leaves space             LOAD aux_head
 *           (A) control dependency        smp_rmb                    (F)
 *   STORE bytes                           LOAD data_head, the records
 *           (B) with the record           smp_rmb                    (C)
 *   PERF_RECORD_AUX                       LOAD bytes
 *   smp_wmb                 (E)           smp_mb                     (D)
 *   STORE aux_head                        STORE aux_tail
 *
 * E pairs with F: a reader that sees a head sees the records of all bytes before
 * it. The other letters are those of ring/abi.hpp.
 *
 * The source chooses one of two kinds of area:
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
	/* Returns the source's own pointer for the area (perf's aux_priv): never nullptr. */
	virtual cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &memory) noexcept = 0;
	virtual void free_aux(void *private_data) noexcept = 0;

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

/* The flags that a source may set for its transaction. The area sets OVERWRITE itself. */
inline constexpr u64 aux_flags_of_sources = PERF_AUX_FLAG_TRUNCATED | PERF_AUX_FLAG_PARTIAL |
					    PERF_AUX_FLAG_COLLISION |
					    PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK;

class aux_reservation;

/*
 * Invariants:
 *  - head_ is the position behind all reserved bytes (shared) or all published bytes (exclusive);
 *    published_ is what aux_head says; they are equal while nest_ is 0.
 *  - nest_ is the number of open reservations, or 1 in a transaction.
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
		aux_requirements memory = {};
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
	/* False: the last reference has been put. */
	[[nodiscard]] bool try_get() noexcept { return references_.get_unless_zero(); }
	/* The last put() makes the area be freed later, in process context. Any context, NMI
	 * included. */
	void put() noexcept;

	/* ---------------- exclusive. Any context, preemption off, on the ring's CPU */

	/*
	 * Begins a transaction, to which the caller's reference passes. EBUSY: another one is open
	 * (counted in aux_nested); ENOSPC: the area is full, and the reader has been woken; EINVAL:
	 * the area is shared.
	 */
	cxxrt::result<void> begin(perfbuf_aux_handle &handle) noexcept;
	/* Publishes @size bytes and ends the transaction. True: it was truncated, so the caller
	 * disables the event, as perf does. */
	[[nodiscard]] bool end(perfbuf_aux_handle &handle, u64 size,
			       const record_origin &origin) noexcept;
	/* Publishes @size bytes within the transaction. ENOSPC: @size is more than is free. */
	cxxrt::result<void> skip(perfbuf_aux_handle &handle, u64 size) noexcept;

	/* ---------------- shared. Any context, preemption off from reserve() to commit() */

	/*
	 * Reserves @bytes. ENOSPC: the area is full, or a sample holds bytes that would be
	 * overwritten; the next PERF_RECORD_AUX is then TRUNCATED. E2BIG: the area is smaller.
	 * EINVAL: it is exclusive.
	 */
	cxxrt::result<aux_reservation> reserve(u64 bytes, const record_origin &origin) noexcept;

	/* ---------------- any context */

	/* The pointer that setup_aux() returned. */
	void *private_data() const noexcept { return private_data_; }
	/* The position of the area's first byte in the stream. */
	u64 start() const noexcept { return start_; }
	/*
	 * A sample copies bytes of the area between try_hold() and release_hold(): hold_window()
	 * chooses them, copy_to() copies. On the ring's CPU. False: a sample that we interrupted
	 * holds the area already.
	 */
	[[nodiscard]] bool try_hold() noexcept
	{
		u32 expected = hold_none;

		return held_.try_cmpxchg(expected, hold_begun);
	}
	void release_hold() noexcept { held_.set(hold_none); }
	struct window {
		u64 from; /* a position in the stream */
		u32 bytes;
	};
	/*
	 * The newest bytes before @head (in a shared area: before published()), at most @most, that
	 * no writer overwrites until release_hold(). Whole words.
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
	/* The position up to which readers may read. */
	u64 published() const noexcept { return published_.load_acquire(); }

	/* Whether poll() returns POLLIN for the AUX area, computed from the positions. */
	bool readable() const noexcept;
	/* Whether there are published bytes that the reader has not freed. */
	bool unread() const noexcept;
	/* The page frame of page @index. ENXIO: past the end. Process context. */
	cxxrt::result<unsigned long> page_frame(u64 index) const noexcept;

private:
	friend class aux_reservation;

	aux_area(perf_buffer &ring, aux_owner &owner, const options &wanted,
		 aux_storage &&memory) noexcept;
	~aux_area();

	/* Bytes that are free behind @head; 0 also if the reader has stored a wrong tail. */
	u64 space(u64 head) const noexcept;
	bool overwrites_window(u64 head, u64 bytes) const noexcept;
	/* Writes a PERF_RECORD_AUX to the ring. */
	void write_record(u64 from, u64 bytes, u64 flags, const record_origin &origin) noexcept;
	/* Stores @head in aux_head (barrier E). True: a wakeup is due. */
	bool publish_head(u64 head) noexcept;
	/* Wakes the reader of the ring for the bytes before @head. */
	void wake(u64 head) noexcept;
	/* Exits the nesting level of reserve(); the outermost writer publishes. */
	void publish(const record_origin &origin) noexcept;
	/* Notes that a record had no space at @head. */
	void refuse_for_space(u64 head) noexcept;
	static void release(aux_area &area) noexcept;
	static void reclaim(aux_area &area) noexcept;

	cxxrt::local<u64> head_;
	cxxrt::shared<u64> published_;
	cxxrt::local<u32> nest_;
	cxxrt::local<u64> pending_flags_; /* shared: for the next record */
	cxxrt::local<u64> wakeup_stamp_;
	cxxrt::local<u64> full_head_; /* shared: the head at the last reported refusal, plus 1 */
	static constexpr u32 hold_none = 0, hold_begun = 1, hold_window_set = 2;
	cxxrt::local<u32> held_;
	cxxrt::local<u64> held_from_; /* shared: the window's first byte, while there is one */
	const u64 start_;
	cxxrt::shared<u64> woken_at_; /* the position at the last wakeup */
	perf_buffer &ring_;
	void *private_data_ = nullptr;
	u64 watermark_;
	const bool overwrite_;
	const bool shared_;
	aux_storage storage_;
	aux_owner &owner_;

	cxxrt::refcount references_;
	irq_work<aux_area> release_work_;
	cxxrt::deferred<aux_area> reclaim_work_;
};

/* Bytes of a shared area that reserve() reserved. Move-only. The caller writes all of them, and
 * ends it with commit(). Any context, preemption off. */
class [[nodiscard]] aux_reservation
{
public:
	aux_reservation(aux_reservation &&other) noexcept;
	aux_reservation(const aux_reservation &) = delete;
	aux_reservation &operator=(const aux_reservation &) = delete;
	aux_reservation &operator=(aux_reservation &&) = delete;
	~aux_reservation();

	/* The position of the next byte in the stream. */
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
