/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A source that another module registered.
 *
 *   registered ── files are opened and closed ── unregistered: its open files are
 *   in error, the module is not called any more ── the last file has gone: freed
 *
 * Locks, outer first: the device's of nodes; a file's open mutex > the source's
 * mutex > an event's mutex; the source's mutex > setup, CPU hotplug (static branches);
 * mmap_lock and the source's mutex > that of its AUX areas (producer/aux.hpp).
 */
#pragma once

#include "device/source.hpp"
#include "glue/node.h"
#include "producer/aux.hpp"
#include "producer/output.hpp"

#include <cxxrt/lock.hpp>
#include <cxxrt/ref.hpp>

namespace perfbuf
{

class dump_requests;
class recorder;
class typed_source;

/* An event of a source. */
class typed_event
{
public:
	typed_event() noexcept = default;
	~typed_event();
	typed_event(const typed_event &) = delete;
	typed_event &operator=(const typed_event &) = delete;

	/* As perfbuf_source_register() says. @contexts: where it may come from, PERFBUF_CONTEXT_*.
	 * Process context, may sleep. */
	cxxrt::result<void> set_up(perfbuf_event &made, const char *source, u32 contexts) noexcept;
	/* Emissions find it from now on. */
	void publish() noexcept;
	/* And no longer: after the return the producer's event is not accessed. No output runs. */
	void withdraw() noexcept;

	/* Counts a reader on @cpu (-1: any) against the limits. ENOSPC: there are
	 * pb_param_event_readers_max(), or the reader @is_limited and its user has a quarter,
	 * @of_user. The rights are the caller's. Under the source's mutex. */
	cxxrt::result<void> reserve_reader(s32 cpu, bool is_limited, u32 of_user) noexcept;
	void release_reader(s32 cpu) noexcept;

	/* Counts a file, of which the first enables the static branch; it stays enabled until
	 * trim(). Under the source's mutex. */
	void add_file() noexcept;
	void remove_file() noexcept;
	/* Disables the static branch if there is no file. Under the mutex, while it is registered.
	 */
	void trim() noexcept;

	/* filter::parse(), for this event. Under the source's mutex, while it is registered. */
	cxxrt::result<void> parse_filter(filter &into, const char *text,
					 perfbuf_filter_check *where) const noexcept;

	u32 id() const noexcept { return node_.id; }
	u32 fixed_bytes() const noexcept { return layout_.bytes; }
	/* While it is registered: its names are the producer's. */
	const perfbuf_layout &layout() const noexcept { return layout_; }
	/* An event_cpu for each CPU: for pb_percpu_at(). */
	void *all_cpus() const noexcept { return all_cpus_; }
	const pb_node_event &node() const noexcept { return node_; }
	const pointer_fields &pointers() const noexcept { return pointers_; }

private:
	cxxrt::result<void> make_format() noexcept;

	perfbuf_event *made_ = nullptr; /* the producer's; nullptr once withdrawn */
	perfbuf_layout layout_ = {};
	pointer_fields pointers_;
	pb_node_event node_ = {};
	void *held_id_ = nullptr;
	void *all_cpus_ = nullptr;
	u32 *readers_on_ = nullptr; /* by CPU */
	u32 readers_on_any_ = 0;
	u32 files_ = 0;
	bool is_enabled_ = false; /* its static branch */
};

/* The side of a file that its source sees. */
class output_file
{
public:
	virtual event &owner() noexcept = 0;
	/* The file is added to @made, or not if this fails; and removed, which may be called more
	 * than once. Under the source's mutex. */
	virtual cxxrt::result<void> on_added(perfbuf_source &) noexcept { return {}; }
	virtual void on_removed(perfbuf_source &) noexcept {}
	virtual typed_event &source_event() noexcept = 0;

	output_file *next = nullptr; /* of the source's list; under its mutex */
	bool is_counted = false;     /* typed_event::reserve_reader(); likewise */

protected:
	~output_file() = default;
};

class typed_source final : public source
{
public:
	/* perfbuf_source_register() and _unregister(). */
	static cxxrt::result<void> add(perfbuf_source &made, void *owner, u32 abi) noexcept;
	static void remove(perfbuf_source &made) noexcept;
	/* perfbuf_recorder_dump(). Any context; remove() waits for what RCU protects. */
	static cxxrt::result<void> dump(perfbuf_source &made, void *device) noexcept;

	typed_source(perfbuf_source &made, void *owner) noexcept;
	~typed_source();

	void get() noexcept { references_.get(); }
	void put() noexcept;

	const char *name() const noexcept override { return name_; }
	const char *description() const noexcept override { return description_; }
	u32 mode() const noexcept override { return mode_; }
	bool is_for_tracers() const noexcept override { return false; }
	bool file_opened() noexcept override;
	void file_closed() noexcept override;
	void file_freed() noexcept override { put(); }
	void trim() noexcept override;
	cxxrt::result<void> check(const perf_event_attr &attr) const noexcept override;
	cxxrt::result<cxxrt::unique_ptr<stream>> open(event &owner) noexcept override;

	aux_source *aux() noexcept override { return aux_.is_there() ? &aux_ : nullptr; }

	void show_recorder(text_writer &out) noexcept override;
	cxxrt::result<void> change_recorder(const char *text) noexcept override;

	/* For producer/recording.hpp: what it keeps of this source, and the events. */
	recorder *get_recorder() const noexcept { return cxxrt::read_once(recorder_); }
	recorder *set_recorder(recorder *next) noexcept
	{
		recorder *const before = recorder_;

		cxxrt::write_once(recorder_, next);
		return before;
	}
	/* Before it is registered. */
	void set_dumps(cxxrt::unique_ptr<dump_requests> dumps) noexcept;
	u32 event_count() const noexcept { return event_count_; }
	typed_event &event_at(u32 index) const noexcept { return events_[index]; }

	bool takes_writes() const noexcept override { return takes_writes_; }
	cxxrt::result<u32> write(const written_part *parts, u32 count) noexcept override;

	/* Adds a file to those that are in error once the source is unregistered. ENODEV: it is; or
	 * what reserve_reader() and start() return. */
	cxxrt::result<void> add_file(output_file &file) noexcept;
	void remove_file(output_file &file) noexcept;
	/* The file is closed, and will be removed. */
	void release_reader(output_file &file) noexcept;
	/* The file will be removed, and no callback of the source reaches it any more. */
	void detach(output_file &file) noexcept;
	/* ENODEV, ENOMEM, and what filter::parse() says. */
	cxxrt::result<cxxrt::unique_ptr<filter>>
	parse_filter(const typed_event &of, const char *text,
		     perfbuf_filter_check *where = nullptr) noexcept;

private:
	cxxrt::result<void> set_up() noexcept;
	cxxrt::result<void> set_up_event(u32 index) noexcept;
	void withdraw() noexcept;
	void return_owner() noexcept;
	/* Under the mutex, while it is registered. */
	void stop_if_unused() noexcept;
	void release_reader_locked(output_file &file) noexcept;
	/* How many readers the user of @file has on one of its CPUs; 0 of a user without limits. */
	u32 readers_of_user(output_file &file) const noexcept;
	typed_event *find(u64 id) const noexcept;
	template <typename Stream>
	cxxrt::result<cxxrt::unique_ptr<stream>> open_as(event &owner) noexcept;

	perfbuf_source *made_; /* the producer's; nullptr once it is unregistered */
	void *const owner_;
	const u32 mode_;
	const bool takes_writes_;
	u32 event_count_;
	typed_event *events_ = nullptr;
	pb_node_event *nodes_ = nullptr;
	cxxrt::mutex mutex_;
	output_file *files_ = nullptr;
	recorder *recorder_ = nullptr; /* from registration on it changes under the mutex */
	cxxrt::unique_ptr<dump_requests> dumps_; /* nullptr: the kernel cannot make any */
	aux_side aux_;
	cxxrt::refcount references_;
	/* References to the owner that open files hold, until the source is unregistered. */
	struct owner_references {
		u64 count = 0;
		bool returned = false;
	};
	cxxrt::guarded<owner_references, cxxrt::mutex> owner_references_;
	char name_[PERFBUF_NAME_MAX + 1] = {};
	char description_[128] = {};
};

} // namespace perfbuf
