/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An open file of /dev/perfbuf/<source>.
 *
 * Its life:
 *   1. open(2): a file without an event; nothing is allocated for it but this.
 *   2. PERFBUF_IOC_OPEN: the event, for good.
 *   3. mmap(2): the ring, shared by all mappings of it and by the files that
 *      PERF_EVENT_IOC_SET_OUTPUT sends to it. The ring goes with its last mapping.
 *   4. release: the event is shut down and leaves its ring; after a grace
 *      period, when no writer and no wakeup can see it, the file is freed.
 *
 * Locks, outer first:
 *   open_mutex_ > group's mutex > CPU hotplug, tracepoints, kprobes (which lead to mmap_lock)
 *     > event's own mutex
 *   group's mutex > ring's mapping(), attach lock
 *   mmap_lock (the kernel's) > map_mutex_ > ring's mapping() > attach lock
 *   event's own mutex > ring's mapping()
 * The attach lock is one for the module: it guards every event-to-ring pointer
 * and the rings' lists of targets, for a few instructions at a time.
 */
#pragma once

#include "device/descriptor.hpp"
#include "device/event.hpp"
#include "device/fence.hpp"
#include "device/user.hpp"
#include "glue/entry.h"
#include "glue/glue.h"
#include "glue/node.h"

namespace perfbuf
{

struct aux_abilities;
struct device_state;

class file final : public wake_target
{
public:
	/* Takes over the reference to @account: the user that opens it. */
	file(source &from, user_account &account) noexcept;

	/* From here on the file is on the device's list, until release(). */
	void publish() noexcept;
	void release() noexcept;

	/* nullptr before PERFBUF_IOC_OPEN. */
	event *configured() const noexcept { return event_.load_acquire(); }
	source &owner() const noexcept { return source_; }
	const user_account &account() const noexcept { return account_; }

	cxxrt::result<u64> ioctl(void *filp, u32 request, u64 argument) noexcept;
	cxxrt::result<u64> read(u64 to, u64 bytes) noexcept;
	/* One record of @bytes at user address @from. */
	cxxrt::result<u64> write(u64 from, u64 bytes) noexcept;
	u32 poll() noexcept;

	/* On success the ring is the VMA's, with a reference. */
	cxxrt::result<perf_buffer *> map(const pb_vma_request &request) noexcept;
	void mapping_opened(perf_buffer &ring, u64 page_offset) noexcept;
	void mapping_closed(perf_buffer &ring, u64 page_offset) noexcept;

	/* The process that opened the file. */
	struct opener {
		pb_pid *process;
		char name[PB_TASK_COMM_LEN];
	};
	const opener &opened_by() const noexcept { return opened_by_; }

	/* Whether this file's own mapping made a ring: for the count of rings. */
	bool owns_ring() const noexcept { return cxxrt::read_once(mappings_); }
	/* The bytes of all records in its ring; 0 for all but one of the files that share one. */
	u64 ring_bytes() const noexcept;

	void wake() noexcept override;
	bool sends_signals() const noexcept override { return cxxrt::read_once(fasync_); }
	void *waitqueue() noexcept { return &waitqueue_; }
	void **fasync() noexcept { return &fasync_; }

private:
	~file();

	cxxrt::result<void> open_event(void *filp, u64 argument) noexcept;
	cxxrt::result<u64> write_parts(void *filp, u64 argument) noexcept;
	cxxrt::result<void> open_linked(void *filp, u64 argument) noexcept;
	cxxrt::result<void> open_sibling(void *filp, u64 argument) noexcept;
	/* Other files that an event concerns; the caller holds them. */
	struct relatives {
		file *linked = nullptr; /* the samples concern its AUX area */
		file *leader = nullptr; /* of the event's group */
	};
	cxxrt::result<void> make_event(void *filp, const perfbuf_open &wanted,
				       const relatives &others) noexcept;
	cxxrt::result<void> set_output(event &redirected, u64 argument) noexcept;
	static cxxrt::result<void> set_filter(event &of, u64 argument) noexcept;
	static cxxrt::result<void> check_filter(event &of, u64 argument) noexcept;
	static cxxrt::result<void> control(event &of, u32 request, bool for_all) noexcept;
	static cxxrt::result<void> modify(event &of, u64 argument) noexcept;
	static cxxrt::result<void> follow(void *filp, event &of, u64 argument) noexcept;
	static cxxrt::error refuse(u32 request, u64 argument) noexcept;
	cxxrt::result<void> choose_ring(event &of, u64 argument) noexcept;
	cxxrt::result<perf_buffer *> map_stats(event &of, const pb_vma_request &request) noexcept;
	/* The event's ring with a reference, or none. */
	static cxxrt::ref<perf_buffer> ring_of(event &of) noexcept;
	/* PERFBUF_IOC_POSITIONS, into user space at @to. EINVAL, EFAULT. */
	static cxxrt::result<void> copy_positions(event &of, u64 to) noexcept;
	/* PERFBUF_IOC_COPY_RING. EINVAL, EFAULT, ENOSPC. */
	static cxxrt::result<void> copy_ring(event &of, u64 argument) noexcept;
	bool may_share_aux(perf_buffer &ring) const noexcept;
	static bool has_place_for(const event &event, perf_buffer &ring) noexcept;
	cxxrt::result<void> redirect(event &redirected, file *target) noexcept;
	/* The source's abilities for an AUX area of an event of @attr; nullptr: none. */
	const aux_abilities *aux_of(const perf_event_attr &attr) const noexcept;
	cxxrt::result<perf_buffer *> map_aux(event &mine, const pb_vma_request &request) noexcept;
	cxxrt::result<void> make_aux(event &mine, perf_buffer &ring,
				     perf_buffer::mapping_state &mapping,
				     const pb_vma_request &request) noexcept;
	static void unmap_aux(perf_buffer &ring, perf_buffer::mapping_state &mapping) noexcept;
	cxxrt::result<cxxrt::ref<perf_buffer>> ring_for_map(event &owner, u32 nr_pages,
							    bool writable) noexcept;
	cxxrt::result<cxxrt::ref<perf_buffer>> new_ring(event &owner, u32 nr_pages,
							bool writable) noexcept;
	void attach(event &to, perf_buffer *ring) noexcept;
	static void refresh_user_page(event &of) noexcept;
	static void give_back(perf_buffer::mapping_state &mapping) noexcept;
	static void detach_all(perf_buffer &ring) noexcept;
	static void reclaim(file &self) noexcept;

	source &source_;
	user_account &account_;
	cxxrt::shared<event *> event_;
	cxxrt::mutex open_mutex_; /* PERFBUF_IOC_OPEN */
	cxxrt::mutex map_mutex_;
	u32 mappings_ = 0; /* live VMAs of data and AUX made through this file; under map_mutex_ */
	struct {
		storage_kind storage = storage_kind::pages;
		u64 latency = 0;
		bool send_wakeups = true;
	} chosen_; /* PERFBUF_IOC_RING; under map_mutex_ */
	cxxrt::opaque<PB_SIZEOF_WAITQUEUE> waitqueue_;
	void *fasync_ = nullptr;
	opener opened_by_;
	descriptor linked_; /* the open file that our event is linked to */
	cxxrt::deferred<file> reclaim_work_;
	/* Of the device's list; under its lock. @link_: what points to us. */
	file *next_open_ = nullptr;
	file **link_ = nullptr;
	friend struct device_state;
};

/* The one object of the module that is not constant; made by perfbuf_init(). */
struct device_state {
	device_state() noexcept;

	cxxrt::mutex attach_lock;

	struct files {
		file *first = nullptr;
		source *sources[PB_MINORS] = {};
	};
	cxxrt::guarded<files, cxxrt::mutex> open_files;
	user_accounts users;
	class fence fence;

	/*
	 * Publishes a source, with its node, and takes it back: then no file can be opened any
	 * more. EEXIST: the name is taken; ENFILE: there are too many. Process context, may sleep.
	 */
	cxxrt::result<void> add(source &made, const pb_node_event *events,
				u32 event_count) noexcept;
	void remove(source &gone) noexcept;
	/* source::trim(), of all. */
	void trim() noexcept;
	/* A new file of the source at @minor. ENXIO, EACCES, ENOMEM. */
	cxxrt::result<file *> open_file(u32 minor) noexcept;

	/* Of the files of one user, which are open; of everybody's (@viewer is NULL), those that
	 * are closed too. */
	source_totals totals(const source &of, const void *viewer) noexcept;
	/*
	 * Since the time before last that this was asked, but if that is less than a second ago,
	 * since the one before: over one second or two where it is asked often, or else over the
	 * time since it was asked last.
	 */
	source_rates rates(source &of) noexcept;
	/* Calls @fn(file) for each open file of @of that is configured, and that the user @viewer
	 * (NULL: everybody) opened. */
	template <typename Call>
	void each_reader(const source &of, const void *viewer, Call &&call) noexcept
	{
		auto files = open_files.lock();

		for (file *file = files->first; file; file = file->next_open_) {
			if (&file->owner() == &of && file->configured() &&
			    file->account().is_of(viewer))
				call(*file);
		}
	}
	/* Stores the present counts and clock in the user page of each mapped ring. */
	static void refresh_user_pages(const files &list) noexcept;
	static void link(files &list, file &file) noexcept;
	static void unlink(file &file) noexcept;

private:
	static source_totals totals(const files &list, const source &of,
				    const void *viewer) noexcept;
	/* The source of a new file, which source::file_opened() knows of. ENXIO, EACCES. */
	cxxrt::result<source *> get_source(u32 minor) noexcept;
	/* On success the file has the reference to @account. */
	cxxrt::result<file *> open_file(u32 minor, user_account &account) noexcept;

	/* Of a source's name, from before its node is made until after it is gone. Outside of all
	 * other locks. */
	cxxrt::mutex nodes_mutex_;
	void *nodes_[PB_MINORS] = {};
};

/* From perfbuf_init() to perfbuf_exit(). */
device_state &the_device() noexcept;

} // namespace perfbuf
