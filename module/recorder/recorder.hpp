/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flight recorder: overwrite rings of the kernel's own, one for each CPU, that hold the newest
 * events of a source. docs/recorder.md has its life and how it lies in memory.
 *
 *   create ── attach ── events come ── detach ── kept, as it was ── freed
 *
 * attach() and detach() are the only steps that emissions see: each event gets a tap on each CPU.
 */
#pragma once

#include "producer/source.hpp"
#include "recorder/layout_copy.hpp"
#include "recorder/region.hpp"
#include "recorder/tap.hpp"

#include <cxxrt/ref.hpp>
#include <linux/perfbuf_recorder.h>

namespace perfbuf
{

/* The configuration that a recorder is made with. */
struct recorder_wish {
	u64 bytes_per_cpu = 0;	      /* 0: there is to be no recorder */
	const char *events = nullptr; /* names with commas between; nullptr: all */
};

/* EINVAL: bytes_per_cpu is not 2^n of at least a page; ENOENT: an event that the source has not.
 * *@refused is what is wrong. */
cxxrt::result<void> check_wish(const recorder_wish &wish, const typed_source &of,
			       const char **refused) noexcept;
/* Whether @list is nullptr or has @name. */
bool is_listed(const char *list, const char *name) noexcept;

struct recorded_event {
	u32 id = 0;
	char name[PERFBUF_NAME_MAX + 1] = {};
	layout_copy layout;
	output_shared shared = {};
	bool is_recorded = false;
};

/* The ring of a CPU. */
struct recorder_cpu {
	u32 cpu = 0;
	cxxrt::ref<perf_buffer> ring;
	tap *taps = nullptr; /* of the events that are recorded; none once it is detached */
	u32 tap_count = 0;
};

class recorder
{
public:
	/* Of the events of @of that @wish names. All that describes it, and its rings, are in @in,
	 * if it is not nullptr. ENOMEM, E2BIG. Process context, may sleep. */
	static cxxrt::result<cxxrt::ref<recorder>>
	create(const typed_source &of, u64 number, const recorder_wish &wish, region *in) noexcept;

	recorder(const recorder &) = delete;
	recorder &operator=(const recorder &) = delete;

	void get() noexcept { references_.get(); }
	/* The last one frees it; it is in no list, and a grace period has passed. Process, sleeps.
	 */
	void put() noexcept;

	/* @live: emissions may come meanwhile. For good: it is never attached again. Process
	 * context, may sleep. */
	void attach(bool live) noexcept;
	void detach(bool live) noexcept;

	const char *source() const noexcept { return source_; }
	u64 number() const noexcept { return number_; }
	u64 bytes_per_cpu() const noexcept { return bytes_per_cpu_; }
	/* Of all that it takes for its rings. */
	u64 bytes() const noexcept { return bytes_per_cpu_ * cpu_count_; }
	bool is_attached() const noexcept { return attached_.read_once(); }
	bool is_persisted() const noexcept { return region_; }
	bool is_empty() const noexcept { return !records(); }
	/* Written to its rings so far. */
	u64 records() const noexcept;

	u32 cpu_count() const noexcept { return cpu_count_; }
	const recorder_cpu &cpu(u32 index) const noexcept { return cpus_[index]; }
	u32 event_count() const noexcept { return event_count_; }
	const recorded_event &event_at(u32 index) const noexcept { return events_[index]; }
	/* nullptr: there is none of that id. */
	const recorded_event *find(u32 id) const noexcept;

	const perfbuf_recorder_description &description() const noexcept { return *description_; }
	u64 description_bytes() const noexcept { return page_->description_bytes; }
	u32 description_crc() const noexcept { return page_->description_crc; }

	/* In the registry's list. */
	cxxrt::shared<recorder *> next;

private:
	recorder(const typed_source &of, u64 number, const recorder_wish &wish,
		 region *in) noexcept;
	~recorder();

	cxxrt::result<void> make_events(const typed_source &of, const recorder_wish &wish) noexcept;
	cxxrt::result<void> make_cpus() noexcept;
	cxxrt::result<void> make_cpu(recorder_cpu &to) noexcept;
	cxxrt::result<void> describe(const typed_source &of) noexcept;
	cxxrt::result<void> make_description(u64 bytes) noexcept;
	u64 physical(const void *address) const noexcept;
	u64 frame(const void *address) const noexcept;
	void free_description() noexcept;
	void free_taps() noexcept;

	friend class cxxrt::unique_ptr<recorder>;

	char source_[PERFBUF_NAME_MAX + 1] = {};
	const u64 number_;
	const u64 bytes_per_cpu_;
	region *const region_;
	recorded_event *events_ = nullptr;
	u32 event_count_ = 0;
	recorder_cpu *cpus_ = nullptr;
	u32 cpu_count_ = 0;
	cxxrt::shared<u8> attached_;
	perfbuf_recorder_page *page_ = nullptr;
	perfbuf_recorder_description *description_ = nullptr;
	u64 description_pages_ = 0;
	cxxrt::refcount references_{1};
};

} // namespace perfbuf
